//! The start scripts, run as Mesos runs them (`sh -c <text>`), in a scratch directory; the
//! scripts of the tests themselves are only linted.
//!
//! The commands that would change the machine (`iptables`, `chown`, `chroot`, ...) are stand-ins
//! that write down their arguments. Nothing here needs root, a network or an Istio image.

#[path = "scripts/agent.rs"]
mod agent;
#[path = "scripts/pod.rs"]
mod pod;

use std::fs;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use pod::{CERTIFICATE, KEY, PEM_FILES, Pod, alone, list, mode, put_bundle, shell, stderr};

const INIT: &str = concat!(
    include_str!("../src/plan/scripts/istio-init/bundle.sh"),
    include_str!("../src/plan/scripts/istio-init/capture.sh")
);
const PROXY: &str = concat!(
    include_str!("../src/plan/scripts/istio-proxy/begin.sh"),
    include_str!("../src/plan/scripts/istio-proxy/bundle.sh"),
    include_str!("../src/plan/scripts/istio-proxy/pilot-agent.sh")
);
/// The same containers beside a node agent, and the node agent's.
const CAPTURE: &str = concat!(
    include_str!("../src/plan/scripts/istio-init/agent.sh"),
    include_str!("../src/plan/scripts/istio-init/capture.sh")
);
const BESIDE: &str = concat!(
    include_str!("../src/plan/scripts/istio-proxy/begin.sh"),
    include_str!("../src/plan/scripts/istio-proxy/agent.sh"),
    include_str!("../src/plan/scripts/istio-proxy/pilot-agent.sh")
);
const AGENT: &str = include_str!("../src/plan/scripts/istio-agent.sh");
const SCRIPTS: [(&str, &str); 5] = [
    ("istio-init", INIT),
    ("istio-proxy", PROXY),
    ("istio-init beside an agent", CAPTURE),
    ("istio-proxy beside an agent", BESIDE),
    ("istio-agent", AGENT),
];

/// Runs `touch canary` if any shell reads it as code; also a legal file name.
const HOSTILE: &str = "a b'c\"d$(touch canary)`touch canary`;touch canary;\n* \\x ${HOME} & #";

fn has_appeared(file: &Path) -> bool {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !file.exists() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(10));
    }
    file.exists()
}

/// Runs a checker over a script on its stdin; `None` when it is not installed.
fn checked_by(command: &[&str], script: &str) -> Option<Output> {
    let alone = alone();
    let child = Command::new(command[0])
        .args(&command[1..])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    drop(alone);
    let mut child = match child {
        Err(error) if error.kind() == ErrorKind::NotFound => return None,
        child => child.unwrap(),
    };
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(script.as_bytes()).unwrap();
    drop(stdin);
    Some(child.wait_with_output().unwrap())
}

fn assert_passes_shellcheck(name: &str, shell: &str, script: &str) {
    match checked_by(&["shellcheck", "-s", shell, "-"], script) {
        Some(output) => {
            let report = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success(), "{name}: {report}");
        }
        // Not `eprintln!`: of a test that passes, the harness shows nothing of that.
        None => {
            let mut out = std::io::stderr();
            writeln!(out, "skipped: {name}: shellcheck is not on PATH").unwrap();
        }
    }
}

#[test]
fn the_scripts_of_the_tests_pass_shellcheck() {
    assert_passes_shellcheck(".ci/run", "bash", include_str!("../.ci/run"));
    assert_passes_shellcheck("tests/e2e/setup", "bash", include_str!("e2e/setup"));
    let iptables = include_str!("e2e/proxyv2/root/usr/local/bin/istio-iptables.sh");
    assert_passes_shellcheck("istio-iptables.sh", "bash", iptables);
}

mod all_scripts {
    use super::*;

    #[test]
    fn are_valid_shell() {
        for (name, script) in SCRIPTS {
            let output = checked_by(&[shell(), "-n"], script).unwrap();
            assert!(output.status.success(), "{name}: {}", stderr(&output));
        }
    }

    #[test]
    fn pass_shellcheck() {
        for (name, script) in SCRIPTS {
            assert_passes_shellcheck(name, "sh", script);
        }
    }

