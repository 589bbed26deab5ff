//! The real parts: where they are, and what is missing.
#![allow(dead_code, reason = "the tests and the example each take what they need")]

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

#[cfg(test)]
pub(crate) use tests::tests;

/// The programs with which an agent is made, or which its containers run.
const TOOLS: [&str; 7] = ["ip", "iptables", "ip6tables", "unshare", "nsenter", "curl", "tar"];

/// The rules of the sidecar, in a network namespace of their own.
const NETWORK: &str = "
    ip link set lo up
    ip link add one type veth peer name other
    iptables --wait -t nat -A OUTPUT -p tcp -m owner --uid-owner 1337 -j RETURN
    iptables --wait -t nat -A OUTPUT -p tcp -j REDIRECT --to-ports 15001
    ip6tables --wait -A INPUT -p tcp -j REJECT";

/// The root of a container: layers over the machine's own, and what is written in memory.
const OVERLAY: &str = "
    mount -t tmpfs tmpfs \"$0\"
    mkdir \"$0/layer\" \"$0/upper\" \"$0/work\" \"$0/root\"
    mount -t overlay -o \"lowerdir=$0/layer:/,upperdir=$0/upper,workdir=$0/work\" overlay \"$0/root\"
    chroot \"$0/root\" true";

/// How a script begins that is run in a process group of its own, with a pipe for stdin: when the
/// tests are gone, in whatever way, the group is ended.
pub(crate) const HELD: &str = "
    exec 3<&0 </dev/null
    { read -r _ || kill -s KILL 0; } <&3 >/dev/null 2>&1 &
    exec 3<&-
    ";

/// The layers of the images, which `tests/e2e/setup` makes below cargo's target directory: each is
/// to be laid over the machine's `/`.
pub(crate) fn images() -> PathBuf {
    let images = |dir: &Path| dir.join("e2e/images");
    let binary = env::current_exe().unwrap();
    let made = binary.ancestors().map(images).find(|dir| dir.is_dir());
    made.unwrap_or_else(|| images(profile(&binary).parent().unwrap()))
}

/// The layer of `proxyv2` that is our own: its programs apart from Envoy and pilot-agent.
pub(crate) fn own_layer() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/proxyv2/root")
}

/// The real Envoy.
pub(crate) fn envoy() -> PathBuf {
    images().join("proxyv2/usr/local/bin/envoy")
}

/// The certificate authority, where it is built along: with the feature, or by the example.
pub(crate) fn citadel() -> Option<PathBuf> {
    let citadel = program("citadel", option_env!("CARGO_BIN_EXE_citadel"));
    (cfg!(any(feature = "citadel", not(test))) && citadel.is_file()).then_some(citadel)
}

/// The agent of pods whose keys never leave them, where it is built along.
pub(crate) fn node_agent() -> Option<PathBuf> {
    let agent = program("node-agent", option_env!("CARGO_BIN_EXE_node-agent"));
    (cfg!(any(feature = "node-agent", not(test))) && agent.is_file()).then_some(agent)
}

/// The program that injects.
pub(crate) fn inject() -> PathBuf {
    program("inject", option_env!("CARGO_BIN_EXE_inject"))
}

/// One of the package's own. To an example cargo does not tell where they are: beside it.
fn program(name: &str, told: Option<&str>) -> PathBuf {
    let beside = || profile(&env::current_exe().unwrap()).join(name);
    told.map_or_else(beside, PathBuf::from)
}

/// The directory of a build, as `target/debug`, of a test or example that was built there.
fn profile(binary: &Path) -> &Path {
    binary.ancestors().nth(2).unwrap()
}

/// What this machine lacks to run the tests, and how to get it; none if nothing.
pub(crate) fn missing() -> Option<&'static str> {
    static MISSING: LazyLock<Option<String>> = LazyLock::new(look);
    MISSING.as_deref()
}

