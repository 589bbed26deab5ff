//! The audit log.

use std::time::Duration;

use marathon_inject::identity::x509::{KeyKind, PrivateKey};
use rustix::process::Signal;
use serde_json::Value;
use tonic::Code;

use crate::client::Proof;
use crate::requests::{csr, naming, request, uri};
use crate::site::{DEFAULT, Site, eventually};

const HOUR: Duration = Duration::from_secs(3600);
const OTHER: &str = "spiffe://cluster.local/ns/default/sa/other";

#[tokio::test]
async fn each_certificate_has_a_line_that_says_all_of_it() {
    let site = Site::new();
    let service = site.serve("");
    let key = PrivateKey::generate(KeyKind::P256).unwrap();
    let client = service.dial().client().await;
    let csr = request(&key, Some(DEFAULT));
    let leaf = client.leaf(&csr, Proof::token("token-0")).await.unwrap();
    let [line] = &site.audited()[..] else { panic!("{:?}", site.audited()) };
    assert_eq!(line["result"], "issued");
    assert_eq!(line["api"], "CreateCertificate");
    assert_eq!(line["method"], "token");
    assert_eq!(line["identity"], DEFAULT);
    assert_eq!(line["requested"], serde_json::json!([DEFAULT]));
    assert_eq!(line["serial"], leaf.facts().serial.as_str());
    assert_eq!(line["keySha256"], key.public_key().sha256());
    assert_eq!(line["ttl"], 3600);
    assert!(line["peer"].as_str().unwrap().starts_with("127.0.0.1:"));
    assert!(line["time"].as_str().unwrap().ends_with('Z'));
    assert_eq!(line.get("reason"), None);
}

#[tokio::test]
async fn each_refusal_has_a_line_with_the_reason_that_the_caller_is_not_told() {
    let site = Site::new();
    let service = site.serve("");
    let client = service.dial().client().await;
    let task = "a.instance-1.istio-agent.1";
    let proof = Proof { token: Some("token-99"), task: Some(task) };
    client.leaf(&csr(None), proof).await.unwrap_err();
    client.handle("garbage", 0, Proof::token("token-0")).await.unwrap_err();
    let names = naming(vec![uri(DEFAULT), uri(OTHER)]);
    client.leaf(&names, Proof::token("token-0")).await.unwrap_err();
    let identity = site.identity(DEFAULT, None, HOUR);
    let renewing = service.dial().showing(&identity).client().await;
    renewing.leaf(&csr(Some(OTHER)), Proof::NONE).await.unwrap_err();
    let lines = site.audited();
    let of = |name: &str| lines.iter().map(|line| line[name].clone()).collect::<Vec<_>>();
    let codes = ["Unauthenticated", "InvalidArgument", "InvalidArgument", "PermissionDenied"];
    assert_eq!(of("code"), codes);
    assert_eq!(of("result"), ["refused"; 4]);
    assert_eq!(lines[0]["reason"], "not authenticated: the token is not listed");
    assert_eq!(lines[0]["claimedTask"], task);
    assert_eq!(lines[0].get("identity"), None);
    assert_eq!(lines[1]["api"], "HandleCSR");
    assert!(lines[2]["requested"][0].as_str().unwrap().contains(OTHER));
    assert_eq!(lines[3]["identity"], DEFAULT);
    assert_eq!(lines[3]["method"], "certificate");
    assert_eq!(lines[3]["requested"], serde_json::json!([OTHER]));
    assert!(lines.iter().all(|line| line.get("serial").is_none()));
}

#[tokio::test]
async fn no_token_and_no_key_is_in_it_or_in_what_the_service_says() {
    let site = Site::new();
    let service = site.serve("--log trace");
    let key = PrivateKey::generate(KeyKind::P256).unwrap();
    let client = service.dial().client().await;
    client.leaf(&request(&key, None), Proof::token("token-0")).await.unwrap();
    client.leaf(&request(&key, None), Proof::token("unlisted-token")).await.unwrap_err();
    let said = [site.read("audit.log"), service.log(), service.said()].concat();
    for secret in ["token-0", "unlisted-token", "PRIVATE KEY"] {
        assert!(!said.contains(secret), "{secret}: {said}");
    }
}

#[tokio::test]
async fn it_is_for_its_owner_and_nothing_in_it_is_written_over() {
    let site = Site::new();
    for token in ["token-0", "token-1"] {
        let service = site.serve("");
        let client = service.dial().client().await;
        client.leaf(&csr(None), Proof::token(token)).await.unwrap();
    }
    assert_eq!(site.mode("audit.log"), 0o600);
    assert_eq!(site.audited().len(), 2);
}

#[tokio::test]
async fn it_is_standard_output_unless_a_file_is_named() {
    let site = Site::new();
    let service = site.serve("--audit-log -");
    let client = service.dial().client().await;
    client.leaf(&csr(None), Proof::token("token-0")).await.unwrap();
    let said = eventually("there is a line", || Some(service.said()).filter(|it| !it.is_empty()));
    let line: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(line["result"], "issued");
}

#[tokio::test]
async fn what_cannot_be_written_there_is_not_handed_out() {
    let site = Site::new();
    let service = site.serve("--audit-log /dev/full");
    let identity = site.identity(DEFAULT, None, HOUR);
    let client = service.dial().showing(&identity).client().await;
    for status in [
        client.create(&csr(None), 0, Proof::NONE).await.unwrap_err(),
        client.handle(&csr(None), 0, Proof::NONE).await.unwrap_err(),
    ] {
        assert_eq!(status.code(), Code::Unavailable, "{status}");
    }
    assert_eq!(service.metric("citadel_audit_failures_total"), Some(2.0));
}

#[tokio::test]
async fn a_log_that_was_moved_away_is_begun_anew_at_a_signal() {
    let site = Site::new();
    let service = site.serve("");
    let client = service.dial().client().await;
    client.leaf(&csr(None), Proof::token("token-0")).await.unwrap();
    std::fs::rename(site.path("audit.log"), site.path("audit.log.1")).unwrap();
    service.signal(Signal::HUP);
    eventually("there is a new log", || site.path("audit.log").exists().then_some(()));
    client.leaf(&csr(None), Proof::token("token-1")).await.unwrap();
    assert_eq!(site.audited().len(), 1);
    assert_eq!(site.read("audit.log.1").lines().count(), 1);
}

#[tokio::test]
async fn who_asks_much_too_often_does_not_fill_it() {
    let site = Site::new();
    let service = site.serve("");
    let client = service.dial().client().await;
    let (csr, mut turned_away) = (csr(None), 0);
    while turned_away < 200 {
        let status = client.leaf(&csr, Proof::token("token-99")).await.unwrap_err();
        turned_away += i32::from(status.code() == Code::ResourceExhausted);
    }
    let told = |line: &&Value| line["code"] == "ResourceExhausted";
    let told = site.audited().iter().filter(told).count();
    assert!((1..150).contains(&told), "{told}");
    let counted = service.metric(r#"citadel_refusals_total{code="ResourceExhausted"}"#);
    assert_eq!(counted, Some(200.0));
}
