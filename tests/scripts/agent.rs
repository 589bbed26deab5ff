//! The start scripts of a pod whose certificates come from a node agent: that of the agent itself,
//! and those of the containers beside it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;

use super::pod::{Pod, list, mode, put_bundle};
use super::{AGENT, BESIDE, CAPTURE, HOSTILE, has_appeared};

const TOKEN: &str = "v1.a.b.c.d";

/// A pod as the fetcher leaves it, with what injection and submission put into its environment.
fn pod() -> Pod {
    with_token(Pod::in_directories_ending_with(""))
}

fn with_token(mut pod: Pod) -> Pod {
    fs::remove_dir_all(pod.sandbox.join("certs")).unwrap();
    fs::remove_file(pod.sandbox.join("bundle-certs.tgz")).unwrap();
    let certs = pod.env["ISTIO_CERTS_DIR"].clone();
    for (name, value) in [
        ("ISTIO_AGENT_CA_ADDRESS", "citadel.example:8060"),
        ("ISTIO_AGENT_CA_SERVER_NAME", "istio-citadel"),
        ("ISTIO_AGENT_CA_ROOT_SHA256", "0a0b"),
        ("ISTIO_AGENT_SDS_SOCKET", &format!("{certs}/sds.sock")),
        ("ISTIO_AGENT_OUTPUT_DIR", &certs),
        ("ISTIO_SDS_SOCKET", ""),
        ("MESH_JOIN_TOKEN", TOKEN),
    ] {
        pod.set(name, value);
    }
    pod.env.remove("ISTIO_BUNDLE");
    fetched(&pod, "");
    pod
}

/// The program that the fetcher brought; it says under which name it ran, and does `behaviour`.
fn fetched(pod: &Pod, behaviour: &str) {
    pod.stand_in("program", &format!("printenv >'{}'\n{behaviour}", pod.path("env").display()));
    let program = pod.sandbox.join("node-agent");
    fs::rename(pod.path("bin/program"), &program).unwrap();
}

