//! How the service begins, and how it ends.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use marathon_inject::identity::JoinKey;
use rustix::process::Signal;
use tokio::task::spawn_blocking;

use crate::client::{Proof, next};
use crate::requests::csr;
use crate::site::Site;

/// Expects that nobody is served, with exit code 2 and these words.
fn refused(site: &Site, line: &str, words: &str) {
    let any = "--listen 127.0.0.1:0 --metrics-listen 127.0.0.1:0";
    let output = site.citadel(&format!("serve {line} {any}"));
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{line}: {err}");
    assert!(err.contains(words), "{line}: {err}");
    assert!(output.stdout.is_empty());
}

const STATIC: &str = "--attest static --static-tokens tokens.toml";

#[test]
fn what_is_missing_is_named() {
    let site = Site::new();
    refused(&site, "", "name it with --join-key");
    refused(&site, "--attest static", "name their list: --static-tokens");
    refused(&site, &format!("{STATIC} --dir nowhere"), "there is no CA at nowhere");
    refused(&site, "--attest static --static-tokens nowhere", "nowhere: No such file");
    site.write("join.key", &JoinKey::generate().unwrap().to_text());
    refused(&site, "--join-key join.key", "name it with --marathon or CITADEL_MARATHON");
}

#[test]
fn what_is_wrong_is_named() {
    let site = Site::new();
    site.write("bad.toml", "[[token]]\nsha256 = 'x'\nidentity = 'y'\n");
    refused(&site, "--attest static --static-tokens bad.toml", "bad.toml:2:10: expected a SHA-256");
    site.write("join.key", "no key\n");
    let marathon = "--marathon http://127.0.0.1:1";
    refused(&site, &format!("{marathon} --join-key join.key"), "join.key: is no join key");
    site.write("policy.toml", "renew = 1\n");
    site.write("join.key", &JoinKey::generate().unwrap().to_text());
    let policy = format!("{marathon} --join-key join.key --policy policy.toml");
    refused(&site, &policy, "policy.toml:1:1: unknown field");
    refused(&site, &format!("{STATIC} --log a=b=c"), "--log");
    refused(&site, &format!("{STATIC} --grpc-host-identities a..b"), "");
    let ttls = "--workload-cert-ttl 48h --max-workload-cert-ttl 24h";
    refused(&site, &format!("{STATIC} {ttls}"), "is greater than the max allowed TTL 1day");
    refused(&site, &format!("{STATIC} --audit-log nowhere/audit.log"), "nowhere/audit.log: ");
}

#[test]
fn a_key_that_others_can_read_is_not_used() {
    let site = Site::new();
    site.write("join.key", &JoinKey::generate().unwrap().to_text());
    let open = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(site.path("join.key"), open.clone()).unwrap();
    let line = "--marathon http://127.0.0.1:1 --join-key join.key";
    refused(&site, line, "join.key holds a secret and is open to others (mode 0644)");
    std::fs::set_permissions(site.path("ca"), std::fs::Permissions::from_mode(0o755)).unwrap();
    refused(&site, STATIC, "ca can be read by others (mode 0755)");
}

#[test]
fn an_address_that_is_taken_is_named() {
    let site = Site::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let output = site.citadel(&format!("serve {STATIC} --listen {address}"));
    assert_eq!(output.status.code(), Some(2));
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(err.contains(&format!("error: {address}: Address already in use")), "{err}");
}

#[test]
fn two_services_do_not_share_a_directory() {
    let site = Site::new();
    let _service = site.serve("");
    refused(&site, STATIC, "in use by another citadel");
}

#[test]
fn the_environment_says_what_the_flags_say() {
    let site = Site::new();
    let service = site.serve_in(&[
        ("CITADEL_DIR", "ca"),
        ("CITADEL_LISTEN", "127.0.0.1:0"),
        ("CITADEL_METRICS_LISTEN", "127.0.0.1:0"),
        ("CITADEL_ATTEST", "static"),
        ("CITADEL_STATIC_TOKENS", "tokens.toml"),
        ("CITADEL_AUDIT_LOG", "audit.log"),
    ]);
    assert_eq!(service.watch("/ready").0, 200);
}

#[tokio::test]
async fn it_ends_at_a_signal_and_ends_the_streams_that_would_go_on_for_ever() {
    for signal in [Signal::TERM, Signal::INT] {
        let site = Site::new();
        let service = site.serve("");
        let client = service.dial().client().await;
        let mut stream = client.roots().await;
        next(&mut stream).await.unwrap();
        let begun = Instant::now();
        service.signal(signal);
        assert_eq!(next(&mut stream).await, None);
        // Meanwhile the client has to be there: it is told that the connection ends, and says so.
        let ended = spawn_blocking(move || service.ended()).await.unwrap();
        assert!(ended.success());
        assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn a_directory_is_served_again_after_the_end_and_after_a_kill() {
    let site = Site::new();
    for (signal, token) in [(Signal::TERM, "token-0"), (Signal::KILL, "token-1")] {
        let service = site.serve("");
        let client = service.dial().client().await;
        client.leaf(&csr(None), Proof::token(token)).await.unwrap();
        service.signal(signal);
        service.ended();
    }
    site.serve("");
}

/// The system gives root what it has on a process that leaves no core files (proc(5)).
#[test]
fn its_own_user_can_read_neither_its_environment_nor_its_memory() {
    let site = Site::new();
    let service = match rustix::process::getuid().is_root() {
        true => site.serve_as_user(1337),
        false => site.serve(""),
    };
    assert_eq!(service.owner(), 0);
}
