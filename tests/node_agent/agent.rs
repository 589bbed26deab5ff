//! The agent, as a program of its own.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use crate::citadel::{Citadel, TASK};
use crate::{PATIENCE, eventually};

pub(crate) const TOKEN: &str = "v1.the-token";

const NODE_AGENT: &str = env!("CARGO_BIN_EXE_node-agent");

/// What an agent is started with, and what it leaves behind.
pub(crate) struct Place {
    dir: Arc<TempDir>,
    arguments: Vec<String>,
    token: Option<String>,
}

impl Place {
    /// That of an agent which serves on a socket, and knows this Citadel.
    pub(crate) fn new(citadel: &Citadel) -> Self {
        let dir = Arc::new(TempDir::new().unwrap());
        let path = |name| dir.path().join(name).to_str().unwrap().to_owned();
        let arguments = [
            ("--ca-address", citadel.address.to_string()),
            ("--ca-root-sha256", citadel.pin()),
            ("--sds-socket", path("sds.sock")),
            ("--output-dir", path("certs")),
            ("--state-dir", path("state")),
            ("--status-listen", "127.0.0.1:0".to_owned()),
            ("--log", "debug".to_owned()),
        ];
        let arguments = arguments.into_iter().flat_map(|(name, value)| [name.to_owned(), value]);
        Self { arguments: arguments.collect(), dir, token: Some(TOKEN.to_owned()) }
    }

    /// The same with an argument beside, or in place of the one of that name.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self = self.without(name);
        self.arguments.extend([name.to_owned(), value.to_owned()]);
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        if let Some(at) = self.arguments.iter().position(|it| it == name) {
            self.arguments.drain(at..at + 2);
        }
        self
    }

    pub(crate) fn without_token(mut self) -> Self {
        self.token = None;
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.path("sds.sock")
    }

    pub(crate) fn command(&self) -> Command {
        self.told(Command::new(NODE_AGENT))
    }

    /// With the arguments and the environment of an agent.
    fn told(&self, mut command: Command) -> Command {
        command.args(&self.arguments).env_clear().env("MESOS_TASK_ID", TASK);
        if let Some(token) = &self.token {
            command.env("MESH_JOIN_TOKEN", token);
        }
        command
    }

    /// Starts an agent there; whoever tests may be root, who captures nothing here.
    pub(crate) fn start(&self) -> Agent {
        self.spawn(self.command())
    }

    /// The same, with each argument as a variable of the environment.
    pub(crate) fn start_by_environment(&self) -> Agent {
        let mut command = Command::new(NODE_AGENT);
        command.env_clear().env("MESOS_TASK_ID", TASK).env("MESH_JOIN_TOKEN", TOKEN);
        for pair in self.arguments.chunks(2) {
            let name = pair[0].trim_start_matches('-').replace('-', "_").to_uppercase();
            command.env(format!("ISTIO_AGENT_{name}"), &pair[1]);
        }
        self.spawn(command)
    }

    /// The same, where it may have so few files open.
    pub(crate) fn start_with_files(&self, files: usize) -> Agent {
        let limited = format!("ulimit -n {files}; exec \"$0\" \"$@\"");
        let mut command = Command::new("/bin/sh");
        command.args(["-c", &limited, NODE_AGENT]);
        self.spawn(self.told(command))
    }

    /// The same, by root as another user, to whom all of this place then belongs.
    pub(crate) fn start_as(&self, uid: u32) -> Agent {
        let program = self.path("node-agent");
        assert!(Command::new("cp").arg(NODE_AGENT).arg(&program).status().unwrap().success());
        chown(self.path(""), Some(uid), Some(uid)).unwrap();
        let mut command = self.told(Command::new(program));
        command.uid(uid).gid(uid);
        self.spawn(command)
    }

    fn spawn(&self, mut command: Command) -> Agent {
        command.arg("--allow-root").stdin(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let log = Arc::new(Mutex::new(Vec::new()));
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let kept = Arc::clone(&log);
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                kept.lock().unwrap().push(line);
            }
        });
        Agent { child, log, socket: self.socket(), _dir: Arc::clone(&self.dir) }
    }
}

/// One that runs; it is killed when it is dropped.
pub(crate) struct Agent {
    child: Child,
    log: Arc<Mutex<Vec<String>>>,
    socket: PathBuf,
    /// What it works in stays as long as it does.
    _dir: Arc<TempDir>,
}

impl Agent {
    pub(crate) fn socket(&self) -> &Path {
        &self.socket
    }

    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().join("\n")
    }

    /// Waits until it says something.
    pub(crate) async fn says(&self, words: &str) {
        let begun = Instant::now();
        while !self.log().contains(words) {
            assert!(begun.elapsed() < PATIENCE, "{words:?} is not in\n{}", self.log());
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Whose the files are that the system has on it, its environment among them.
    pub(crate) fn owner(&self) -> u32 {
        fs::metadata(format!("/proc/{}/environ", self.child.id())).unwrap().uid()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    pub(crate) async fn ends(&mut self) -> ExitStatus {
        eventually("its end", || self.child.try_wait().unwrap()).await
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// The status line and body of a page of its status.
    pub(crate) async fn page(&self, path: &str) -> (u16, String) {
        let address = eventually("the address of its status", || {
            let log = self.log();
            let (_, rest) = log.split_once("status on ")?;
            rest.lines().next().unwrap().parse::<SocketAddr>().ok()
        })
        .await;
        get(address, path)
    }

    /// Waits until a page answers so.
    pub(crate) async fn answers(&self, path: &str, status: u16) -> String {
        let begun = Instant::now();
        loop {
            let (found, body) = self.page(path).await;
            if found == status {
                return body;
            }
            assert!(begun.elapsed() < PATIENCE, "{found}: {body}\n{}", self.log());
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// A metric's value.
    pub(crate) async fn metric(&self, name: &str) -> f64 {
        let (_, text) = self.page("/metrics").await;
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.map_or(0.0, |value| value.parse().unwrap())
    }
}

fn get(address: SocketAddr, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: agent\r\nconnection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

impl Drop for Agent {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
