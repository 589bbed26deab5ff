//! `citadel verify` says whether a bundle would serve: exit code 0, or 1 and every reason why not.

use marathon_inject::bundle::write_archive;
use marathon_inject::identity::SpiffeId;
use marathon_inject::identity::x509::{
    Authority, AuthorityProfile, Bundle, Certificate, KeyKind, LeafProfile,
};
use time::{Duration, OffsetDateTime};

use crate::scratch::{Scratch, Told};

const DEFAULT: &str = "spiffe://cluster.local/ns/default/sa/default";
const HOUR: std::time::Duration = std::time::Duration::from_secs(3600);

/// A CA and the bundle `out` of it.
fn good() -> Scratch {
    let scratch = Scratch::with_ca();
    scratch.citadel("bundle -o out").done();
    scratch
}

/// Expects that a bundle would not serve, and for how many reasons.
fn would_not_serve(scratch: &Scratch, line: &str, reasons: usize) -> Told {
    let before = scratch.snapshot("");
    let told = scratch.citadel(&format!("verify {line}")).ends(1);
    assert!(scratch.snapshot("") == before, "verify has changed something");
    assert_eq!(told.out(), "");
    assert_eq!(told.err.matches("\n  - ").count(), reasons, "{}", told.err);
    told.says(" would not serve:\n  - ")
}

#[test]
fn a_good_bundle_passes_and_standard_output_stays_empty() {
    let scratch = good();
    scratch.citadel("bundle -o x.tgz").done();
    for line in ["verify out", "verify out/certs", "verify x.tgz"] {
        let told = scratch.citadel(line).done();
        assert_eq!(told.out(), "");
        told.says(&format!(": {DEFAULT}, valid until "));
    }
    assert_eq!(scratch.citadel("verify --quiet out").done().err, "");
}

#[test]
fn the_identity_that_is_expected_passes() {
    good().citadel("verify out --identity").arg(DEFAULT).done();
}

#[test]
fn another_identity_does_not() {
    let other = "spiffe://cluster.local/ns/default/sa/other";
    let told = would_not_serve(&good(), &format!("out --identity {other}"), 1);
    told.says(&format!("the leaf is for {DEFAULT}, not for {other}"));
}

#[test]
fn the_key_of_another_certificate_does_not() {
    let scratch = good();
    scratch
        .write("out/certs/key.pem", scratch.read(&format!("{}/ca-key.pem", scratch.active("ca"))));
    would_not_serve(&scratch, "out", 1).says("key.pem does not belong to the first certificate");
}

#[test]
fn a_root_that_did_not_sign_it_does_not() {
    let scratch = good();
    scratch.citadel("init --dir other").done();
    let root = format!("{}/root-cert.pem", scratch.active("other"));
    let told = would_not_serve(&scratch, &format!("out --root-cert {root}"), 1);
    told.says("cert-chain.pem: none of the roots signed it, nor any certificate between");
    scratch.write("out/certs/root-cert.pem", scratch.read(&root));
    would_not_serve(&scratch, "out", 1).says("none of the roots signed it");
}

#[test]
fn where_a_root_is_named_the_bundle_needs_none_and_what_is_wrong_with_it_is_said_of_that_file() {
    let scratch = good();
    std::fs::rename(scratch.path("out/certs/root-cert.pem"), scratch.path("root.pem")).unwrap();
    scratch.citadel("verify out --root-cert root.pem").done();
    scratch.citadel("verify out").refused().says("root-cert.pem");
    scratch.write("rubbish.pem", "rubbish");
    let told = would_not_serve(&scratch, "out --root-cert rubbish.pem", 1);
    told.says("\n  - rubbish.pem ");
    let told = would_not_serve(&scratch, "out --root-cert out/certs/cert-chain.pem", 2);
    told.says("\n  - out/certs/cert-chain.pem holds ");
    scratch.citadel("bundle -o x.tgz").done();
    would_not_serve(&scratch, "x.tgz --root-cert rubbish.pem", 1).says("- rubbish.pem ");
    scratch.citadel("verify x.tgz --root-cert no.pem").refused().says("error: no.pem: ");
}

#[test]
fn the_root_that_is_named_counts_and_not_that_of_the_bundle() {
    let scratch = good();
    let root = scratch.read("out/certs/root-cert.pem");
    scratch.write("root.pem", root);
    scratch.write("out/certs/root-cert.pem", "rubbish");
    scratch.citadel("verify out --root-cert root.pem").done();
    would_not_serve(&scratch, "out", 1).says("root-cert.pem holds no PEM certificate");
}

/// The bundle `x.tgz` of a leaf that lived an hour, by a root that lives as long as it is told to,
/// both made so long ago.
fn past(ago: Duration, root_ttl: std::time::Duration) -> Scratch {
    let now = OffsetDateTime::now_utc() - ago;
    let (key, identity) = (KeyKind::P256, DEFAULT.parse::<SpiffeId>().unwrap());
    let past = "Past".parse().unwrap();
    let profile = AuthorityProfile { organization: &past, ttl: root_ttl, key, path_len: 0 };
    let root = Authority::root(&profile, now).unwrap();
    let leaf = LeafProfile { identity: &identity, organization: None, task: None, ttl: HOUR };
    let (bundle, _) = Bundle::issue(&root, root.roots(), &leaf, key, now).unwrap();
    Scratch::new().file("x.tgz", &*write_archive(&bundle, now))
}

#[test]
fn a_leaf_that_has_ended_does_not() {
    let scratch = past(Duration::hours(2), 24 * HOUR);
    would_not_serve(&scratch, "x.tgz", 1).says("a certificate of the chain has ended at ");
}