    #[test]
    fn are_constants_that_stop_at_the_first_error() {
        for (name, script) in SCRIPTS {
            assert!(script.starts_with("#!/bin/sh\n"), "{name}");
            let first_command = script.lines().find(|line| !line.starts_with('#'));
            assert_eq!(first_command, Some("set -eu"), "{name}");
            for unwanted in ["{{", "}}", "eval", "su -c", "\r", "\t"] {
                assert!(!script.contains(unwanted), "{name} holds {unwanted:?}");
            }
        }
    }
}

mod istio_init {
    use super::*;

    #[test]
    fn puts_the_certificates_into_the_volume_for_the_proxy() {
        let pod = Pod::new();
        pod.succeed(INIT);

        assert_eq!(pod.in_certs(), ["cert-chain.pem", "key.pem", "root-cert.pem"]);
        for name in ["root-cert.pem", "cert-chain.pem"] {
            assert_eq!(mode(&pod.certs.join(name)), 0o444, "{name}");
            assert_eq!(fs::read_to_string(pod.certs.join(name)).unwrap(), CERTIFICATE);
        }
        assert_eq!(mode(&pod.certs.join("key.pem")), 0o400);
        assert_eq!(fs::read_to_string(pod.certs.join("key.pem")).unwrap(), KEY);

        let chowned = pod.calls_of("chown");
        assert_eq!(chowned.len(), 3);
        assert!(chowned.iter().all(|call| call[1] == "1337:1337"), "{chowned:?}");
    }

    #[test]
    fn takes_every_kind_of_pem_private_key() {
        for kind in ["PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY"] {
            let pod = Pod::new();
            let key = format!("Bag Attributes\n-----BEGIN {kind}-----\nMA==\n");
            fs::write(pod.sandbox.join("certs/key.pem"), key).unwrap();
            pod.succeed(INIT);
        }
    }

    #[test]
    fn removes_the_fetched_copies_and_nothing_else() {
        let pod = Pod::new();
        fs::write(pod.sandbox.join("stdout"), "").unwrap();
        pod.succeed(INIT);
        assert_eq!(list(&pod.sandbox), ["stdout"]);
    }

