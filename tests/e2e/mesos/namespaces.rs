//! Namespaces that live as long as a process which does nothing but hold them. When the tests end,
//! in whatever way, that process ends, and all within goes with it.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};

use crate::network;

/// The argument that makes this binary hold namespaces.
pub(super) const HOLD: &str = "hold-namespaces";

/// A process that holds namespaces.
pub(crate) struct Holder {
    process: Child,
    /// Of the holding process, as the machine counts.
    pid: u32,
    network: File,
}

impl Holder {
    /// Namespaces for an agent: all that happens on it stays within.
    pub(super) fn agent() -> Self {
        let mut command = Command::new("unshare");
        command.args(["--net", "--mount", "--pid", "--fork", "--kill-child"]);
        Self::start(command.args(["--propagation", "private", "--"]))
    }

    /// A network of its own on an agent.
    pub(super) fn network(agent: &Self) -> Self {
        let mut command = Command::new("nsenter");
        command.arg(agent.target_argument()).args(["--net", "--mount", "--pid", "--"]);
        Self::start(command.args(["unshare", "--net", "--"]))
    }

    fn start(command: &mut Command) -> Self {
        let itself = std::env::current_exe().expect("the tests' own binary");
        let command = command.arg(itself).arg(HOLD).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let mut line = String::new();
        let stdout = process.stdout.take().expect("a pipe");
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let pid = line.trim().parse().unwrap_or_else(|_| panic!("{command:?} does not run"));
        Self { process, pid, network: network::of(pid) }
    }

    /// Does something in the network of this namespace. Sockets stay there for good.
    pub(crate) fn within_the_network<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        network::within(&self.network, work)
    }

    /// A path of this namespace, as the tests reach it.
    pub(crate) fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = path.as_ref();
        let relative = path.strip_prefix("/").expect("an absolute path");
        Path::new(&format!("/proc/{}/root", self.pid)).join(relative)
    }

    /// Runs a command in the network and the mounts of this namespace; it must succeed.
    pub(super) fn run(&self, command: &[&str]) {
        let mut nsenter = Command::new("nsenter");
        nsenter.arg(self.target_argument()).args(["--net", "--mount", "--"]).args(command);
        let output = nsenter.output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{command:?}: {stderr}");
    }

    pub(super) fn pid(&self) -> u32 {
        self.pid
    }

    /// For `nsenter`: whose namespaces to enter.
    pub(super) fn target_argument(&self) -> String {
        format!("--target={}", self.pid)
    }

    /// For `nsenter`: this network.
    pub(super) fn network_argument(&self) -> String {
        format!("--net=/proc/{}/ns/net", self.pid)
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        self.process.wait().unwrap();
    }
}

/// Tells its process id, and then waits until nobody needs it any more.
pub(super) fn hold() -> ExitCode {
    // The machine's /proc is mounted here, so this is what the machine calls this process.
    let itself = std::fs::read_link("/proc/self").expect("/proc is mounted");
    println!("{}", itself.display());
    std::io::stdin().read_to_end(&mut Vec::new()).expect("a pipe");
    ExitCode::SUCCESS
}
