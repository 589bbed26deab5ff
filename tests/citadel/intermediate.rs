//! A CA whose root is offline: it holds an intermediate, and the root's key is elsewhere.

use std::fs;

use crate::scratch::Scratch;

fn ca() -> Scratch {
    let scratch = Scratch::new();
    scratch.citadel("init --intermediate").done();
    scratch
}

#[test]
fn the_root_is_made_beside_the_ca_with_the_same_care() {
    let scratch = ca();
    assert_eq!([scratch.mode("ca"), scratch.mode("ca-root")], [0o700, 0o700]);
    let root = format!("{}/ca-key.pem", scratch.active("ca-root"));
    assert_eq!(scratch.mode(&root), 0o600);
    assert!(scratch.signer("ca-root").is_self_issued());
    assert!(!scratch.signer("ca").is_self_issued());
}

#[test]
fn the_root_is_made_where_it_is_told_to() {
    let scratch = Scratch::new().directory("usb");
    scratch.citadel("init --intermediate --root-dir usb/root").done();
    assert!(scratch.signer("usb/root").is_self_issued());
    assert!(!scratch.path("ca-root").exists());
}

#[test]
fn the_ca_does_not_hold_the_key_of_the_root() {
    let scratch = ca();
    let key = scratch.read(&format!("{}/ca-key.pem", scratch.active("ca-root")));
    let keys: Vec<_> =
        scratch.snapshot("ca").into_iter().filter(|(name, _)| name.ends_with("key.pem")).collect();
    assert_eq!(keys.len(), 1);
    assert!(keys[0].1.1 != key, "the CA holds the key of the root");
}

#[test]
fn the_ca_works_without_its_root() {
    let scratch = ca();
    fs::remove_dir_all(scratch.path("ca-root")).unwrap();
    scratch.citadel("bundle -o x.tgz").done();
    scratch.citadel("verify x.tgz").done();
}

#[test]
fn a_bundle_carries_the_leaf_the_intermediate_and_only_the_root_to_trust() {
    let scratch = ca();
    let root = scratch.certificates(&format!("{}/ca-cert.pem", scratch.active("ca-root")));
    scratch.citadel("bundle -o out").done();
    let chain = scratch.certificates("out/certs/cert-chain.pem");
    assert_eq!(chain.len(), 2);
    assert_eq!(chain[1], scratch.signer("ca"));
    assert_eq!(chain[0].facts().issuer, chain[1].facts().subject);
    assert_eq!(chain[1].facts().issuer, root[0].facts().subject);
    assert_eq!(scratch.certificates("out/certs/root-cert.pem"), root);
    scratch.citadel("verify out").done();
}

#[test]
fn openssl_takes_the_chain() {
    let Some(scratch) = Scratch::with_openssl() else { return };
    scratch.citadel("init --intermediate --key rsa2048").done();
    scratch.citadel("bundle -o out").done();
    let files = "-CAfile out/certs/root-cert.pem -untrusted out/certs/cert-chain.pem";
    scratch.openssl(&format!("verify -x509_strict {files} out/certs/cert-chain.pem"));
}

#[test]
fn a_second_ca_can_have_the_same_root() {
    let scratch = ca();
    let before = scratch.snapshot("ca-root");
    scratch.citadel("init --dir second --intermediate --root-dir ca-root").done();
    assert!(scratch.snapshot("ca-root") == before, "the root has changed");
    assert_ne!(scratch.signer("ca"), scratch.signer("second"));
    scratch.citadel("bundle --dir second -o second.tgz").done();
    let root = format!("{}/root-cert.pem", scratch.active("ca"));
    scratch.citadel("verify second.tgz --root-cert").arg(root).done();
}

#[test]
fn the_intermediate_ends_with_its_root_at_the_latest() {
    let scratch = Scratch::new();
    scratch.citadel("init --intermediate --ttl 2h --intermediate-ttl 3h").done();
    let [root, online] = ["ca-root", "ca"].map(|ca| scratch.signer(ca).facts().not_after);
    assert_eq!(online, root);
    scratch.citadel("init --dir b --intermediate --ttl 2h --intermediate-ttl 1h").done();
    let [root, online] = ["b-root", "b"].map(|ca| scratch.signer(ca).facts().not_after);
    assert_eq!(root - online, time::Duration::hours(1));
}

#[test]
fn a_root_of_another_trust_domain_is_refused() {
    let scratch = ca();
    let line = "init --dir b --intermediate --root-dir ca-root --trust-domain other.example";
    let told = scratch.citadel(line).refused();
    told.says("ca-root: the root is that of cluster.local, not of other.example");
}

#[test]
fn a_root_that_allows_no_intermediate_is_refused() {
    let scratch = Scratch::with_ca();
    let told = scratch.citadel("init --dir b --intermediate --root-dir ca").refused();
    told.says("allows no intermediate below it");
}

#[test]
fn a_root_that_others_can_read_is_refused() {
    let scratch = ca();
    scratch.chmod("ca-root", 0o755);
    let told = scratch.citadel("init --dir b --intermediate --root-dir ca-root").refused();
    told.says("`chmod 700 ca-root`");
}

#[test]
fn a_root_in_the_place_of_the_ca_is_refused() {
    for dir in ["ca", "./ca", "ca/"] {
        let scratch = Scratch::new();
        let told = scratch.citadel("init --intermediate --root-dir").arg(dir).refused();
        told.says("the offline root needs a directory of its own");
    }
}

#[test]
fn flags_of_the_intermediate_need_it() {
    let scratch = Scratch::new();
    for line in ["init --root-dir root", "init --intermediate-ttl 1h"] {
        scratch.citadel(line).refused().says("--intermediate");
    }
}