    #[test]
    fn never_leaves_the_key_readable_for_others() {
        let pod = Pod::new();
        let stale = pod.certs.join(".key.pem.new");
        fs::write(&stale, "from a run that was cut off").unwrap();
        fs::set_permissions(&stale, fs::Permissions::from_mode(0o644)).unwrap();
        pod.stand_in("chown", r#"case $2 in *key.pem*) stat -c %a "$2" >>modes ;; esac"#);
        pod.succeed(INIT);
        assert_eq!(fs::read_to_string(pod.path("modes")).unwrap(), "600\n");
        assert_eq!(mode(&pod.certs.join("key.pem")), 0o400);
    }

    #[test]
    fn shows_the_files_only_when_all_are_ready_and_the_key_last() {
        let pod = Pod::new();
        pod.watch("chmod");
        pod.watch("mv");
        pod.succeed(INIT);

        let names = pod.names_called();
        let last_chmod = names.iter().rposition(|name| name == "chmod").unwrap();
        let first_mv = names.iter().position(|name| name == "mv").unwrap();
        assert!(last_chmod < first_mv, "{names:?}");

        let moves = pod.calls_of("mv");
        let key = pod.certs.join("key.pem");
        assert_eq!(moves.last().unwrap().last().unwrap(), key.to_str().unwrap());
    }

    #[test]
    fn shows_no_certificate_when_one_cannot_be_handed_over() {
        let pod = Pod::new();
        pod.stand_in("chown", "case $2 in *key.pem*) exit 1 ;; esac");
        assert!(!pod.run(INIT).status.success());
        let shown = pod.in_certs();
        assert!(shown.iter().all(|name| name.starts_with('.')), "{shown:?}");
        assert_eq!(pod.calls_of("iptables").len(), 0);
    }

    #[test]
    fn captures_traffic_after_letting_the_mesos_executor_out() {
        let pod = Pod::new();
        pod.succeed(INIT);
        assert_eq!(
            pod.calls()[3..],
            [
                vec![
                    "iptables",
                    "-t",
                    "nat",
                    "-I",
                    "OUTPUT",
                    "1",
                    "-p",
                    "tcp",
                    "-d",
                    "172.31.0.7",
                    "--dport",
                    "5051",
                    "-j",
                    "RETURN",
                ],
                vec![
                    "istio-iptables.sh",
                    "-p",
                    "15001",
                    "-u",
                    "1337",
                    "-m",
                    "REDIRECT",
                    "-i",
                    "*",
                    "-x",
                    "10.0.0.0/8",
                    "-b",
                    "80,8000",
                ],
            ]
        );
    }

    #[test]
    fn passes_excluded_ports_only_with_the_wildcard() {
        let mut pod = Pod::new();
        pod.set("ISTIO_INBOUND_PORTS", "*");
        pod.succeed(INIT);
        let arguments = pod.arguments("istio-iptables.sh");
        assert_eq!(arguments[10..], ["-b", "*", "-d", "15020"]);
    }

    #[test]
    fn passes_no_inbound_ports_as_an_empty_argument() {
        let mut pod = Pod::new();
        pod.set("ISTIO_INBOUND_PORTS", "");
        pod.succeed(INIT);
        assert_eq!(pod.arguments("istio-iptables.sh")[10..], ["-b", ""]);
    }

    #[test]
    fn passes_no_excluded_ranges_as_an_empty_argument() {
        let mut pod = Pod::new();
        pod.set("ISTIO_SERVICE_EXCLUDE_CIDR", "");
        pod.succeed(INIT);
        assert_eq!(pod.arguments("istio-iptables.sh")[8..10], ["-x", ""]);
    }

    #[test]
    fn refuses_a_bundle_with_a_bad_file_before_it_writes_anything() {
        type Damage = fn(&Path);
        let damages: [(&str, Damage); 6] = [
            ("is missing", |file| fs::remove_file(file).unwrap()),
            ("is empty", |file| fs::write(file, "").unwrap()),
            ("holds no PEM", |file| fs::write(file, "<html>").unwrap()),
            ("holds no PEM", |file| swap_certificate_and_key(file)),
            ("is a symbolic link", |file| {
                let real = file.with_extension("real");
                fs::rename(file, &real).unwrap();
                symlink(real, file).unwrap();
            }),
            ("is not a regular file", |file| {
                fs::remove_file(file).unwrap();
                fs::create_dir(file).unwrap();
            }),
        ];
        for name in PEM_FILES {
            for (wrong, damage) in damages {
                let pod = Pod::new();
                let file = pod.sandbox.join("certs").join(name);
                damage(&file);
                let message = pod.refusal(INIT);
                let expected = format!("istio-init: {} {wrong}", file.display());
                assert!(message.starts_with(&expected), "{message}");
                assert!(message.ends_with("rebuild the bundle bundle-certs.tgz"));
                assert_eq!(pod.in_certs(), [""; 0], "{name} {wrong}");
                assert_eq!(pod.names_called(), [""; 0], "{name} {wrong}");
                assert!(!pod.sandbox.join("certs").exists(), "a key stays behind: {name} {wrong}");
            }
        }
    }

    fn swap_certificate_and_key(file: &Path) {
        let is_key = file.ends_with("key.pem");
        fs::write(file, if is_key { CERTIFICATE } else { KEY }).unwrap();
    }

    #[test]
    fn hands_no_variable_of_the_pod_to_the_capture_which_bash_would_run() {
        let mut pod = Pod::new();
        let seen = pod.path("seen");
        pod.stand_in("istio-iptables.sh", &format!("env | sort >'{}'", seen.display()));
        pod.set("BASH_ENV", "$(touch pwned)");
        pod.set("ISTIO_SIDECAR_CONFIG", "/tmp/side.env");
        pod.succeed(INIT);
        let variables = fs::read_to_string(seen).unwrap();
        let names: Vec<_> = variables.lines().filter_map(|line| line.split('=').next()).collect();
        // The shell of the stand-in sets PWD and its kin itself.
        let own = ["PATH", "PWD", "OLDPWD", "SHLVL", "_"];
        assert!(names.iter().all(|name| own.contains(name)), "{variables}");
    }

    #[test]
    fn leaves_no_key_behind_when_it_cannot_start() {
        let mut pod = Pod::new();
        pod.set("HOST", "");
        pod.refusal(INIT);
        assert!(!pod.sandbox.join("certs").exists());
    }

    #[test]
    fn leaves_no_key_behind_when_it_is_stopped() {
        let pod = Pod::new();
        pod.stand_in("chown", "kill -TERM $PPID");
        let output = pod.run(INIT);
        assert_eq!(output.status.code(), Some(143), "{}", stderr(&output));
        assert!(!pod.sandbox.join("certs").exists());
    }

    #[test]
    fn refuses_to_start_without_a_variable_it_needs() {
        for name in [
            "HOST",
            "MESOS_SANDBOX",
            "ISTIO_BUNDLE",
            "ISTIO_CERTS_DIR",
            "ISTIO_INBOUND_INTERCEPTION_MODE",
            "ISTIO_PROXY_PORT",
            "ISTIO_PROXY_UID",
        ] {
            let mut pod = Pod::new();
            pod.set(name, "");
            let empty = pod.refusal(INIT);
            pod.env.remove(name);
            let unset = pod.refusal(INIT);
            let expected = format!("istio-init: {name} is empty or not set;");
            assert!(empty.starts_with(&expected), "{empty}");
            assert_eq!(empty, unset);
            assert_eq!(pod.in_certs(), [""; 0], "{name}");
            assert_eq!(pod.names_called(), [""; 0], "{name}");
        }
    }

    #[test]
    fn does_not_take_an_unset_list_for_an_empty_one() {
        for name in ["ISTIO_INBOUND_PORTS", "ISTIO_SERVICE_CIDR"] {
            let mut pod = Pod::new();
            pod.env.remove(name);
            let message = pod.refusal(INIT);
            assert!(message.starts_with(&format!("istio-init: {name} is not set")));
            assert_eq!(pod.names_called(), [""; 0]);
        }
    }

    #[test]
    fn fails_when_the_capture_fails() {
        let pod = Pod::new();
        pod.stand_in("istio-iptables.sh", "exit 3");
        assert_eq!(pod.run(INIT).status.code(), Some(3));
    }

    #[test]
    fn does_not_capture_when_the_executor_cannot_be_let_out() {
        let pod = Pod::new();
        pod.stand_in("iptables", "exit 4");
        let message = pod.refusal(INIT);
        assert!(message.starts_with("istio-init: "), "{message}");
        assert!(message.contains("172.31.0.7") && message.contains("NET_ADMIN"));
        assert_eq!(pod.calls_of("istio-iptables.sh").len(), 0);
    }

    #[test]
    fn hands_on_every_value_as_one_argument_and_runs_none() {
        let mut pod = Pod::in_directories_ending_with(HOSTILE);
        fs::write(pod.sandbox.join(HOSTILE), "an archive").unwrap();
        pod.set("ISTIO_BUNDLE", HOSTILE);
        let value = |name: &str| format!("{name} {HOSTILE}");
        for name in [
            "HOST",
            "ISTIO_INBOUND_INTERCEPTION_MODE",
            "ISTIO_INBOUND_PORTS",
            "ISTIO_PROXY_PORT",
            "ISTIO_PROXY_UID",
            "ISTIO_SERVICE_CIDR",
            "ISTIO_SERVICE_EXCLUDE_CIDR",
        ] {
            pod.set(name, &value(name));
        }
        pod.succeed(INIT);

        assert_eq!(pod.in_certs().len(), 3);
        assert_eq!(list(&pod.sandbox), ["bundle-certs.tgz"]);
        let uid = value("ISTIO_PROXY_UID");
        assert_eq!(pod.calls_of("chown")[0][1], format!("{uid}:{uid}"));
        assert_eq!(pod.arguments("iptables")[8], value("HOST"));
        assert_eq!(
            pod.arguments("istio-iptables.sh"),
            [
                "-p",
                &value("ISTIO_PROXY_PORT"),
                "-u",
                &uid,
                "-m",
                &value("ISTIO_INBOUND_INTERCEPTION_MODE"),
                "-i",
                &value("ISTIO_SERVICE_CIDR"),
                "-x",
                &value("ISTIO_SERVICE_EXCLUDE_CIDR"),
                "-b",
                &value("ISTIO_INBOUND_PORTS"),
            ]
        );
        assert!(!pod.path("canary").exists());
    }

    #[test]
    fn hands_on_excluded_ports_as_one_argument() {
        let mut pod = Pod::new();
        pod.set("ISTIO_INBOUND_PORTS", "*");
        pod.set("ISTIO_LOCAL_EXCLUDE_PORTS", HOSTILE);
        pod.succeed(INIT);
        assert_eq!(pod.arguments("istio-iptables.sh")[12..], ["-d", HOSTILE]);
        assert!(!pod.path("canary").exists());
    }
}

mod istio_proxy {
    use super::*;