fn look() -> Option<String> {
    let mut missing = Vec::new();
    if !rustix::process::geteuid().is_root() {
        missing.push("root".to_owned());
    }
    missing.extend(TOOLS.iter().filter(|tool| !is_on_path(tool)).map(|tool| (*tool).to_owned()));
    if missing.is_empty() {
        missing.extend(refusal(NETWORK).map(|said| format!("network namespaces ({said})")));
        missing.extend(refusal(OVERLAY).map(|said| format!("overlay mounts ({said})")));
    }
    let parts = [("Envoy", envoy()), ("httpbin", images().join("httpbin/usr/local/bin/gunicorn"))];
    missing
        .extend(parts.iter().filter(|(_, path)| !path.is_file()).map(|(name, _)| (*name).into()));
    let mut ways = Vec::new();
    if !missing.is_empty() {
        ways.push("tests/e2e/setup installs what can be installed");
    }
    for (feature, part) in [("citadel", citadel()), ("node-agent", node_agent())] {
        if part.is_none() {
            missing.push(format!("the feature {feature}"));
        }
    }
    if citadel().is_none() || node_agent().is_none() {
        ways.push("cargo test --features citadel,node-agent --test e2e has what is a feature");
    }
    (!missing.is_empty()).then(|| format!("not here: {}; {}", missing.join(", "), ways.join(", ")))
}

fn is_on_path(tool: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|dir| dir.join(tool).is_file())
}

/// What a script says that cannot do its work in namespaces of its own.
fn refusal(script: &str) -> Option<String> {
    let scratch = tempfile::tempdir().unwrap();
    let output = isolated(&format!("set -e\n{script}")).arg(scratch.path()).output();
    let output = match output {
        Ok(output) if output.status.success() => return None,
        Ok(output) => output,
        Err(error) => return Some(error.to_string()),
    };
    let said = String::from_utf8_lossy(&output.stderr);
    Some(said.lines().next().unwrap_or("it failed without a word").to_owned())
}

/// A script in network, mount and PID namespaces of its own; what it leaves running ends with it.
/// Arguments that are added are its `$0`, `$1` and so on.
pub(crate) fn isolated(script: &str) -> Command {
    let mut command = Command::new("unshare");
    command.args(["--net", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", script]);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs one test of this binary, as on a machine that has no programs at all.
    fn on_a_bare_machine(required: &str) -> (bool, String) {
        let nowhere = tempfile::tempdir().unwrap();
        let output = Command::new(env::current_exe().unwrap())
            .args(["--exact", "parts::tests::envoy_runs_here"])
            .env("PATH", nowhere.path())
            .env("E2E", required)
            .output()
            .unwrap();
        (output.status.success(), String::from_utf8(output.stdout).unwrap())
    }

    fn a_missing_part_is_named_and_the_test_ignored() {
        let (passed, said) = on_a_bare_machine("");
        assert!(passed, "{said}");
        assert!(said.contains("1 ignored"), "{said}");
        let line = said.lines().find(|line| line.contains("not here: ")).unwrap();
        assert!(TOOLS.iter().all(|tool| line.contains(tool)), "{line}");
        assert!(line.contains("tests/e2e/setup"), "{line}");
    }

    fn a_missing_part_is_a_failure_where_all_are_required() {
        let (passed, said) = on_a_bare_machine("required");
        assert!(!passed, "{said}");
        assert!(said.contains("not here: ip, "), "{said}");
    }

    fn what_the_kernel_refuses_is_told_in_its_words() {
        assert_eq!(refusal("true"), None);
        assert_eq!(refusal("echo no such device >&2; false").unwrap(), "no such device");
    }

    fn envoy_runs_here() {
        let output = Command::new(envoy()).arg("--version").output().unwrap();
        let version = String::from_utf8(output.stdout).unwrap();
        assert!(version.contains("/1.40."), "{version}");
    }

    /// By the line of `pods/httpbin.json`.
    fn httpbin_answers_in_its_image() {
        let script = format!(
            r#"set -e
            ip link set lo up
            {OVERLAY}
            cp -a "$1/." "$0/root"
            chroot "$0/root" /usr/bin/python3 /usr/local/bin/gunicorn --bind=0.0.0.0:8000 \
                httpbin:app >&2 &
            curl -s --retry 60 --retry-delay 1 --retry-connrefused http://127.0.0.1:8000/ip"#
        );
        let scratch = tempfile::tempdir().unwrap();
        let layer = images().join("httpbin");
        let output = isolated(&script).arg(scratch.path()).arg(layer).output().unwrap();
        let answer = String::from_utf8(output.stdout).unwrap();
        let log = String::from_utf8_lossy(&output.stderr);
        assert!(answer.contains(r#""origin": "127.0.0.1""#), "{answer}{log}");
    }

    crate::tests! {
        a_missing_part_is_named_and_the_test_ignored,
        a_missing_part_is_a_failure_where_all_are_required,
        what_the_kernel_refuses_is_told_in_its_words,
        envoy_runs_here,
        httpbin_answers_in_its_image,
    }
}
