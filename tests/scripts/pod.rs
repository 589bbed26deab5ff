//! A pod in a scratch directory, in which the start scripts run as Mesos runs them. The commands
//! that would change the machine are stand-ins that write down their arguments.
#![allow(dead_code, reason = "each test takes what it needs")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::TempDir;

pub(crate) const PEM_FILES: [&str; 3] = ["root-cert.pem", "cert-chain.pem", "key.pem"];
pub(crate) const CERTIFICATE: &str =
    "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n";
pub(crate) const KEY: &str =
    "-----BEGIN RSA PRIVATE KEY-----\nMA==\n-----END RSA PRIVATE KEY-----\n";
const SYSTEM_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

const END_OF_CALL: &str = "<end of call>";

/// A pod's sandbox, certificate volume, environment and stand-in commands.
pub(crate) struct Pod {
    dir: TempDir,
    pub(crate) sandbox: PathBuf,
    pub(crate) certs: PathBuf,
    pub(crate) env: BTreeMap<String, String>,
}

impl Pod {
    /// A pod in which the Mesos fetcher has left a good bundle.
    pub(crate) fn new() -> Self {
        Self::in_directories_ending_with("")
    }

    pub(crate) fn in_directories_ending_with(suffix: &str) -> Self {
        let pod = Self::before_the_fetcher(injected(), suffix);
        fs::create_dir(pod.sandbox.join("certs")).unwrap();
        put_bundle(&pod.sandbox.join("certs"));
        fs::write(pod.sandbox.join("bundle-certs.tgz"), "an archive").unwrap();
        pod
    }

    /// A pod with an empty sandbox and an environment that Mesos adds its own to.
    pub(crate) fn before_the_fetcher(env: BTreeMap<String, String>, suffix: &str) -> Self {
        let dir = TempDir::new().unwrap();
        let sandbox = dir.path().join(format!("sandbox{suffix}"));
        let certs = dir.path().join(format!("certs{suffix}"));
        let config = dir.path().join(format!("config{suffix}"));
        for directory in [&sandbox, &certs, &dir.path().join("bin")] {
            fs::create_dir(directory).unwrap();
        }
        let path = format!("{}/bin:{SYSTEM_PATH}", dir.path().display());
        let mut pod = Self { dir, env, sandbox, certs };
        for (name, value) in mesos() {
            pod.set(name, value);
        }
        for (name, place) in [
            ("MESOS_SANDBOX", &pod.sandbox),
            ("ISTIO_CERTS_DIR", &pod.certs),
            ("ISTIO_CONFIG_PATH", &config),
        ] {
            pod.env.insert(name.to_owned(), place.to_str().unwrap().to_owned());
        }
        pod.set("PATH", &path);
        for name in ["iptables", "istio-iptables.sh", "chown", "pilot-agent"] {
            pod.stand_in(name, "");
        }
        let drop_options = r#"while [ "$1" != / ]; do shift; done; shift; exec "$@""#;
        pod.stand_in("chroot", drop_options);
        pod
    }

    /// A pod whose certificates are already where the proxy looks for them.
    pub(crate) fn with_certificates() -> Self {
        let pod = Self::new();
        put_bundle(&pod.certs);
        pod
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.env.insert(name.to_owned(), value.to_owned());
    }

