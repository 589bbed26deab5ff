//! What the fetcher brings into a sandbox, and what it does not.

use std::fs;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use serde_json::{Value, json};

use super::{LASTS, agent, container, pod, run};
use crate::mesos::{Agent, Pod, State, Tasks};

/// Files that a pod serves over HTTP.
struct Served {
    directory: PathBuf,
    pod: Pod,
}

impl Served {
    fn start(agent: &Arc<Agent>) -> Self {
        let directory = agent.path("/var/lib/served");
        fs::create_dir(&directory).unwrap();
        let mut server = container("server", "cd /served && exec python3 -m http.server 8000");
        server["volumeMounts"] = json!([{"name": "served", "mountPath": "/served"}]);
        server["endpoints"] = json!([{"name": "web", "containerPort": 8000}]);
        server["healthCheck"] =
            json!({"tcp": {"endpoint": "web"}, "delaySeconds": 0, "intervalSeconds": 0.05});
        let mut definition = pod([server]);
        definition["volumes"] = json!([{"name": "served", "host": "/var/lib/served"}]);
        let pod = run(agent, &definition);
        pod.instance().wait_until("it serves", |tasks| tasks.is_healthy("server") == Some(true));
        Self { directory, pod }
    }

    fn put(&self, name: &str, text: &str) {
        fs::write(self.directory.join(name), text).unwrap();
    }

    /// An archive of one file with one line, `certs/one`.
    fn put_archive(&self, name: &str) {
        let content = self.directory.join("content");
        fs::create_dir_all(content.join("certs")).unwrap();
        fs::write(content.join("certs/one"), "the one\n").unwrap();
        let archive = self.directory.join(name);
        let mut tar = Command::new("tar");
        let status = tar.arg("-czf").arg(archive).arg("-C").arg(content).arg("certs").status();
        assert!(status.unwrap().success());
    }

    fn uri(&self, name: &str) -> String {
        format!("http://{}:8000/{name}", self.pod.instance().address)
    }
}

/// A container that has an artifact tells what it has.
fn tells(name: &str, artifact: Value, line: &str) -> Value {
    let mut container = container(name, &format!("{line}; echo done; exec sleep 1000"));
    container["artifacts"] = json!([artifact]);
    container
}

/// Each container's stdout is this, before its `done`.
fn assert_told<const N: usize>(agent: &Arc<Agent>, containers: [Value; N], expected: [&str; N]) {
    let names = containers.each_ref().map(|one| one["name"].as_str().unwrap().to_owned());
    let pod = run(agent, &pod(containers));
    let instance = pod.stable();
    for (name, expected) in names.iter().zip(expected) {
        instance.wait_for_line(name, "done");
        let stdout = instance.sandbox_file(name, "stdout");
        assert_eq!(stdout, format!("{expected}done\n"), "{name}: {}", instance.account());
    }
}

fn an_artifact_is_fetched_before_the_command_starts() {
    let agent = agent();
    let served = Served::start(&agent);
    served.put("file", "over HTTP\n");
    fs::write(agent.path("/var/lib/file"), "of the agent\n").unwrap();
    let http = json!({"uri": served.uri("file")});
    let file = json!({"uri": "file:///var/lib/file"});
    let path = json!({"uri": "/var/lib/file"});
    let line = "cat $MESOS_SANDBOX/file";
    let containers =
        [tells("http", http, line), tells("file", file, line), tells("path", path, line)];
    assert_told(&agent, containers, ["over HTTP\n", "of the agent\n", "of the agent\n"]);
}

fn an_archive_is_extracted_at_the_root_of_the_sandbox_and_stays() {
    let agent = agent();
    let served = Served::start(&agent);
    served.put_archive("a.tgz");
    let archive = json!({"uri": served.uri("a.tgz")});
    let below = json!({"uri": served.uri("a.tgz"), "destPath": "deep/b.tgz"});
    let containers = [
        tells("plain", archive, "cat certs/one; ls *.tgz"),
        tells("below", below, "cat certs/one; ls deep"),
    ];
    assert_told(&agent, containers, ["the one\na.tgz\n", "the one\nb.tgz\n"]);
}