/// The environment that the program got.
fn environment(pod: &Pod) -> Vec<(String, String)> {
    let text = fs::read_to_string(pod.path("env")).unwrap();
    let pairs = text.lines().filter_map(|line| line.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn variable(pod: &Pod, name: &str) -> Option<String> {
    environment(pod).into_iter().find(|(other, _)| other == name).map(|(_, value)| value)
}

mod istio_agent {
    use super::*;

    #[test]
    fn becomes_the_fetched_program_as_the_proxy_user() {
        let pod = pod();
        pod.succeed(AGENT);
        let program = pod.sandbox.join("node-agent");
        let expected = ["--userspec=1337:1337", "--skip-chdir", "/", program.to_str().unwrap()];
        assert_eq!(pod.arguments("chroot"), expected);
        assert_eq!(pod.arguments("program"), [""; 0], "nothing in its arguments");
    }

    #[test]
    fn tells_the_program_all_by_its_environment() {
        let pod = pod();
        pod.succeed(AGENT);
        let certs = pod.certs.to_str().unwrap();
        for (name, value) in [
            ("ISTIO_AGENT_CA_ADDRESS", "citadel.example:8060"),
            ("ISTIO_AGENT_CA_SERVER_NAME", "istio-citadel"),
            ("ISTIO_AGENT_CA_ROOT_SHA256", "0a0b"),
            ("ISTIO_AGENT_SDS_SOCKET", &format!("{certs}/sds.sock")),
            ("ISTIO_AGENT_OUTPUT_DIR", certs),
            ("ISTIO_AGENT_STATE_DIR", &format!("{}/agent", pod.sandbox.display())),
            ("MESH_JOIN_TOKEN", TOKEN),
        ] {
            assert_eq!(variable(&pod, name).as_deref(), Some(value), "{name}");
        }
    }

    #[test]
    fn does_not_name_what_is_turned_off() {
        for name in ["ISTIO_AGENT_SDS_SOCKET", "ISTIO_AGENT_OUTPUT_DIR"] {
            let mut pod = pod();
            pod.set(name, "");
            pod.succeed(AGENT);
            assert_eq!(variable(&pod, name), None);
        }
    }

    #[test]
    fn makes_room_for_the_state_that_only_the_proxy_user_gets() {
        let pod = pod();
        fs::set_permissions(&pod.sandbox, fs::Permissions::from_mode(0o750)).unwrap();
        pod.succeed(AGENT);
        let state = pod.sandbox.join("agent");
        assert_eq!(mode(&state), 0o700);
        let (state, certs) = (state.to_str().unwrap(), pod.certs.to_str().unwrap());
        assert_eq!(pod.calls_of("chown"), [["chown", "1337:1337", state, certs]]);
        assert_eq!((mode(&pod.sandbox), mode(&pod.certs)), (0o751, 0o755));
    }

    #[test]
    fn takes_the_program_of_the_image_where_none_was_fetched() {
        let pod = pod();
        let program = pod.path("bin/node-agent");
        fs::rename(pod.sandbox.join("node-agent"), &program).unwrap();
        pod.succeed(AGENT);
        assert_eq!(pod.arguments("chroot")[3], program.to_str().unwrap());
    }

    #[test]
    fn says_what_is_missing_where_there_is_no_program() {
        let pod = pod();
        fs::remove_file(pod.sandbox.join("node-agent")).unwrap();
        let message = pod.refusal(AGENT);
        assert!(message.starts_with("istio-agent: no program node-agent in "), "{message}");
        assert!(message.ends_with("see the settings agent-uri and agent-image"), "{message}");
    }

    #[test]
    fn says_how_a_pod_gets_its_token() {
        for unset in [false, true] {
            let mut pod = pod();
            pod.set("MESH_JOIN_TOKEN", "");
            if unset {
                pod.env.remove("MESH_JOIN_TOKEN");
            }
            assert_eq!(
                pod.refusal(AGENT),
                "istio-agent: MESH_JOIN_TOKEN is empty or not set; submit the pod with inject \
                 submit --join-key"
            );
            assert_eq!(list(&pod.sandbox), ["node-agent"]);
        }
    }

    #[test]
    fn refuses_to_start_without_a_variable_it_needs() {
        for name in [
            "MESOS_SANDBOX",
            "MESOS_TASK_ID",
            "ISTIO_AGENT_CA_ADDRESS",
            "ISTIO_AGENT_CA_ROOT_SHA256",
            "ISTIO_AGENT_CA_SERVER_NAME",
            "ISTIO_CERTS_DIR",
            "ISTIO_PROXY_UID",
        ] {
            pod().needs(name, "istio-agent", AGENT);
        }
    }

    #[test]
    fn never_goes_on_as_root() {
        for failing in ["chown", "chroot"] {
            let pod = pod();
            pod.stand_in(failing, "exit 1");
            assert!(!pod.run(AGENT).status.success());
            assert!(pod.calls_of("program").is_empty(), "{failing}");
        }
    }

    #[test]
    fn hands_on_every_value_as_it_is_and_runs_none() {
        let mut pod = with_token(Pod::in_directories_ending_with(HOSTILE));
        for name in ["ISTIO_AGENT_CA_ADDRESS", "ISTIO_PROXY_UID", "MESH_JOIN_TOKEN"] {
            pod.set(name, HOSTILE);
        }
        pod.succeed(AGENT);
        assert_eq!(pod.arguments("chroot")[0], format!("--userspec={HOSTILE}:{HOSTILE}"));
        assert!(pod.sandbox.join("agent").is_dir());
        assert!(!pod.path("canary").exists());
    }

    #[test]
    fn becomes_the_program_so_that_it_gets_the_sigterm() {
        let pod = pod();
        fetched(
            &pod,
            r#"trap 'echo "$$" >stopped; exit 0' TERM
               : >ready
               for _ in $(seq 300); do sleep 0.1; done
               exit 1"#,
        );
        let mut child = pod.start(AGENT);
        assert!(has_appeared(&pod.path("ready")));
        let pid = rustix::process::Pid::from_child(&child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(0));
        let stopped = fs::read_to_string(pod.path("stopped")).unwrap();
        assert_eq!(stopped.trim_end(), child.id().to_string());
    }
}

mod istio_init {
    use super::*;

    #[test]
    fn captures_traffic_and_has_nothing_to_do_with_certificates() {
        let mut pod = pod();
        for name in ["ISTIO_CERTS_DIR", "MESOS_SANDBOX"] {
            pod.env.remove(name);
        }
        pod.succeed(CAPTURE);
        assert_eq!(pod.names_called(), ["iptables", "istio-iptables.sh"]);
        assert_eq!(
            pod.arguments("istio-iptables.sh"),
            [
                ["-p", "15001"],
                ["-u", "1337"],
                ["-m", "REDIRECT"],
                ["-i", "*"],
                ["-x", "10.0.0.0/8"],
                ["-b", "80,8000"]
            ]
            .concat()
        );
    }

    #[test]
    fn refuses_to_start_without_a_variable_it_needs() {
        for name in [
            "HOST",
            "ISTIO_INBOUND_INTERCEPTION_MODE",
            "ISTIO_INBOUND_PORTS",
            "ISTIO_PROXY_PORT",
            "ISTIO_PROXY_UID",
            "ISTIO_SERVICE_CIDR",
        ] {
            let mut pod = pod();
            pod.env.remove(name);
            let message = pod.refusal(CAPTURE);
            assert!(message.starts_with(&format!("istio-init: {name} is ")), "{message}");
            assert_eq!(pod.names_called(), [""; 0], "{name}");
        }
    }
}

mod istio_proxy {
    use super::*;

    #[test]
    fn waits_for_the_files_of_the_agent() {
        let pod = pod();
        pod.stand_in("sleep", r#"echo MA== >"$ISTIO_CERTS_DIR/key.pem""#);
        put_bundle(&pod.certs);
        fs::remove_file(pod.certs.join("key.pem")).unwrap();
        pod.succeed(BESIDE);
        assert_eq!(pod.calls_of("sleep").len(), 1);
        assert_eq!(pod.calls_of("pilot-agent").len(), 1);
    }

    #[test]
    fn waits_for_the_socket_where_nothing_else_is_handed_on() {
        let mut pod = pod();
        let socket = pod.certs.join("sds.sock");
        pod.set("ISTIO_SDS_SOCKET", socket.to_str().unwrap());
        pod.stand_in("sleep", "");
        fs::write(&socket, "no socket").unwrap();
        let message = pod.refusal(BESIDE);
        assert!(message.starts_with("istio-proxy: nothing from istio-agent in "), "{message}");
        assert!(message.ends_with(" after 3 s; see the stderr of istio-agent"), "{message}");

        fs::remove_file(&socket).unwrap();
        let _listener = UnixListener::bind(&socket).unwrap();
        pod.succeed(BESIDE);
        assert_eq!(pod.calls_of("sleep").len(), 3);
        assert_eq!(pod.calls_of("pilot-agent").len(), 1);
    }

    #[test]
    fn gives_up_on_the_agent_after_the_timeout() {
        let pod = pod();
        pod.stand_in("sleep", "");
        let message = pod.refusal(BESIDE);
        assert!(message.ends_with(" after 3 s; see the stderr of istio-agent"), "{message}");
        assert!(pod.calls_of("pilot-agent").is_empty());
    }
}
