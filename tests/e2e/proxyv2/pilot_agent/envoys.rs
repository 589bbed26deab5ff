//! The Envoys of an agent: one, and for a while two when it is restarted while it serves.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::bootstrap::{bootstrap, node};
use super::flags::Flags;
use super::log;

/// How often an Envoy that died is started anew, and how long after its first death; then each time
/// twice as long. The real one tries 10 times, which takes more than three minutes.
const RETRIES: u32 = 3;
const FIRST_RETRY: Duration = Duration::from_millis(200);

/// What becomes of the Envoys.
pub(super) enum State {
    Kept,
    /// They died too often.
    Exhausted,
}

/// The Envoys that run, by their epochs.
pub(super) struct Envoys {
    flags: Flags,
    running: BTreeMap<u32, Child>,
    retries: u32,
    retry: Option<Instant>,
}

impl Envoys {
    /// Starts the first.
    pub(super) fn start(flags: Flags) -> Result<Self, String> {
        let mut envoys = Self { flags, running: BTreeMap::new(), retries: 0, retry: None };
        envoys.launch()?;
        Ok(envoys)
    }

    /// Starts the next, which takes over from the one before: a hot restart.
    pub(super) fn restart(&mut self) -> Result<(), String> {
        self.retries = 0;
        self.launch()
    }

    /// Sees which have ended. A death is the end of all, then they are started anew; the real one
    /// would go on with none if the only one ended well.
    pub(super) fn look(&mut self) -> Result<State, String> {
        let ended = self.ended()?;
        let died = ended.iter().any(|status| !status.success());
        if died || (!ended.is_empty() && self.running.is_empty()) {
            self.abort()?;
            if self.retries == RETRIES {
                return Ok(State::Exhausted);
            }
            self.retry = Some(Instant::now() + FIRST_RETRY * 2_u32.pow(self.retries));
            self.retries += 1;
        }
        if self.retry.is_some_and(|retry| retry <= Instant::now()) {
            self.launch()?;
        }
        Ok(State::Kept)
    }

    /// Ends all with SIGTERM and waits for them, unlike the real one, which ends at once and leaves
    /// them running. That the signal comes here at all is what it shows. Says how each ended.
    pub(super) fn terminate(&mut self) -> Result<String, String> {
        for child in self.running.values() {
            kill_process(Pid::from_child(child), Signal::TERM)
                .map_err(|error| format!("cannot end Envoy: {error}"))?;
        }
        let mut ends = Vec::new();
        for (epoch, mut child) in std::mem::take(&mut self.running) {
            let status = child.wait().map_err(|error| format!("cannot wait for Envoy: {error}"))?;
            ends.push(format!("epoch {epoch} of Envoy ended with {status}"));
        }
        Ok(ends.join(", "))
    }

    fn launch(&mut self) -> Result<(), String> {
        self.retry = None;
        let epoch = self.running.last_key_value().map_or(0, |(last, _)| last + 1);
        let file = self.write_bootstrap(epoch)?;
        let path = self.flags.binary_path.display().to_string();
        let child = self.command(epoch, &file).spawn();
        let child = child.map_err(|error| format!("cannot start {path}: {error}"))?;
        log("info", format!("Epoch {epoch} starting"));
        self.running.insert(epoch, child);
        Ok(())
    }

    fn write_bootstrap(&self, epoch: u32) -> Result<PathBuf, String> {
        let dir = &self.flags.config_path;
        let file = dir.join(format!("envoy-rev{epoch}.json"));
        let content = bootstrap(&self.flags, std::env::vars()).to_string();
        let written = DirBuilder::new().recursive(true).mode(0o700).create(dir);
        let written = written.and_then(|()| fs::write(&file, content));
        written.map_err(|error| format!("cannot write {}: {error}", file.display()))?;
        Ok(file)
    }

    fn command(&self, epoch: u32, file: &Path) -> Command {
        let flags = &self.flags;
        let seconds = |duration: Duration| duration.as_secs().to_string();
        let mut command = Command::new(&flags.binary_path);
        command.arg("-c").arg(file);
        command.args(["--restart-epoch", &epoch.to_string()]);
        command.args(["--drain-time-s", &seconds(flags.drain_duration)]);
        command.args(["--parent-shutdown-time-s", &seconds(flags.parent_shutdown_duration)]);
        command.args(["--service-cluster", &flags.service_cluster]);
        command.args(["--service-node", &node(flags), "-l", &flags.proxy_log_level]);
        if flags.concurrency > 0 {
            command.args(["--concurrency", &flags.concurrency.to_string()]);
        }
        command
    }

    /// Takes those that have ended out of the running ones.
    fn ended(&mut self) -> Result<Vec<ExitStatus>, String> {
        let mut ended = BTreeMap::new();
        for (epoch, child) in &mut self.running {
            let status = child.try_wait();
            let status = status.map_err(|error| format!("cannot look at Envoy: {error}"))?;
            ended.extend(status.map(|status| (*epoch, status)));
        }
        for (epoch, status) in &ended {
            log("info", format!("Epoch {epoch} ended with {status}"));
            self.running.remove(epoch);
        }
        Ok(ended.into_values().collect())
    }

    fn abort(&mut self) -> Result<(), String> {
        for (epoch, mut child) in std::mem::take(&mut self.running) {
            log("warn", format!("Aborting epoch {epoch}"));
            let aborted = child.kill().and_then(|()| child.wait());
            aborted.map_err(|error| format!("cannot abort Envoy: {error}"))?;
        }
        Ok(())
    }
}
