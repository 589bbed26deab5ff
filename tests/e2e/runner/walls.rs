//! What containers, pods and the machine see of each other.

use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use serde_json::json;

use super::{LASTS, agent, container, pod, run};
use crate::mesos::{AGENT_PORT, Definition, HOST, Instance};
use crate::wait;

/// The argument that makes this binary an agent with a pod, until it is killed.
const ABANDON: &str = "abandon-an-agent";

/// Runs this binary as what one of these tests kills, if that is what it was started as.
pub(crate) fn program() -> Option<ExitCode> {
    (std::env::args().nth(1)? == ABANDON).then(|| {
        let agent = agent();
        let pod = run(&agent, &pod([container("app", LASTS)]));
        println!("{}", pod.stable().id);
        std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
        ExitCode::SUCCESS
    })
}

fn output(instance: &Instance, container: &str, command: &[&str]) -> String {
    String::from_utf8(instance.inside(container).exec(command).stdout).unwrap()
}

/// Of a line of shell.
fn succeeds(instance: &Instance, container: &str, line: &str) -> bool {
    instance.inside(container).exec(&["sh", "-c", line]).status.success()
}

fn containers_share_the_network_and_the_host_name_and_nothing_else() {
    let agent = agent();
    fs::write(agent.path("/var/lib/agents-own"), "").unwrap();
    let line = "touch mine /root/mine /tmp/mine /dev/shm/mine; echo done; exec sleep 1234";
    let pod = run(&agent, &pod([container("one", line), container("other", LASTS)]));
    let instance = pod.stable();
    instance.wait_for_line("one", "done");

    for path in ["/mnt/mesos/sandbox/mine", "/root/mine", "/tmp/mine", "/dev/shm/mine"] {
        assert!(succeeds(&instance, "one", &format!("[ -e {path} ]")), "{path}");
        assert!(!succeeds(&instance, "other", &format!("[ -e {path} ]")), "{path}");
    }
    for path in ["/var/lib/agents-own", "/var/lib/mesos"] {
        assert!(!succeeds(&instance, "one", &format!("[ -e {path} ]")), "{path}");
    }
    let seen = "cat /proc/[0-9]*/cmdline | tr '\\0' ' ' | grep -q 'sleep [1]234'";
    assert!(succeeds(&instance, "one", seen));
    assert!(!succeeds(&instance, "other", seen));

    let [one, other] = ["one", "other"].map(|name| output(&instance, name, &["hostname"]));
    assert_eq!(one, other);
    assert!(instance.id.ends_with(one.trim()), "{one}");
    let [one, other] =
        ["one", "other"].map(|name| output(&instance, name, &["readlink", "/proc/self/ns/net"]));
    assert_eq!(one, other);
}

fn only_a_pod_with_a_network_of_its_own_is_run() {
    let own = [json!([{"name": "dcos"}]), json!([{"mode": "container/bridge"}])];
    let agents = [json!([]), json!([{"mode": "host"}])];
    for (networks, runs) in
        own.map(|own| (own, true)).into_iter().chain(agents.map(|it| (it, false)))
    {
        let mut definition = pod([container("app", LASTS)]);
        definition["networks"] = networks.clone();
        let definition: Definition = serde_json::from_value(definition).unwrap();
        assert_eq!(definition.is_on_a_network_of_its_own(), runs, "{networks}");
    }
}

fn pods_reach_each_other_and_their_agent() {
    let agent = agent();
    let mut serves = container("serves", "exec python3 -m http.server 8000");
    serves["endpoints"] = json!([{"name": "web", "containerPort": 8000}]);
    let serving = run(&agent, &pod([serves]));
    let calling = run(&agent, &pod([container("calls", LASTS)]));
    let (serving, calling) = (serving.stable(), calling.stable());
    assert_ne!(serving.address, calling.address);
    let others = format!("http://{}:8000/stdout", serving.address);
    for url in [&*others, "http://10.0.3.2:5051/"] {
        let curl =
            ["curl", "-sf", "--retry", "50", "--retry-delay", "1", "--retry-connrefused", url];
        assert!(
            calling.inside("calls").exec(&curl).status.success(),
            "{url}\n{}",
            serving.account()
        );
    }
}

fn nothing_of_an_agent_is_on_the_machine() {
    let agent = agent();
    let mut serves = container("serves", "exec python3 -m http.server 4321");
    serves["endpoints"] = json!([{"name": "web", "containerPort": 4321}]);
    serves["healthCheck"] =
        json!({"tcp": {"endpoint": "web"}, "delaySeconds": 0, "intervalSeconds": 0.05});
    let pod = run(&agent, &pod([serves]));
    let instance = pod.instance();
    instance.wait_until("it serves", |tasks| tasks.is_healthy("serves") == Some(true));

    for (address, port) in [(HOST, AGENT_PORT), (instance.address, 4321)] {
        assert!(instance.connect(SocketAddr::from((address, port))).is_ok(), "{address}");
        let here = TcpListener::bind((address, 0)).map_err(|error| error.kind());
        assert_eq!(here.err(), Some(ErrorKind::AddrNotAvailable), "{address}");
        let here = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).map_err(|error| error.kind());
        assert_eq!(here.err(), Some(ErrorKind::ConnectionRefused), "{port}");
    }
    for name in fs::read_dir("/sys/class/net").unwrap() {
        let name = name.unwrap().file_name();
        let name = name.to_string_lossy();
        assert!(name != "d-dcos" && !name.starts_with("veth"), "{name}");
    }
    assert!(!fs::read_to_string("/proc/mounts").unwrap().contains(&instance.id));
    assert!(!Path::new("/var/lib/mesos/slave").join(&instance.id).exists());
}

fn when_the_tests_are_killed_nothing_of_an_agent_is_left() {
    let itself = std::env::current_exe().unwrap();
    let mut abandoned = Command::new(itself)
        .arg(ABANDON)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut id = String::new();
    BufReader::new(abandoned.stdout.take().unwrap()).read_line(&mut id).unwrap();
    let processes = below(abandoned.id());
    assert!(processes.len() >= 5, "{processes:?}");
    abandoned.kill().unwrap();
    abandoned.wait().unwrap();

    let left = || processes.iter().filter(|pid| lives(**pid)).collect::<Vec<_>>();
    let account = || format!("{:?} are left of {}", left(), id.trim());
    wait::until(Duration::from_secs(30), account, || left().is_empty().then_some(()));
}

/// All that a process has started, and what those have.
fn below(pid: u32) -> Vec<u32> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let children = tasks.flat_map(|task| {
        let children =
            fs::read_to_string(task.unwrap().path().join("children")).unwrap_or_default();
        children.split_whitespace().map(|child| child.parse().unwrap()).collect::<Vec<u32>>()
    });
    children.flat_map(|child| [vec![child], below(child)].concat()).collect()
}

/// A process that has ended and whom nobody has asked for its code does not.
fn lives(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
}

crate::tests!(
    containers_share_the_network_and_the_host_name_and_nothing_else,
    only_a_pod_with_a_network_of_its_own_is_run,
    pods_reach_each_other_and_their_agent,
    nothing_of_an_agent_is_on_the_machine,
    when_the_tests_are_killed_nothing_of_an_agent_is_left,
);
