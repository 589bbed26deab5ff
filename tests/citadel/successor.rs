//! Which authority can follow another, and the way back from one that should not.

use std::fs;

use camino::Utf8PathBuf;
use marathon_inject::citadel::{Access, Citadel, OsDisk};
use marathon_inject::identity::x509::{Authority, AuthorityProfile, KeyKind};
use time::{Duration, OffsetDateTime};

use crate::scratch::Scratch;

#[test]
fn an_authority_that_ends_before_it_could_sign_is_refused() {
    let scratch = Scratch::with_ca();
    scratch.citadel("bundle -o x.tgz --ttl 30d").done();
    let told = scratch.citadel("rotate-root prepare --ttl 20d").refused();
    told.says("the next authority ends at ").says("before it could sign");
}

#[test]
fn an_authority_that_has_ended_is_not_taken_in() {
    let past = OffsetDateTime::now_utc() - Duration::DAY;
    let scratch = Scratch::with_ca().ca_from("past", past, Duration::HOUR);
    let own = scratch.active("past");
    let files = format!(
        "--signing-cert {own}/ca-cert.pem --signing-key {own}/ca-key.pem --root-cert {own}/root-cert.pem"
    );
    for line in ["init --dir new", "rotate-root prepare"] {
        scratch.citadel(&format!("{line} {files}")).refused().says("has ended at ");
    }
}

#[test]
fn an_authority_that_ended_while_it_waited_does_not_sign_forced_or_not() {
    let scratch = Scratch::with_ca();
    let past = OffsetDateTime::now_utc() - Duration::DAY;
    let organization = "Next".parse().unwrap();
    let profile = AuthorityProfile {
        organization: &organization,
        ttl: Duration::HOUR.unsigned_abs(),
        key: KeyKind::P256,
        path_len: 0,
    };
    let next = Authority::root(&profile, past).unwrap();
    let dir = Utf8PathBuf::try_from(scratch.path("ca")).unwrap();
    Citadel::open(&dir, Access::Write, past).unwrap().prepare(next, past, &OsDisk).unwrap();

    for line in ["rotate-root activate", "rotate-root activate --force"] {
        scratch.citadel(line).refused().says("has ended at ");
    }
    scratch.citadel("rotate-root cancel").done();
    scratch.citadel("bundle -o x.tgz").done();
}

#[test]
fn a_root_that_peers_could_take_for_the_present_one_is_refused() {
    let Some(scratch) = Scratch::with_openssl() else { return };
    let own = |name: &str| {
        format!("--signing-cert {name}.pem --signing-key {name}.key --root-cert {name}.pem")
    };
    for name in ["one", "two"] {
        scratch.key(name);
        scratch.self_signed_as(name, "root_without_key_ids", "/O=Corp");
    }
    scratch.citadel(&format!("init {}", own("one"))).done();
    let told = scratch.citadel(&format!("rotate-root prepare {}", own("two"))).refused();
    told.says("bears the name of another one, O=Corp");
}

#[test]
fn what_is_prepared_can_be_cancelled() {
    let scratch = Scratch::with_ca();
    scratch.citadel("bundle -o x.tgz").done();
    let before = scratch.snapshot("ca");
    scratch.citadel("rotate-root prepare").done();
    scratch.citadel("rotate-root cancel").done().says("ca: cancelled; the key of O=cluster.local");
    assert!(scratch.snapshot("ca") == before, "the CA is not what it was");
    scratch.citadel("rotate-root cancel").refused().says("cancel is not its next step");
}

#[test]
fn what_signs_cannot_be_cancelled() {
    let scratch = Scratch::with_ca();
    scratch.citadel("rotate-root prepare").done();
    scratch.citadel("rotate-root activate").done();
    scratch.citadel("rotate-root cancel").refused().says("cancel is not its next step");
}

#[test]
fn whoever_retires_a_root_hears_until_when_it_is_trusted() {
    let scratch = Scratch::with_ca();
    scratch.citadel("rotate-root prepare").done();
    scratch.citadel("rotate-root activate").done();
    scratch.citadel("bundle -o x.tgz --ttl 30d").done();
    let told = scratch.citadel("rotate-root retire").done();
    told.says("bundles made before trust it until ").says("replace them now");
}

#[test]
fn an_offline_root_signs_no_leaf_and_has_no_successor_of_its_own() {
    let scratch = Scratch::new();
    scratch.citadel("init --intermediate").done();
    for line in ["bundle -o x.tgz", "rotate-root prepare"] {
        let told = scratch.citadel(line).args("--dir ca-root").refused();
        told.says("this is an offline root");
    }
}

#[test]
fn an_offline_root_that_is_away_is_not_made_anew() {
    let scratch = Scratch::new();
    scratch.citadel("init --intermediate").done();
    fs::rename(scratch.path("ca-root"), scratch.path("vault")).unwrap();
    let told = scratch.citadel("rotate-root prepare --intermediate").refused();
    told.says("ca-root: the offline root is not there").says("name a new --root-dir");
    scratch.citadel("rotate-root prepare --intermediate --root-dir vault").done();
}

#[test]
fn an_offline_root_lies_beside_the_ca_and_never_in_it() {
    let scratch = Scratch::new();
    scratch.citadel("init --intermediate").done();
    for dir in ["ca/root", "ca/../ca/root", "."] {
        let line = "rotate-root prepare --intermediate --root-dir";
        scratch.citadel(line).arg(dir).refused().says("needs a directory of its own");
    }
    // From within the CA's directory, too, the root is beside it.
    scratch.citadel_after("cd ca", "rotate-root prepare --intermediate --dir .").done();
    assert_eq!(scratch.names("").iter().filter(|name| name.ends_with("root/")).count(), 1);
}
