//! `citadel rotate-root renew` gives the root a new certificate of the same key.

use marathon_inject::identity::x509::Certificate;
use time::{Duration, OffsetDateTime};

use crate::scratch::Scratch;

/// The roots of a bundle that the CA makes now.
fn roots(scratch: &Scratch) -> Vec<Certificate> {
    scratch.citadel("bundle -o out").done();
    scratch.certificates("out/certs/root-cert.pem")
}

#[test]
fn bundles_carry_the_new_certificate_alone_and_nobody_is_cut_off() {
    let scratch = Scratch::with_ca();
    scratch.citadel("bundle -o old.tgz").done();
    let old = roots(&scratch);
    let key = scratch.read(&format!("{}/ca-key.pem", scratch.active("ca")));
    scratch.citadel("rotate-root renew").done().says("ca: renewed; the root O=cluster.local, ");
    let new = roots(&scratch);
    assert_eq!(new, [scratch.signer("ca")]);
    assert_ne!(new, old);
    assert!(scratch.read(&format!("{}/ca-key.pem", scratch.active("ca"))) == key, "another key");
    scratch.write("old.pem", &scratch.bundle("old.tgz").root_cert);
    scratch.citadel("verify out --root-cert old.pem").done();
    scratch.citadel("verify old.tgz --root-cert out/certs/root-cert.pem").done();
}

#[test]
fn it_takes_the_place_of_the_old_one_and_lives_as_long_or_as_is_asked() {
    for (ttl, days) in [("", 3650), (" --ttl 7300d", 7300)] {
        let scratch = Scratch::with_ca();
        let before = scratch.names("ca");
        let old = scratch.active("ca").replace("ca/", "");
        scratch.citadel(&format!("rotate-root renew{ttl}")).done();
        let left = scratch.signer("ca").facts().not_after - OffsetDateTime::now_utc();
        assert!((days - 1..=days).contains(&left.whole_days()), "{left}");
        let new = scratch.active("ca").replace("ca/", "");
        let mut after: Vec<_> = before.iter().map(|name| name.replace(&old, &new)).collect();
        after.push(format!("{new}/former-roots.pem"));
        after.sort();
        assert_eq!(scratch.names("ca"), after);
        assert_eq!(scratch.shown("ca")["ca"]["rotation"], "stable");
    }
}

#[test]
fn the_pins_of_both_are_told() {
    let scratch = Scratch::with_ca();
    let old = scratch.signer("ca").facts().sha256.clone();
    let told = scratch.citadel("rotate-root renew").done();
    let new = scratch.signer("ca").facts().sha256.clone();
    told.says(&format!("its SHA-256 for pins is now {new}"))
        .says(&format!("pins of the one before, {old}, serve until 2"));
}

#[test]
fn the_certificate_of_before_is_shown_apart_and_is_no_root_to_trust() {
    let scratch = Scratch::with_ca();
    let old = scratch.signer("ca");
    scratch.citadel("rotate-root renew").done();
    let section = scratch.shown("ca")["sections"][1].clone();
    assert!(section["name"].as_str().unwrap().ends_with(": before it was renewed, for pins"));
    assert_eq!(section["certificates"][0]["sha256"], old.facts().sha256);
    let told = scratch.citadel("inspect ca --pem").done();
    assert_eq!(told.out(), scratch.signer("ca").to_pem());
}

/// Leaves of before are leaves of the same authority.
#[test]
fn a_later_rotation_waits_for_the_leaves_of_before_too() {
    let scratch = Scratch::with_ca();
    scratch.citadel("bundle -o x.tgz --ttl 30d").done();
    scratch.citadel("rotate-root renew").done();
    scratch.citadel("rotate-root prepare").done().says("next: `rotate-root activate`, from ");
    scratch.citadel("rotate-root activate").refused().says("too early to activate");
}

#[test]
fn while_a_rotation_is_under_way_nothing_is_renewed() {
    let scratch = Scratch::with_ca();
    for (step, next) in [("prepare", "activate"), ("activate", "retire")] {
        scratch.citadel(&format!("rotate-root {step}")).done();
        let told = scratch.citadel("rotate-root renew").refused();
        told.says("renew is not its next step").says(&format!("`citadel rotate-root {next}`"));
    }
    scratch.citadel("rotate-root retire").done();
    scratch.citadel("rotate-root renew").done();
}

#[test]
fn only_a_root_that_signs_leaves_is_renewed_and_never_to_end_sooner() {
    let scratch = Scratch::new();
    scratch.citadel("init --intermediate").done();
    let told = scratch.citadel("rotate-root renew").refused();
    told.says("is no self-signed root: whoever signed it renews it").says("rotate-root prepare`");
    scratch.citadel("rotate-root renew --dir ca-root").refused().says("this is an offline root");
    let scratch = Scratch::with_ca();
    let told = scratch.citadel("rotate-root renew --ttl 3649d").refused();
    told.says("the new certificate would end at 2").says("give it a longer life");
}

#[test]
fn a_root_that_has_ended_is_back() {
    let past = OffsetDateTime::now_utc() - Duration::DAY;
    let scratch = Scratch::new().ca_from("ca", past, Duration::HOUR);
    scratch.citadel("bundle -o x.tgz").refused();
    let told = scratch.citadel("rotate-root renew --ttl 365d").done();
    assert!(!told.err.contains("pins of the one before"), "{}", told.err);
    scratch.citadel("bundle -o x.tgz").done();
    scratch.citadel("verify x.tgz").done();
}

#[test]
fn a_root_of_ones_own_keeps_its_name_and_all_that_it_may_do() {
    let Some(scratch) = Scratch::with_openssl() else { return };
    for name in ["root", "root_without_key_ids", "root_by_serial_number", "room_for_one"] {
        scratch.key(name);
        scratch.self_signed_as(name, name, "/C=DE/O=Corp/OU=Mesh/CN=Root/emailAddress=a@b.example");
        let files = format!("--signing-cert {name}.pem --signing-key {name}.key");
        scratch.citadel(&format!("init --dir {name} {files} --root-cert {name}.pem")).done();
        scratch.citadel(&format!("bundle --dir {name} -o old.tgz")).done();
        let old = scratch.signer(name).facts().clone();
        scratch.citadel(&format!("rotate-root renew --dir {name} --ttl 60d")).done();
        let new = scratch.signer(name).facts().clone();
        assert_eq!(new.subject, old.subject);
        assert_eq!(new.subject_key_id, old.subject_key_id);
        assert_eq!((new.path_len, new.key_usage), (old.path_len, old.key_usage));
        scratch.citadel(&format!("bundle --dir {name} -o out")).done();
        scratch.write("leaf.pem", scratch.leaf("old.tgz").to_pem());
        scratch.openssl("verify -CAfile out/certs/root-cert.pem leaf.pem");
        scratch.openssl(&format!("verify -CAfile {name}.pem out/certs/cert-chain.pem"));
    }
}
