//! Citadel's signing service on the agent, as the test lets it live and die.
#![allow(dead_code, reason = "the tests and the example each take what they need")]

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::bundles::Authority;
use crate::mesos::{Agent, HOST};
use crate::wait;

/// Where pods find it.
pub(crate) const PORT: u16 = 8060;
/// Where Marathon is.
pub(crate) const MARATHON_PORT: u16 = 8080;

/// Where Marathon is, for who is in the agent's network.
pub(crate) fn marathon_url() -> String {
    format!("http://{HOST}:{MARATHON_PORT}")
}

/// The file of the key that it shares with whoever submits pods, in the CA's scratch directory.
pub(crate) const JOIN_KEY: &str = "join-key";
const AUDIT: &str = "audit.jsonl";
const LOG: &str = "citadel.log";

/// How long it may take to listen, or to end.
const PATIENCE: Duration = Duration::from_secs(30);

/// `citadel serve`, until it is dropped.
pub(crate) struct Citadel {
    agent: Arc<Agent>,
    /// Where its files are: the CA, the join key, what it logs.
    authority: Arc<Authority>,
    flags: Vec<String>,
    process: Child,
}

impl Citadel {
    /// On the CA of `authority`, with these flags besides.
    pub(crate) fn start(agent: &Arc<Agent>, authority: &Arc<Authority>, flags: &[&str]) -> Self {
        let (agent, authority) = (Arc::clone(agent), Arc::clone(authority));
        if !authority.path(JOIN_KEY).exists() {
            authority.citadel(&["join-key", "-o", JOIN_KEY]);
        }
        let flags = flags.iter().map(|flag| (*flag).to_owned()).collect();
        let process = serve(&agent, &authority, &flags);
        Self { agent, authority, flags, process }.listening()
    }

    /// SIGKILL.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// SIGTERM; it must end well.
    pub(crate) fn stop(&mut self) {
        let pid = Pid::from_child(&self.process);
        kill_process(pid, Signal::TERM).unwrap();
        let process = &mut self.process;
        let log = || fs::read_to_string(self.authority.path(LOG)).unwrap_or_default();
        let mut ended = None;
        wait::until(PATIENCE, log, || {
            ended = process.try_wait().unwrap();
            ended
        });
        assert!(ended.is_some_and(|status| status.success()), "{ended:?} {}", log());
    }

    /// Starts it again after its end.
    pub(crate) fn restart(&mut self) {
        self.process = serve(&self.agent, &self.authority, &self.flags);
        self.wait_for_port();
    }

    /// Changes the directory of the CA, and waits until the service has read it.
    pub(crate) fn notices(&self, change: impl FnOnce()) {
        let read = || self.log().matches("the service has a new certificate").count();
        let before = read();
        change();
        wait::until(PATIENCE, || self.log(), || (read() > before).then_some(()));
    }

    fn listening(self) -> Self {
        self.wait_for_port();
        self
    }

    fn wait_for_port(&self) {
        let address = SocketAddr::from((HOST, PORT));
        let connect = || TcpStream::connect_timeout(&address, PATIENCE).ok();
        wait::until(PATIENCE, || self.log(), || self.agent.within(connect));
    }

    /// What it has said on stderr, in all its lives.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.authority.path(LOG)).unwrap_or_default()
    }

    /// Its decisions, in all its lives.
    pub(crate) fn audit(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.authority.path(AUDIT)).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl Drop for Citadel {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn serve(agent: &Agent, authority: &Authority, flags: &Vec<String>) -> Child {
    let own = authority.command(&[]);
    let mut command: Command = agent.command(own.get_program());
    let log = fs::File::options().append(true).create(true).open(authority.path(LOG)).unwrap();
    command
        .args(["serve", "--listen", &format!("{HOST}:{PORT}")])
        .args(["--marathon", &marathon_url()])
        .args(["--join-key", JOIN_KEY, "--audit-log", AUDIT, "--metrics-listen", "127.0.0.1:0"])
        // What Pilot with the Mesos registry expects of everybody.
        .args(["--identities", "shared"])
        .args(flags)
        .env("CITADEL_DIR", authority.path("ca"))
        .current_dir(authority.path("."))
        .stderr(Stdio::from(log));
    command.spawn().unwrap()
}