    #[test]
    fn starts_pilot_agent_with_the_values_of_the_environment() {
        let pod = Pod::with_certificates();
        pod.succeed(PROXY);
        let id = "httpbin.instance-0d9a5a2e-7a37-11e9-a3b5-70b3d5800001";
        let expected = [
            ["proxy", "sidecar"],
            ["--serviceregistry", "Mesos"],
            ["--id", id],
            ["--ip", "9.0.1.5"],
            ["--domain", "marathon.l4lb.thisdcos.directory"],
            ["--serviceCluster", "httpbin"],
            ["--discoveryAddress", "pilot.example:15010"],
            ["--zipkinAddress", "zipkin.example:9411"],
            ["--configPath", &pod.env["ISTIO_CONFIG_PATH"]],
            ["--binaryPath", "/usr/local/bin/envoy"],
            ["--drainDuration", "45s"],
            ["--parentShutdownDuration", "60s"],
            ["--discoveryRefreshDelay", "1s"],
            ["--connectTimeout", "10s"],
            ["--controlPlaneAuthPolicy", "NONE"],
            ["--statusPort", "15020"],
            ["--applicationPorts", "80,8000"],
        ];
        assert_eq!(pod.arguments("pilot-agent"), expected.concat());
    }

    #[test]
    fn gives_root_away_before_pilot_agent_starts() {
        let pod = Pod::with_certificates();
        pod.succeed(PROXY);
        assert_eq!(
            pod.arguments("chroot")[..5],
            ["--userspec=1337:1337", "--skip-chdir", "/", "pilot-agent", "proxy"]
        );
    }