    /// A command that records its arguments and then does `behaviour`, a piece of shell.
    pub(crate) fn stand_in(&self, name: &str, behaviour: &str) {
        let calls = self.path("calls");
        let text = format!(
            "#!/bin/sh\nprintf '%s\\000' '{name}' \"$@\" '{END_OF_CALL}' >>'{}'\n{behaviour}\n",
            calls.display()
        );
        let file = self.path("bin").join(name);
        let _alone = alone();
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Like [`Pod::stand_in`], then the real command goes on.
    pub(crate) fn watch(&self, name: &str) {
        self.stand_in(name, &format!("PATH={SYSTEM_PATH} exec {name} \"$@\""));
    }

    pub(crate) fn start(&self, script: &str) -> Child {
        start(
            Command::new(shell())
                .args(["-c", script])
                .env_clear()
                .envs(&self.env)
                .current_dir(self.dir.path()),
        )
    }

    pub(crate) fn run(&self, script: &str) -> Output {
        self.start(script).wait_with_output().unwrap()
    }

    pub(crate) fn succeed(&self, script: &str) {
        let output = self.run(script);
        assert!(output.status.success(), "{}", stderr(&output));
        assert_eq!(stderr(&output), "");
    }

    /// The only line on stderr of a script that refuses.
    pub(crate) fn refusal(&self, script: &str) -> String {
        let output = self.run(script);
        let message = stderr(&output);
        assert!(!output.status.success(), "it went on; stderr: {message}");
        assert_eq!(message.lines().count(), 1, "{message}");
        message.trim_end().to_owned()
    }

    /// Without this variable the script of the container says so, and calls nothing.
    pub(crate) fn needs(&mut self, name: &str, container: &str, script: &str) {
        self.env.remove(name);
        let message = self.refusal(script);
        let expected = format!("{container}: {name} is empty or not set;");
        assert!(message.starts_with(&expected), "{message}");
        assert_eq!(self.names_called(), [""; 0], "{name}");
    }

    /// All recorded calls, in order; the command's name comes first.
    pub(crate) fn calls(&self) -> Vec<Vec<String>> {
        let recorded = fs::read_to_string(self.path("calls")).unwrap_or_default();
        let words: Vec<&str> = recorded.split_terminator('\0').collect();
        let mut calls: Vec<Vec<String>> = words
            .split(|word| *word == END_OF_CALL)
            .map(|call| call.iter().map(ToString::to_string).collect())
            .collect();
        assert!(calls.pop().is_none_or(|rest| rest.is_empty()));
        calls
    }

    pub(crate) fn calls_of(&self, name: &str) -> Vec<Vec<String>> {
        let mut calls = self.calls();
        calls.retain(|call| call[0] == name);
        calls
    }

    pub(crate) fn names_called(&self) -> Vec<String> {
        self.calls().into_iter().map(|call| call[0].clone()).collect()
    }

    /// The arguments of the one call of `name`.
    pub(crate) fn arguments(&self, name: &str) -> Vec<String> {
        let calls = self.calls_of(name);
        assert_eq!(calls.len(), 1, "calls of {name}: {calls:?}");
        calls[0][1..].to_vec()
    }

    /// What follows `flag` among the arguments of pilot-agent.
    pub(crate) fn agent_flag(&self, flag: &str) -> Option<String> {
        let arguments = self.arguments("pilot-agent");
        let at = arguments.iter().position(|argument| argument == flag)?;
        arguments.get(at + 1).cloned()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn in_certs(&self) -> Vec<String> {
        list(&self.certs)
    }
}

/// What Mesos puts into the environment, without the paths.
fn mesos() -> [(&'static str, &'static str); 4] {
    let task = "httpbin.instance-0d9a5a2e-7a37-11e9-a3b5-70b3d5800001.istio-proxy";
    [
        ("HOST", "172.31.0.7"),
        ("MARATHON_CONTAINER_ID", "istio-proxy"),
        ("MESOS_CONTAINER_IP", "9.0.1.5"),
        ("MESOS_TASK_ID", task),
    ]
}

/// What injection puts there, for either container.
fn injected() -> BTreeMap<String, String> {
    [
        ("ISTIO_APPLICATION_PORTS", "80,8000"),
        ("ISTIO_BUNDLE", "bundle-certs.tgz"),
        ("ISTIO_CERTS_TIMEOUT", "3"),
        ("ISTIO_CONNECT_TIMEOUT", "10s"),
        ("ISTIO_CONTROL_PLANE_AUTH_POLICY", "NONE"),
        ("ISTIO_DISCOVERY_ADDRESS", "pilot.example:15010"),
        ("ISTIO_DISCOVERY_REFRESH_DELAY", "1s"),
        ("ISTIO_DOMAIN", "marathon.l4lb.thisdcos.directory"),
        ("ISTIO_DRAIN_DURATION", "45s"),
        ("ISTIO_INBOUND_INTERCEPTION_MODE", "REDIRECT"),
        ("ISTIO_INBOUND_PORTS", "80,8000"),
        ("ISTIO_LOCAL_EXCLUDE_PORTS", "15020"),
        ("ISTIO_PARENT_SHUTDOWN_DURATION", "60s"),
        ("ISTIO_PROXY_PORT", "15001"),
        ("ISTIO_PROXY_UID", "1337"),
        ("ISTIO_SERVICE_CIDR", "*"),
        ("ISTIO_SERVICE_CLUSTER", "httpbin"),
        ("ISTIO_SERVICE_EXCLUDE_CIDR", "10.0.0.0/8"),
        ("ISTIO_STATUS_PORT", "15020"),
        ("ISTIO_ZIPKIN_ADDRESS", "zipkin.example:9411"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

/// Held while a stand-in is written and while a process is started: a child that is forked while
/// the file is open for writing would make its execution fail with "text file busy".
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    static FORK: Mutex<()> = Mutex::new(());
    FORK.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts a process that reads nothing.
pub(crate) fn start(command: &mut Command) -> Child {
    let _alone = alone();
    let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// The image's `/bin/sh` is dash.
pub(crate) fn shell() -> &'static str {
    ["/bin/dash", "/usr/bin/dash"].into_iter().find(|path| Path::new(path).exists()).unwrap_or("sh")
}

pub(crate) fn put_bundle(directory: &Path) {
    for name in PEM_FILES {
        let text = if name == "key.pem" { KEY } else { CERTIFICATE };
        let file = directory.join(name);
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    }
}

pub(crate) fn list(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

pub(crate) fn mode(file: &Path) -> u32 {
    fs::metadata(file).unwrap().permissions().mode() & 0o7777
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}