#[test]
fn a_leaf_that_has_not_begun_does_not() {
    let scratch = past(Duration::hours(-2), 24 * HOUR);
    let told = would_not_serve(&scratch, "x.tgz", 1);
    told.says("no root is valid at ");
}

#[test]
fn a_root_that_has_ended_does_not() {
    let scratch = past(Duration::hours(2), HOUR);
    would_not_serve(&scratch, "x.tgz", 1).says("no root is valid at ");
}

/// Expects that the only fault of a leaf of this section is told.
fn leaf_would_not_serve(section: &str, words: &str) {
    let Some(scratch) = Scratch::with_openssl() else { return };
    scratch.foreign_bundle("out", section);
    would_not_serve(&scratch, "out", 1).says(words);
}

#[test]
fn a_bundle_that_others_made_passes() {
    let Some(scratch) = Scratch::with_openssl() else { return };
    scratch.foreign_bundle("out", "workload");
    scratch.citadel("verify out --identity").arg(DEFAULT).done();
}

#[test]
fn a_leaf_that_is_the_certificate_of_a_ca_does_not() {
    leaf_would_not_serve("ca_as_leaf", "cert-chain.pem: the leaf is the certificate of a CA");
}

#[test]
fn a_leaf_without_a_uri_does_not() {
    let words = "cert-chain.pem: the leaf is for no workload: it has no URI among its names";
    leaf_would_not_serve("no_uri", words);
}

#[test]
fn a_leaf_with_two_uris_does_not() {
    leaf_would_not_serve("two_uris", "it has more than one URI among its names");
}

#[test]
fn a_leaf_whose_uri_is_no_identity_does_not() {
    leaf_would_not_serve("other_uri", "the leaf is for no workload: \"https://web.example/\"");
}

#[test]
fn a_leaf_that_is_not_for_clients_does_not() {
    leaf_would_not_serve("no_client", "cert-chain.pem: it is not for clients (clientAuth)");
}

#[test]
fn a_leaf_whose_key_may_not_sign_does_not() {
    leaf_would_not_serve("no_signature", "may not be used for digitalSignature");
}

#[test]
fn a_root_that_is_no_ca_does_not() {
    let scratch = good();
    let [root, leaf] =
        ["root-cert.pem", "cert-chain.pem"].map(|file| scratch.read(&format!("out/certs/{file}")));
    scratch.write("out/certs/root-cert.pem", [root, leaf].concat());
    would_not_serve(&scratch, "out", 1).says("root-cert.pem holds \"\", which is no CA");
}

#[test]
fn all_faults_are_told_at_once() {
    let scratch = past(Duration::hours(2), 24 * HOUR);
    let mut bundle = scratch.bundle("x.tgz");
    bundle.key = good().bundle_key();
    scratch.write("y.tgz", &*write_archive(&bundle, OffsetDateTime::now_utc()));
    let line = "y.tgz --identity spiffe://cluster.local/ns/default/sa/other";
    let told = would_not_serve(&scratch, line, 3).says("has ended at").says("key.pem does not");
    told.says("not for spiffe://cluster.local/ns/default/sa/other");
}

impl Scratch {
    /// The key of the bundle `out`.
    fn bundle_key(&self) -> zeroize::Zeroizing<Vec<u8>> {
        self.read("out/certs/key.pem").into()
    }
}

#[test]
fn files_that_cannot_be_read_are_told_at_once() {
    let scratch = good();
    for file in ["root-cert.pem", "cert-chain.pem", "key.pem"] {
        scratch.write(&format!("out/certs/{file}"), "rubbish");
    }
    let told = would_not_serve(&scratch, "out", 3).says("root-cert.pem holds no PEM certificate");
    told.says("cert-chain.pem holds no PEM certificate").says("key.pem holds no PEM private key");
}

#[test]
fn a_chain_whose_order_is_wrong_does_not() {
    let scratch = Scratch::new();
    scratch.citadel("init --intermediate").done();
    scratch.citadel("bundle -o out").done();
    let mut chain = scratch.certificates("out/certs/cert-chain.pem");
    chain.reverse();
    let pem: String = chain.iter().map(Certificate::to_pem).collect();
    scratch.write("out/certs/cert-chain.pem", pem);
    scratch.citadel("verify out").ends(1).says("the leaf is the certificate of a CA");
}

#[test]
fn a_chain_without_its_intermediate_does_not() {
    let scratch = Scratch::new();
    scratch.citadel("init --intermediate").done();
    scratch.citadel("bundle -o out").done();
    let chain = scratch.certificates("out/certs/cert-chain.pem");
    scratch.write("out/certs/cert-chain.pem", chain[0].to_pem());
    would_not_serve(&scratch, "out", 1).says("none of the roots signed it");
}

#[test]
fn what_is_no_bundle_is_bad_input() {
    let scratch = good().directory("empty").file("file", "mine").file("nothing", "");
    for (name, words) in [
        ("no", "no: No such file"),
        ("empty", "empty holds neither a bundle"),
        ("file", "file is a single file, no bundle"),
        ("nothing", "nothing is a single file, no bundle"),
        ("ca", "ca is the directory of a CA, no bundle"),
        ("out/certs/key.pem", "out/certs/key.pem is a single file, no bundle"),
    ] {
        scratch.citadel("verify").arg(name).refused().says(words);
    }
    scratch.citadel("verify out --root-cert no.pem").refused().says("no.pem: No such file");
    scratch.citadel("verify out --identity default").refused().says("invalid value");
}