    #[test]
    fn hands_its_directory_and_output_over_to_the_proxy_user() {
        let pod = Pod::with_certificates();
        pod.succeed(PROXY);
        let config = pod.env["ISTIO_CONFIG_PATH"].as_str();
        assert!(Path::new(config).is_dir());
        assert_eq!(
            pod.calls()[..2],
            [
                vec!["chown", "1337:1337", config],
                vec!["chown", "-f", "1337:1337", "/dev/stdout", "/dev/stderr"],
            ]
        );
    }

    #[test]
    fn goes_on_with_a_warning_when_the_output_cannot_be_handed_over() {
        let pod = Pod::with_certificates();
        pod.stand_in("chown", "[ \"$1\" != -f ]");
        let output = pod.run(PROXY);
        assert!(output.status.success());
        let warning = stderr(&output);
        assert!(warning.starts_with("istio-proxy: cannot give /dev/stdout"), "{warning}");
        assert_eq!(warning.lines().count(), 1);
        assert_eq!(pod.calls_of("pilot-agent").len(), 1);
    }

    #[test]
    fn stops_when_the_configuration_directory_cannot_be_handed_over() {
        let pod = Pod::with_certificates();
        pod.stand_in("chown", "exit 1");
        assert!(!pod.run(PROXY).status.success());
        assert_eq!(pod.calls_of("pilot-agent").len(), 0);
    }

    #[test]
    fn takes_the_node_id_from_the_task_id_of_every_marathon() {
        let instance = "instance-0d9a5a2e-7a37-11e9-a3b5-70b3d5800001";
        for pod_name in ["httpbin", "g_httpbin", "my.istio-proxy"] {
            for until_1_7_and_since_1_8 in ["istio-proxy", "istio-proxy.3"] {
                let mut pod = Pod::with_certificates();
                let node = format!("{pod_name}.{instance}");
                pod.set("MESOS_TASK_ID", &format!("{node}.{until_1_7_and_since_1_8}"));
                pod.succeed(PROXY);
                assert_eq!(pod.agent_flag("--id"), Some(node));
            }
        }
    }

