//! Health checks, and the executor's own tie to its agent.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{LASTS, agent, container, pod, run};
use crate::mesos::{State, Tasks};
use crate::wait;

const UNHEALTHY: &str = "its health check failed";

/// A check that is made often.
fn check(kind: Value, grace: f64) -> Value {
    let mut check = kind;
    check["delaySeconds"] = 0.into();
    check["intervalSeconds"] = 0.05.into();
    check["gracePeriodSeconds"] = grace.into();
    check
}

fn checks_over_http_over_tcp_and_by_a_command_make_a_container_healthy() {
    let agent = agent();
    let server = |name: &str, port: u16, kind: Value| {
        let mut server = container(name, &format!("exec python3 -m http.server {port}"));
        server["endpoints"] = json!([{"name": name, "containerPort": port}]);
        server["healthCheck"] = check(kind, 300.0);
        server
    };
    let mut command = container("command", "sleep 0.3; touch /tmp/ready; exec sleep 1000");
    let shell = json!({"exec": {"command": {"shell": "[ -e /tmp/ready ]"}}});
    command["healthCheck"] = check(shell, 300.0);
    let pod = run(
        &agent,
        &pod([
            server("http", 8000, json!({"http": {"endpoint": "http", "path": "/stdout"}})),
            server("tcp", 8001, json!({"tcp": {"endpoint": "tcp"}})),
            command,
        ]),
    );
    let healthy = |tasks: &Tasks| {
        ["http", "tcp", "command"].iter().all(|name| tasks.is_healthy(name) == Some(true))
    };
    pod.instance().wait_until("all are healthy", healthy);
}

fn checks_that_fail_after_the_grace_period_take_the_pod_down() {
    let agent = agent();
    let mut app = container("app", LASTS);
    app["endpoints"] = json!([{"name": "web", "containerPort": 8000}]);
    app["healthCheck"] = check(json!({"http": {"endpoint": "web"}}), 1.0);
    let start = Instant::now();
    let pod = run(&agent, &pod([app, container("other", LASTS)]));
    let first = pod.instance_number(0);
    pod.instance_number(1);
    assert!(start.elapsed() >= Duration::from_secs(1), "{:?}", start.elapsed());
    let states = first.see(Tasks::states);
    assert_eq!(states["app"], State::Failed(UNHEALTHY.to_owned()));
    assert_eq!(states["other"], State::Stopped(143));
}

fn once_a_check_has_passed_as_many_failures_in_a_row_as_are_allowed_take_the_pod_down() {
    let agent = agent();
    let mut app = container("app", "touch /tmp/well; exec sleep 1000");
    let shell = "echo x >>/tmp/checks; [ -e /tmp/well ] || wc -l </tmp/checks >>$MESOS_SANDBOX/bad; [ -e /tmp/well ]";
    app["healthCheck"] = check(json!({"exec": {"command": {"shell": shell}}}), 300.0);
    app["healthCheck"]["maxConsecutiveFailures"] = 4.into();
    let pod = run(&agent, &pod([app]));
    let first = pod.instance();
    first.wait_until("it is healthy", |tasks| tasks.is_healthy("app") == Some(true));

    first.inside("app").exec(&["rm", "/tmp/well"]);
    first.wait_until("it has ended", Tasks::have_ended);
    let state = first.see(|tasks| tasks.state("app").clone());
    assert_eq!(state, State::Failed(UNHEALTHY.to_owned()));
    assert_eq!(first.sandbox_file("app", "bad").lines().count(), 4);
}

/// What the first rule of `istio-init` is there for.
fn an_executor_that_cannot_reach_its_agent_ends_its_instance() {
    let agent = agent();
    let pod = run(&agent, &pod([container("cuts", LASTS), container("other", LASTS)]));
    let first = pod.stable();
    let account = || "the executor does not ask its agent".to_owned();
    wait::until(Duration::from_secs(30), account, || (agent.asked() > 0).then_some(()));
    let cut = ["iptables", "-A", "OUTPUT", "-p", "tcp", "--dport", "5051", "-j", "REJECT"];
    assert!(first.inside("cuts").exec(&cut).status.success());
    first.wait_until("it has ended", Tasks::have_ended);
    let why = "the executor cannot reach its agent at 10.0.3.2:5051";
    for (container, state) in first.see(Tasks::states) {
        assert_eq!(state, State::Failed(why.to_owned()), "{container}");
    }
}

crate::tests!(
    checks_over_http_over_tcp_and_by_a_command_make_a_container_healthy,
    checks_that_fail_after_the_grace_period_take_the_pod_down,
    once_a_check_has_passed_as_many_failures_in_a_row_as_are_allowed_take_the_pod_down,
    an_executor_that_cannot_reach_its_agent_ends_its_instance,
);
