//! pilot-agent as a process, with the real Envoy.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::time::{Duration, Instant};

use super::sidecar::Certificates::{Directory, NoDirectory};
use super::sidecar::Sidecar;

/// The status and the words of an agent that does not come to run.
fn refused(owner: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let mut sidecar = Sidecar::start(owner, NoDirectory, arguments);
    (sidecar.end().code(), sidecar.stderr())
}

fn an_unknown_flag_ends_it_at_once() {
    let (code, stderr) = refused("1337:1337", &["proxy", "sidecar", "--unheardOf", "x"]);
    assert_eq!((code, stderr.as_str()), (Some(255), "Error: unknown flag: --unheardOf\n"));
}

fn a_bad_address_ends_it_at_once() {
    let (code, stderr) = refused("1337:1337", &["proxy", "--discoveryAddress", "pilot"]);
    assert_eq!(code, Some(255));
    assert!(stderr.contains("* invalid discovery address: unable to split \"pilot\""), "{stderr}");
}

fn another_user_ends_it_at_once() {
    for owner in ["0:0", "1337:0", "0:1337"] {
        let (code, stderr) = refused(owner, &["proxy", "--ip", "9.0.0.2"]);
        assert_eq!(code, Some(255));
        assert!(stderr.contains("Envoy's own traffic would be captured"), "{stderr}");
    }
}

fn a_config_path_that_it_may_not_write_to_ends_it() {
    let arguments = ["proxy", "--ip", "9.0.0.2", "--configPath", "certs"];
    let (code, stderr) = refused("1337:1337", &arguments);
    assert_eq!(code, Some(255));
    let expected = "Error: cannot write certs/envoy-rev0.json: Permission denied";
    assert!(stderr.contains(expected), "{stderr}");
}

fn envoy_is_ended_by_sigterm_to_the_agent() {
    let mut sidecar = Sidecar::proxy(Directory, "./envoy");
    sidecar.wait_until("up", |sidecar| sidecar.epoch() == Some(0));
    sidecar.terminate();
    assert_eq!(sidecar.end().code(), Some(0));
    let said = sidecar.stderr();
    assert!(
        said.contains("ended by a signal: epoch 0 of Envoy ended with exit status: 0"),
        "{said}"
    );
}

fn other_certificates_restart_envoy_ten_seconds_later_while_it_serves() {
    let mut sidecar = Sidecar::proxy(Directory, "./envoy");
    sidecar.serve_pilot();
    sidecar.wait_until("live", Sidecar::is_live);
    let written = Instant::now();
    fs::write(sidecar.certs().join("key.pem"), "another").unwrap();
    sidecar.wait_until("restarted", |sidecar| sidecar.epoch() == Some(1));
    assert!(written.elapsed() >= Duration::from_secs(10));
    let gone = "Epoch 0 ended with exit status: 0\n";
    sidecar.wait_until("rid of the first", |sidecar| sidecar.stderr().contains(gone));
    sidecar.terminate();
    assert_eq!(sidecar.end().code(), Some(0));
    let said = sidecar.stderr();
    assert!(
        said.contains("ended by a signal: epoch 1 of Envoy ended with exit status: 0"),
        "{said}"
    );
}

fn without_a_directory_for_certificates_it_warns() {
    let sidecar = Sidecar::proxy(NoDirectory, "./envoy");
    sidecar.wait_until("up", |sidecar| sidecar.epoch() == Some(0));
    let expected = "warn\twatching /etc/certs/ encounters an error no such file or directory\n";
    assert!(sidecar.stderr().contains(expected), "{}", sidecar.stderr());
}

/// SIGKILL is for its group, the Envoys among it.
fn it_does_not_outlive_the_tests() {
    let mut sidecar = Sidecar::proxy(Directory, "./envoy");
    sidecar.wait_until("up", |sidecar| sidecar.epoch() == Some(0));
    sidecar.let_go();
    assert_eq!(sidecar.end().signal(), Some(9));
}

fn an_envoy_that_always_dies_ends_the_agent() {
    let mut sidecar = Sidecar::proxy(Directory, "/bin/false");
    assert_eq!(sidecar.end().code(), Some(255));
    let said = sidecar.stderr();
    assert_eq!(said.matches("Epoch 0 starting").count(), 4, "{said}");
}

fn a_new_config_path_is_for_the_agent_alone() {
    let arguments = ["proxy", "--ip", "9.0.0.2", "--configPath", "config/new"];
    let sidecar = Sidecar::start(
        "1337:1337",
        NoDirectory,
        &[&arguments[..], &["--binaryPath", "/bin/true"]].concat(),
    );
    let file = sidecar.path("config/new/envoy-rev0.json");
    sidecar.wait_until("written", |_| file.exists());
    let mode = fs::metadata(sidecar.path("config/new")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

crate::tests! {
    an_unknown_flag_ends_it_at_once,
    a_bad_address_ends_it_at_once,
    another_user_ends_it_at_once,
    a_config_path_that_it_may_not_write_to_ends_it,
    envoy_is_ended_by_sigterm_to_the_agent,
    other_certificates_restart_envoy_ten_seconds_later_while_it_serves,
    without_a_directory_for_certificates_it_warns,
    it_does_not_outlive_the_tests,
    an_envoy_that_always_dies_ends_the_agent,
    a_new_config_path_is_for_the_agent_alone,
}
