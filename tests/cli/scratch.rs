//! A scratch directory, and the binary run in it with an environment of its own.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::rc::Rc;
use std::time::Duration;

use assert_cmd::Command;
use serde_json::{Value, json};
use tempfile::TempDir;

/// The binary under test.
pub(crate) const INJECT: &str = env!("CARGO_BIN_EXE_inject");

/// Longer than any run takes: one that hangs is killed, and its test fails.
const PATIENCE: Duration = Duration::from_secs(60);

const SYSTEM_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// A pod that nothing can be said against.
pub(crate) fn pod(id: &str) -> String {
    pod_with(id, json!({}))
}

/// The same with other members, merged in as RFC 7386 says: `null` takes one out.
pub(crate) fn pod_with(id: &str, members: Value) -> String {
    pretty(&pod_value(id, members))
}

pub(crate) fn pod_value(id: &str, members: Value) -> Value {
    let mut pod = json!({
        "id": id,
        "containers": [{
            "name": "app",
            "resources": {"cpus": 0.1, "mem": 32},
            "image": {"kind": "DOCKER", "id": "example/app:1"},
            "endpoints": [{"name": "http", "containerPort": 8000, "hostPort": 0, "protocol": ["tcp"]}],
        }],
        "networks": [{"mode": "container", "name": "dcos"}],
    });
    json_patch::merge(&mut pod, &members);
    pod
}

pub(crate) fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap() + "\n"
}

/// A pod's labels, for [`pod_with`].
pub(crate) fn labels(labels: Value) -> Value {
    json!({ "labels": labels })
}

/// A directory for one test.
pub(crate) struct Scratch {
    dir: Rc<TempDir>,
}

impl Scratch {
    pub(crate) fn new() -> Self {
        Self { dir: Rc::new(tempfile::tempdir().unwrap()) }
    }

    /// A directory with one file, `pod.json`.
    pub(crate) fn with(text: &str) -> Self {
        Self::new().file("pod.json", text)
    }

    /// Adds a file, and the directories that it is in.
    pub(crate) fn file(self, name: &str, bytes: impl AsRef<[u8]>) -> Self {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
        self
    }

    /// Adds an empty directory.
    pub(crate) fn directory(self, name: &str) -> Self {
        fs::create_dir_all(self.path(name)).unwrap();
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// All that is in it, sorted; a directory's name ends in `/`.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names = Vec::new();
        list(self.dir.path(), "", &mut names);
        names.sort();
        names
    }

    /// A run of `inject` here, with these arguments.
    pub(crate) fn inject(&self, arguments: &[&str]) -> Run {
        self.run(INJECT, arguments)
    }

    /// A run of any program here.
    pub(crate) fn run(&self, program: &str, arguments: &[&str]) -> Run {
        let mut command = Command::new(program);
        command.current_dir(self.dir.path()).env_clear().env("PATH", SYSTEM_PATH);
        command.args(arguments).timeout(PATIENCE);
        Run { command, _dir: Rc::clone(&self.dir) }
    }

    /// The injected document that these arguments print.
    pub(crate) fn injected(&self, arguments: &[&str]) -> Value {
        self.inject(arguments).done().json()
    }
}

fn list(dir: &Path, below: &str, names: &mut Vec<String>) {
    for entry in fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{below}{}", entry.file_name().into_string().unwrap());
        if entry.file_type().unwrap().is_dir() {
            list(&entry.path(), &format!("{name}/"), names);
            names.push(format!("{name}/"));
        } else {
            names.push(name);
        }
    }
}

/// A run that is about to start. Standard input is empty and no terminal, unless given.
pub(crate) struct Run {
    command: Command,
    /// Lives on until the run has ended.
    _dir: Rc<TempDir>,
}

impl Run {
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.command.write_stdin(bytes);
        self
    }

    pub(crate) fn told(mut self) -> Told {
        let Output { status, stdout, stderr } = self.command.output().unwrap();
        let out = String::from_utf8(stdout).unwrap();
        let err = String::from_utf8(stderr).unwrap();
        Told { code: status.code().unwrap(), out, err }
    }

    /// Expects exit code 0.
    pub(crate) fn done(self) -> Told {
        self.ends(0)
    }

    /// Expects exit code 2 and nothing on stdout.
    pub(crate) fn refused(self) -> Told {
        let told = self.ends(2);
        assert_eq!(told.out, "");
        told
    }

    pub(crate) fn ends(self, code: i32) -> Told {
        let told = self.told();
        assert_eq!(told.code, code, "{}", told.err);
        told
    }
}

/// What a run said and how it ended.
pub(crate) struct Told {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Told {
    /// The result as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap()
    }

    /// Expects `words` in what was said.
    pub(crate) fn says(self, words: &str) -> Self {
        assert!(self.err.contains(words), "{words:?} is missing in:\n{}", self.err);
        self
    }
}

/// The container `name` of a pod.
pub(crate) fn container<'p>(pod: &'p Value, name: &str) -> &'p Value {
    let containers = pod["containers"].as_array().unwrap();
    containers.iter().find(|container| container["name"] == name).unwrap()
}

/// An environment variable of `istio-proxy`.
pub(crate) fn proxy_variable<'p>(pod: &'p Value, name: &str) -> &'p Value {
    &container(pod, "istio-proxy")["environment"][name]
}

/// The names of a pod's containers.
pub(crate) fn container_names(pod: &Value) -> Vec<&str> {
    let containers = pod["containers"].as_array().unwrap();
    containers.iter().map(|container| container["name"].as_str().unwrap()).collect()
}

/// Whether a program can be run; if not, says aloud what goes untested.
pub(crate) fn there_is(program: &str, otherwise: &str) -> bool {
    let there = SYSTEM_PATH.split(':').any(|dir| Path::new(dir).join(program).exists());
    if !there {
        // Not `eprintln!`: of a test that passes, the harness shows nothing of that.
        let mut out = std::io::stderr();
        writeln!(out, "skipped: no command `{program}`, so {otherwise} is not tested").unwrap();
    }
    there
}