fn an_archive_is_left_alone_if_it_is_executable_or_not_to_be_extracted_or_not_named_like_one() {
    let agent = agent();
    let served = Served::start(&agent);
    served.put_archive("a.tgz");
    let uri = served.uri("a.tgz");
    let executable = json!({"uri": uri, "executable": true});
    let whole = json!({"uri": uri, "extract": false});
    let renamed = json!({"uri": uri, "destPath": "bundle"});
    let line = "ls -A; stat -c %a *.tgz";
    let containers = [
        tells("executable", executable, line),
        tells("whole", whole, line),
        tells("renamed", renamed, "ls -A"),
    ];
    let expected = [
        "a.tgz\nstderr\nstdout\n755\n",
        "a.tgz\nstderr\nstdout\n644\n",
        "bundle\nstderr\nstdout\n",
    ];
    assert_told(&agent, containers, expected);
}

fn without_a_dest_path_the_name_is_the_last_part_of_the_uri_with_its_query() {
    let agent = agent();
    let served = Served::start(&agent);
    served.put_archive("a.tgz");
    let artifact = json!({"uri": served.uri("a.tgz?version=1")});
    let containers = [tells("app", artifact, "ls -A")];
    assert_told(&agent, containers, ["a.tgz?version=1\nstderr\nstdout\n"]);
}

fn an_artifact_that_is_not_to_be_had_fails_the_launch_and_the_pod_is_started_again() {
    let agent = agent();
    let served = Served::start(&agent);
    served.put("broken.tgz", "no archive");
    let cases = [
        (json!({"uri": served.uri("nothing")}), "received HTTP return code 404"),
        (json!({"uri": "http://10.0.3.2:1/file"}), "Error downloading resource: "),
        (json!({"uri": served.uri("broken.tgz")}), "Failed to extract archive"),
        (json!({"uri": "file:///var/lib/nothing"}), "cp failed"),
        (
            json!({"uri": served.uri("broken.tgz"), "destPath": "/etc/file"}),
            "URI output file must be within the sandbox directory",
        ),
    ];
    let running = cases.map(|(artifact, words)| {
        let mut fetches = container("fetches", LASTS);
        fetches["artifacts"] = json!([artifact]);
        (run(&agent, &pod([fetches, container("other", LASTS)])), words)
    });
    for (pod, words) in running {
        let first = pod.instance_number(0);
        pod.instance_number(1);
        match first.see(|tasks| tasks.state("fetches").clone()) {
            State::Failed(why) => assert!(why.contains(words), "{why}"),
            state => panic!("{words}: {state:?}"),
        }
        let other = first.see(|tasks| tasks.state("other").clone());
        assert!(matches!(other, State::Stopped(_) | State::Killed), "{other:?}");
    }
}

fn an_artifact_where_the_log_belongs_fails_the_pod_rather_than_to_leave_it_waiting() {
    let agent = agent();
    fs::write(agent.path("/var/lib/file"), "").unwrap();
    let mut fetches = container("fetches", LASTS);
    fetches["artifacts"] = json!([{"uri": "/var/lib/file", "destPath": "stdout/file"}]);
    let pod = run(&agent, &pod([fetches, container("other", LASTS)]));
    let first = pod.instance_number(0);
    pod.instance_number(1);
    match first.see(|tasks| tasks.state("fetches").clone()) {
        State::Failed(why) => assert!(why.contains("Is a directory"), "{why}"),
        state => panic!("{state:?}"),
    }
}

fn a_download_that_breaks_off_fails_the_launch() {
    let agent = agent();
    let listener = agent.listen(8070);
    let mut fetches = container("fetches", LASTS);
    fetches["artifacts"] = json!([{"uri": "http://10.0.3.2:8070/file"}]);
    let pod = run(&agent, &pod([fetches]));
    let (mut request, _) = listener.accept().unwrap();
    assert!(request.read(&mut [0; 1024]).unwrap() > 0);
    request.write_all(b"HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\nhalf").unwrap();
    drop((request, listener));
    let first = pod.instance_number(0);
    first.wait_until("it has failed", Tasks::have_ended);
    match first.see(|tasks| tasks.state("fetches").clone()) {
        State::Failed(why) => assert!(why.contains("Error downloading resource: "), "{why}"),
        state => panic!("{state:?}"),
    }
}

crate::tests!(
    an_artifact_is_fetched_before_the_command_starts,
    an_archive_is_extracted_at_the_root_of_the_sandbox_and_stays,
    an_archive_is_left_alone_if_it_is_executable_or_not_to_be_extracted_or_not_named_like_one,
    without_a_dest_path_the_name_is_the_last_part_of_the_uri_with_its_query,
    an_artifact_that_is_not_to_be_had_fails_the_launch_and_the_pod_is_started_again,
    an_artifact_where_the_log_belongs_fails_the_pod_rather_than_to_leave_it_waiting,
    a_download_that_breaks_off_fails_the_launch,
);