    #[test]
    fn leaves_out_the_flags_nobody_asked_for() {
        let mut pod = Pod::with_certificates();
        pod.set("ISTIO_APPLICATION_PORTS", "");
        pod.set("ISTIO_CONCURRENCY", "");
        pod.succeed(PROXY);
        let arguments = pod.arguments("pilot-agent");
        assert_eq!(arguments[arguments.len() - 2..], ["--statusPort", "15020"]);
    }

    #[test]
    fn passes_the_optional_flags_that_are_set() {
        let mut pod = Pod::with_certificates();
        pod.set("ISTIO_CONCURRENCY", "2");
        pod.set("ISTIO_PROXY_LOG_LEVEL", "debug");
        pod.set("ISTIO_STATSD_UDP_ADDRESS", "statsd.example:8125");
        pod.succeed(PROXY);
        assert_eq!(pod.agent_flag("--concurrency").unwrap(), "2");
        assert_eq!(pod.agent_flag("--proxyLogLevel").unwrap(), "debug");
        let statsd = pod.agent_flag("--statsdUdpAddress").unwrap();
        assert_eq!(statsd, "statsd.example:8125");
    }

    #[test]
    fn passes_no_zipkin_as_an_empty_argument() {
        let mut pod = Pod::with_certificates();
        pod.set("ISTIO_ZIPKIN_ADDRESS", "");
        pod.succeed(PROXY);
        assert_eq!(pod.agent_flag("--zipkinAddress").unwrap(), "");
    }

    /// Each `sleep` of the script brings one more file, the last one at the last moment.
    #[test]
    fn waits_until_all_three_certificates_are_there() {
        let pod = Pod::new();
        pod.stand_in(
            "sleep",
            r#"for pem in root-cert.pem cert-chain.pem key.pem; do
                 [ -e "$ISTIO_CERTS_DIR/$pem" ] && continue
                 cp "$MESOS_SANDBOX/certs/$pem" "$ISTIO_CERTS_DIR"; exit 0
               done"#,
        );
        pod.succeed(PROXY);
        assert_eq!(pod.calls()[..3], [["sleep", "1"]; 3]);
        assert_eq!(pod.calls_of("sleep").len(), 3);
        assert_eq!(pod.calls_of("pilot-agent").len(), 1);
    }

    #[test]
    fn gives_up_after_the_timeout_whichever_file_is_missing_or_empty() {
        for name in PEM_FILES {
            let pod = Pod::with_certificates();
            pod.stand_in("sleep", "");
            fs::write(pod.certs.join(name), "").unwrap();
            let empty = pod.refusal(PROXY);
            fs::remove_file(pod.certs.join(name)).unwrap();
            let missing = pod.refusal(PROXY);

            let expected = format!(
                "istio-proxy: no certificates in {} after 3 s; see the stderr of istio-init",
                pod.certs.display()
            );
            assert_eq!(empty, expected, "{name}");
            assert_eq!(missing, expected, "{name}");
            assert_eq!(pod.calls(), [["sleep", "1"]; 6], "{name}");
        }
    }

    #[test]
    fn does_not_wait_with_a_timeout_of_zero() {
        let mut pod = Pod::new();
        pod.set("ISTIO_CERTS_TIMEOUT", "0");
        assert!(pod.refusal(PROXY).contains("after 0 s"));
        assert_eq!(pod.names_called(), [""; 0]);
    }

    #[test]
    fn does_not_wait_for_ever_when_the_timeout_is_no_number() {
        let mut pod = Pod::new();
        pod.set("ISTIO_CERTS_TIMEOUT", "soon");
        let output = pod.run(PROXY);
        assert_eq!(output.status.code(), Some(1));
        assert!(stderr(&output).contains("istio-proxy: no certificates"));
    }

