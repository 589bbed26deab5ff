//! `inject check` and the bundles that pods get, where these are at hand.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "cli/scratch.rs"]
#[allow(dead_code, reason = "each test takes what it needs")]
mod scratch;

use std::time::Duration;

use marathon_inject::bundle::write_archive;
use marathon_inject::identity::x509::{Authority, AuthorityProfile, Bundle, KeyKind, LeafProfile};
use serde_json::{Value, json};
use time::OffsetDateTime;
use zeroize::Zeroizing;

use scratch::{Scratch, Told, labels, pod, pod_with};

const DEFAULT: &str = "spiffe://cluster.local/ns/default/sa/default";
const HOUR: Duration = Duration::from_secs(3600);

/// The archive of a bundle that lives for 24 hours and was made so long ago.
fn archive(identity: &str, ago: Duration) -> Zeroizing<Vec<u8>> {
    let made = OffsetDateTime::now_utc() - ago;
    let organization = "mesh".parse().unwrap();
    let (ttl, key) = (240 * HOUR, KeyKind::P256);
    let profile = AuthorityProfile { organization: &organization, ttl, key, path_len: 0 };
    let root = Authority::root(&profile, made).unwrap();
    let identity = identity.parse().unwrap();
    let leaf = LeafProfile { identity: &identity, organization: None, task: None, ttl: 24 * HOUR };
    let (bundle, _) = Bundle::issue(&root, root.roots(), &leaf, key, made).unwrap();
    write_archive(&bundle, made)
}

/// A pod, and the bundle `x.tgz` of the default identity, made so long ago.
fn with_bundle(ago: Duration) -> Scratch {
    Scratch::with(&pod("/a")).file("x.tgz", &*archive(DEFAULT, ago))
}

/// A check of `pod.json` that ends so.
fn check(scratch: &Scratch, arguments: &[&str], code: i32) -> Told {
    let all = ["check", "--uninjected", "--format", "json", "pod.json"];
    scratch.inject(&[&all, arguments].concat()).ends(code)
}

/// The code, the severity and the place of each finding.
fn found(told: &Told) -> Vec<[Value; 3]> {
    let findings = told.json()["findings"].clone();
    let each = findings.as_array().unwrap().iter();
    each.map(|it| [it["code"].clone(), it["severity"].clone(), it["pointer"].clone()]).collect()
}

#[test]
fn a_fresh_bundle_of_the_pods_identity_passes() {
    let told = check(&with_bundle(HOUR), &["--bundle", "x.tgz", "--strict"], 0);
    assert!(found(&told).is_empty());
}

#[test]
fn a_bundle_that_has_ended_fails_the_check() {
    let told = check(&with_bundle(25 * HOUR), &["--bundle", "x.tgz"], 1);
    assert_eq!(found(&told), [["I22", "error", "/id"]]);
}

#[test]
fn a_bundle_that_ends_soon_is_a_warning() {
    let scratch = with_bundle(17 * HOUR);
    let told = check(&scratch, &["--bundle", "x.tgz"], 0);
    assert_eq!(found(&told), [["I22", "warning", "/id"]]);
    check(&scratch, &["--bundle", "x.tgz", "--strict"], 1);
}

#[test]
fn how_soon_is_soon_can_be_said() {
    let scratch = with_bundle(HOUR);
    let told = check(&scratch, &["--bundle", "x.tgz", "--expires-within", "1day"], 0);
    assert_eq!(found(&told), [["I22", "warning", "/id"]]);
    let told = check(&scratch, &["--bundle", "x.tgz", "--expires-within", "2h"], 0);
    assert!(found(&told).is_empty());
}

#[test]
fn the_bundle_of_another_identity_fails_the_check() {
    let account = labels(json!({"istio.io/service-account.name": "shop"}));
    let scratch = Scratch::with(&pod_with("/a", account)).file("x.tgz", &*archive(DEFAULT, HOUR));
    let told = check(&scratch, &["--bundle", "x.tgz"], 1);
    assert_eq!(found(&told), [["I23", "error", "/id"]]);
}

#[test]
fn the_bundle_that_a_pod_would_copy_from_this_machine_is_looked_at() {
    let account = labels(json!({"istio.io/service-account.name": "shop"}));
    let shop = DEFAULT.replace("sa/default", "sa/shop");
    let scratch = Scratch::with(&format!("[{}, {}]", pod("/a"), pod_with("/b", account)))
        .file("default.tgz", &*archive(DEFAULT, 25 * HOUR))
        .file("shop.tgz", &*archive(&shop, HOUR));
    let uri = format!("file://{}", scratch.path("{service-account}.tgz").display());
    let told = check(&scratch, &["--bundle-uri", &uri], 1);
    assert_eq!(found(&told), [["I22", "error", "/0/id"]]);
}

#[test]
fn a_pod_that_gets_no_sidecar_gets_no_bundle() {
    let exempt = pod_with("/a", labels(json!({"sidecar.istio.io/inject": "false"})));
    let scratch = Scratch::with(&exempt).file("x.tgz", &*archive(DEFAULT, 25 * HOUR));
    assert!(found(&check(&scratch, &["--bundle", "x.tgz"], 0)).is_empty());
}

#[test]
fn a_bundle_that_is_not_there_ends_the_check() {
    let told = with_bundle(HOUR).inject(&["check", "pod.json", "--bundle", "no.tgz"]).refused();
    told.says("error: no.tgz: ");
}

#[test]
fn nothing_of_a_key_is_shown_even_where_it_cannot_be_read() {
    let key = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n";
    let scratch = Scratch::with(&pod("/a")).file("certs/key.pem", key);
    let scratch = scratch.file("certs/cert-chain.pem", "").file("certs/root-cert.pem", "");
    let told = check(&scratch, &["--bundle", "certs"], 1);
    assert!(found(&told).contains(&["I23", "error", "/id"].map(Value::from)));
    let said = told.out + &told.err;
    assert!(said.contains("key.pem is no private key") || said.contains("key.pem is of a kind"));
    assert!(!said.contains("c2VjcmV0") && !said.contains("secret"), "{said}");
}
