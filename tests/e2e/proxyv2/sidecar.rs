//! A pilot-agent outside of any container: with a network, an `/etc/certs` and a shared memory of
//! its own.

use std::fs::{self, File, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use axum::{Json, Router};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

use crate::parts::HELD;
use crate::{network, wait};

/// Long enough for a certificate's batch of 10 s on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Sets up what the agent is to find, and becomes it. Mounts bring the programs to where user 1337
/// may read them; `etc/certs` is a place to mount on.
const START: &str = r#"set -e
ip link set lo up
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
mount --bind "$AGENT" pilot-agent
mount --bind "$ENVOY" envoy
if [ -d etc ]; then
  mount -t overlay -o "lowerdir=$PWD/etc:/etc" overlay /etc
  mount --bind certs /etc/certs
fi
exec chroot --userspec="$OWNER" --skip-chdir / ./pilot-agent "$@"
"#;

/// What is in `/etc/certs`.
pub(super) enum Certificates {
    /// Not even the directory is there.
    NoDirectory,
    Directory,
}

/// A running agent; it and its Envoys end with this.
pub(super) struct Sidecar {
    agent: Child,
    dir: TempDir,
    pilot: Option<Runtime>,
}

impl Sidecar {
    /// Starts `pilot-agent` as this `user:group`, with these arguments.
    pub(super) fn start(owner: &str, certificates: Certificates, arguments: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path();
        fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
        for file in ["pilot-agent", "envoy"] {
            File::create(path.join(file)).unwrap();
        }
        fs::create_dir(path.join("config")).unwrap();
        std::os::unix::fs::chown(path.join("config"), Some(1337), Some(1337)).unwrap();
        fs::create_dir(path.join("certs")).unwrap();
        if let Certificates::Directory = certificates {
            fs::create_dir_all(path.join("etc/certs")).unwrap();
        }
        let agent = Command::new("unshare")
            .args(["--net", "--mount", "sh", "-c", &[HELD, START].concat(), "sh"])
            .args(arguments)
            .envs([("AGENT", std::env::current_exe().unwrap()), ("ENVOY", crate::parts::envoy())])
            .env("OWNER", owner)
            .current_dir(path)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(File::create(path.join("stderr")).unwrap())
            .process_group(0)
            .spawn()
            .unwrap();
        Self { agent, dir, pilot: None }
    }

    /// Starts `pilot-agent proxy` as it should be, Envoy being this program.
    pub(super) fn proxy(certificates: Certificates, envoy: &str) -> Self {
        let arguments = ["proxy", "--ip", "9.0.0.2", "--discoveryAddress", "127.0.0.1:15010"];
        let own = ["--configPath", "config", "--concurrency", "1", "--binaryPath", envoy];
        Self::start("1337:1337", certificates, &[&arguments[..], &own].concat())
    }

    /// Where what is in `/etc/certs` comes from.
    pub(super) fn certs(&self) -> PathBuf {
        self.path("certs")
    }

    /// A file of the agent's working directory.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        Path::join(self.dir.path(), name)
    }

    /// All that it has said.
    pub(super) fn stderr(&self) -> String {
        fs::read_to_string(self.path("stderr")).unwrap()
    }

    /// Lets the agent's Envoys have a Pilot, which knows of nothing.
    pub(super) fn serve_pilot(&mut self) {
        // Before, it may not be in its own network yet.
        self.wait_until("in its network", |sidecar| sidecar.stderr().contains("Epoch 0 starting"));
        let bind = || TcpListener::bind("127.0.0.1:15010").unwrap();
        let listener = network::within(&network::of(self.agent.id()), bind);
        listener.set_nonblocking(true).unwrap();
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let nothing = || async { Json(json!({"version_info": "1", "resources": []})) };
        runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, Router::new().fallback(nothing)).await
        });
        self.pilot = Some(runtime);
    }

    /// The epoch that answers at Envoy's admin address, if one does.
    pub(super) fn epoch(&self) -> Option<u64> {
        self.server_info()?["command_line_options"]["restart_epoch"].as_u64()
    }

    /// Whether Envoy has all that it needs to serve.
    pub(super) fn is_live(&self) -> bool {
        self.server_info().is_some_and(|info| info["state"] == "LIVE")
    }

    fn server_info(&self) -> Option<Value> {
        let answer = Command::new("nsenter")
            .args(["--net", "--target", &self.agent.id().to_string()])
            .args(["curl", "-s", "-m", "2", "http://127.0.0.1:15000/server_info"])
            .output()
            .unwrap();
        serde_json::from_slice(&answer.stdout).ok()
    }

    /// Waits for a condition.
    pub(super) fn wait_until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let account = || format!("not {what}: {}", self.stderr());
        wait::until(PATIENCE, account, || holds(self).then_some(()));
    }

    /// Sends SIGTERM to the agent alone.
    pub(super) fn terminate(&self) {
        kill_process(Pid::from_child(&self.agent), Signal::TERM).unwrap();
    }

    /// Lets go of the agent, as the tests do when they are killed.
    pub(super) fn let_go(&mut self) {
        drop(self.agent.stdin.take());
    }

    /// How it ended, within the time that there is.
    pub(super) fn end(&mut self) -> ExitStatus {
        let stderr = self.path("stderr");
        let account = || format!("it goes on: {}", fs::read_to_string(&stderr).unwrap());
        wait::until(PATIENCE, account, || self.agent.try_wait().unwrap())
    }
}

impl Drop for Sidecar {
    fn drop(&mut self) {
        // None is left if all went well.
        let _ = kill_process_group(Pid::from_child(&self.agent), Signal::KILL);
        let _ = self.agent.wait();
    }
}