    #[test]
    fn refuses_to_start_without_a_variable_it_needs() {
        for name in [
            "MARATHON_CONTAINER_ID",
            "MESOS_CONTAINER_IP",
            "MESOS_TASK_ID",
            "ISTIO_CERTS_DIR",
            "ISTIO_CERTS_TIMEOUT",
            "ISTIO_CONFIG_PATH",
            "ISTIO_CONNECT_TIMEOUT",
            "ISTIO_CONTROL_PLANE_AUTH_POLICY",
            "ISTIO_DISCOVERY_ADDRESS",
            "ISTIO_DISCOVERY_REFRESH_DELAY",
            "ISTIO_DOMAIN",
            "ISTIO_DRAIN_DURATION",
            "ISTIO_PARENT_SHUTDOWN_DURATION",
            "ISTIO_PROXY_UID",
            "ISTIO_SERVICE_CLUSTER",
            "ISTIO_STATUS_PORT",
        ] {
            Pod::with_certificates().needs(name, "istio-proxy", PROXY);
        }
    }

    #[test]
    fn hands_on_every_value_as_one_argument_and_runs_none() {
        let mut pod = Pod::in_directories_ending_with(HOSTILE);
        put_bundle(&pod.certs);
        let flags = [
            ("ISTIO_APPLICATION_PORTS", "--applicationPorts"),
            ("ISTIO_CONCURRENCY", "--concurrency"),
            ("ISTIO_CONNECT_TIMEOUT", "--connectTimeout"),
            ("ISTIO_CONTROL_PLANE_AUTH_POLICY", "--controlPlaneAuthPolicy"),
            ("ISTIO_DISCOVERY_ADDRESS", "--discoveryAddress"),
            ("ISTIO_DISCOVERY_REFRESH_DELAY", "--discoveryRefreshDelay"),
            ("ISTIO_DOMAIN", "--domain"),
            ("ISTIO_DRAIN_DURATION", "--drainDuration"),
            ("ISTIO_PARENT_SHUTDOWN_DURATION", "--parentShutdownDuration"),
            ("ISTIO_PROXY_LOG_LEVEL", "--proxyLogLevel"),
            ("ISTIO_SERVICE_CLUSTER", "--serviceCluster"),
            ("ISTIO_STATSD_UDP_ADDRESS", "--statsdUdpAddress"),
            ("ISTIO_STATUS_PORT", "--statusPort"),
            ("ISTIO_ZIPKIN_ADDRESS", "--zipkinAddress"),
            ("MESOS_CONTAINER_IP", "--ip"),
        ];
        for (name, _) in flags {
            pod.set(name, &format!("{name} {HOSTILE}"));
        }
        pod.set("ISTIO_PROXY_UID", HOSTILE);
        pod.set("MARATHON_CONTAINER_ID", HOSTILE);
        pod.set("MESOS_TASK_ID", &format!("{HOSTILE}.instance-1.{HOSTILE}.3"));
        pod.succeed(PROXY);

        for (name, flag) in flags {
            assert_eq!(pod.agent_flag(flag), Some(format!("{name} {HOSTILE}")));
        }
        assert_eq!(pod.agent_flag("--id"), Some(format!("{HOSTILE}.instance-1")));
        assert_eq!(pod.agent_flag("--configPath").unwrap(), pod.env["ISTIO_CONFIG_PATH"]);
        assert_eq!(pod.arguments("pilot-agent").len(), 2 * (flags.len() + 5));
        assert!(Path::new(&pod.env["ISTIO_CONFIG_PATH"]).is_dir());
        let user = format!("--userspec={HOSTILE}:{HOSTILE}");
        assert_eq!(pod.arguments("chroot")[0], user);
        assert!(!pod.path("canary").exists());
    }

    #[test]
    fn becomes_pilot_agent_so_that_it_gets_the_sigterm() {
        let pod = Pod::with_certificates();
        pod.stand_in(
            "pilot-agent",
            r#"trap 'echo "$$" >stopped; exit 0' TERM
               : >ready
               for _ in $(seq 300); do sleep 0.1; done
               exit 1"#,
        );
        let mut child = pod.start(PROXY);
        assert!(has_appeared(&pod.path("ready")));
        let pid = child.id().to_string();
        let kill = ["-c", "kill -TERM \"$1\"", "sh", &pid];
        assert!(Command::new("sh").args(kill).status().unwrap().success());

        assert_eq!(child.wait().unwrap().code(), Some(0));
        let stopped = fs::read_to_string(pod.path("stopped")).unwrap();
        assert_eq!(stopped.trim_end(), pid);
    }
}
