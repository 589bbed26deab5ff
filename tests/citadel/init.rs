//! `citadel init` makes a CA, and never anything over what is there.

use time::Duration;

use crate::scratch::Scratch;

#[test]
fn a_ca_is_a_state_and_the_four_files_of_its_authority() {
    let scratch = Scratch::with_ca();
    let id = scratch.active("ca").replace("ca/", "");
    let files = ["ca-cert.pem", "ca-key.pem", "cert-chain.pem", "root-cert.pem"];
    let mut expected: Vec<_> = files.iter().map(|file| format!("{id}/{file}")).collect();
    expected.extend([format!("{id}/"), "state.json".to_owned()]);
    expected.sort();
    assert_eq!(scratch.names("ca"), expected);
    assert_eq!(scratch.names("").iter().filter(|name| !name.starts_with("ca/")).count(), 0);
}

#[test]
fn only_its_owner_can_read_a_ca_whatever_the_umask_is() {
    let scratch = Scratch::new();
    scratch.citadel_after("umask 000", "init").done();
    assert_eq!(scratch.mode("ca"), 0o700);
    for (name, (mode, _)) in scratch.snapshot("ca") {
        assert_eq!(mode, if name.ends_with('/') { 0o700 } else { 0o600 }, "{name}");
    }
}

#[test]
fn the_root_signs_itself() {
    let scratch = Scratch::with_ca();
    let root = scratch.signer("ca");
    assert!(root.is_self_issued() && root.facts().is_ca);
    assert_eq!(root.facts().key_usage, ["keyCertSign", "cRLSign"]);
    let active = scratch.active("ca");
    assert_eq!(scratch.certificates(&format!("{active}/root-cert.pem")), [root]);
}

#[test]
fn openssl_takes_the_signature_of_the_root() {
    let Some(scratch) = Scratch::with_openssl() else { return };
    for kind in ["p256", "rsa2048"] {
        scratch.citadel(&format!("init --dir {kind} --key {kind}")).done();
        let cert = format!("{}/ca-cert.pem", scratch.active(kind));
        scratch.openssl(&format!("verify -check_ss_sig -x509_strict -CAfile {cert} {cert}"));
    }
}

#[test]
fn the_roots_of_two_cas_differ_in_name() {
    let scratch = Scratch::with_ca();
    scratch.citadel("init --dir other").done();
    let [one, other] = ["ca", "other"].map(|ca| scratch.signer(ca).facts().subject.clone());
    for subject in [&one, &other] {
        assert!(subject.starts_with("O=cluster.local, serialNumber="), "{subject}");
    }
    assert_ne!(one, other);
}

#[test]
fn the_organisation_is_in_the_name_of_the_root() {
    let scratch = Scratch::new();
    scratch.citadel("init --org").arg("Größe & Co").done();
    let subject = scratch.signer("ca").facts().subject.clone();
    assert!(subject.starts_with("O=Größe & Co, serialNumber="), "{subject}");
}

#[test]
fn a_trust_domain_that_is_too_long_for_an_organisation_needs_one_beside_it() {
    let scratch = Scratch::new();
    let line = format!("init --trust-domain {}", "long.".repeat(13));
    scratch.citadel(&line).refused().says("name one with --org");
    scratch.citadel(&format!("{line} --org short")).done();
}

#[test]
fn an_organisation_that_no_name_can_hold_is_refused() {
    let scratch = Scratch::new();
    for name in [String::new(), "x".repeat(65), "a\nb".to_owned()] {
        let told = scratch.citadel("init --org").arg(name).refused();
        told.says("an organisation has 1 to 64 characters");
    }
}

#[test]
fn the_root_lives_as_long_as_it_is_told_to() {
    let scratch = Scratch::new();
    for (ttl, hours) in [("90m", 1.5), ("3650d", 87600.0), ("87600h", 87600.0)] {
        scratch.citadel(&format!("init --dir {ttl} --ttl {ttl}")).done();
        let facts = scratch.signer(ttl).facts().clone();
        let backdated = Duration::minutes(2);
        let life = facts.not_after - facts.not_before - backdated;
        assert_eq!(life.as_seconds_f64() / 3600.0, hours, "{ttl}");
    }
}

#[test]
fn a_life_that_is_none_is_refused() {
    let scratch = Scratch::new();
    scratch.citadel("init --ttl 0h").refused().says("it has to be some time");
    for ttl in ["1ns", "59s"] {
        let told = scratch.citadel("init --ttl").arg(ttl).refused();
        told.says("it has to live at least as long as the shortest leaf");
    }
    scratch.citadel("init --ttl 24").refused().says("write it as 30s, 24h, 90d or 1h30m");
    scratch.citadel("init --ttl long").refused().says("write it as 30s, 24h, 90d or 1h30m");
    scratch.citadel("init --ttl 20000y").refused().says("beyond the year 9999");
}

#[test]
fn the_key_is_of_the_kind_that_is_asked_for() {
    let scratch = Scratch::with_ca();
    scratch.citadel("init --dir rsa --key rsa2048").done();
    assert_eq!(scratch.signer("ca").facts().key, "P-256");
    assert_eq!(scratch.signer("rsa").facts().key, "RSA-2048");
    scratch.citadel("init --dir no --key dsa").refused().says("p256 and rsa2048 are known");
}

#[test]
fn the_ca_vouches_for_the_trust_domain_that_is_asked_for() {
    let scratch = Scratch::new();
    scratch.citadel("init --trust-domain mesh.example").done();
    assert_eq!(scratch.shown("ca")["ca"]["trustDomain"], "mesh.example");
    let subject = scratch.signer("ca").facts().subject.clone();
    assert!(subject.starts_with("O=mesh.example, "), "{subject}");
}

#[test]
fn what_is_no_trust_domain_is_refused() {
    for name in ["", "Mesh", "a/b", "spiffe://a", "a b"] {
        let told = Scratch::new().citadel("init --trust-domain").arg(name).refused();
        told.says("invalid value");
    }
}

#[test]
fn the_variable_names_the_directory_and_the_flag_outdoes_it() {
    let scratch = Scratch::new();
    scratch.citadel("init").env("CITADEL_DIR", "named").done();
    scratch.citadel("init --dir flag").env("CITADEL_DIR", "named").done();
    assert_ne!(scratch.active("named"), scratch.active("flag"));
}

#[test]
fn an_empty_directory_is_taken_and_closed() {
    let scratch = Scratch::new().directory("ca");
    scratch.chmod("ca", 0o755);
    scratch.citadel("init").done();
    assert_eq!(scratch.mode("ca"), 0o700);
    scratch.citadel("bundle -o x.tgz").done();
}

#[test]
fn a_ca_is_not_made_over_another() {
    let scratch = Scratch::with_ca();
    let told = scratch.citadel("init").refused().says("ca already holds a CA");
    told.says("`citadel rotate-root` gives it a new root");
    scratch.citadel("init --intermediate").refused().says("ca already holds a CA");
}

#[test]
fn a_ca_is_not_made_among_other_files() {
    let scratch = Scratch::new().file("ca/notes.txt", "mine");
    scratch.citadel("init").refused().says("ca is not empty");
    scratch.citadel("init --intermediate").refused().says("ca is not empty");
}

#[test]
fn a_ca_is_not_made_over_a_file() {
    let scratch = Scratch::new().file("ca", "mine");
    scratch.citadel("init").refused().says("ca: Not a directory");
}

#[test]
fn a_ca_is_not_made_in_a_directory_that_is_not_there() {
    let scratch = Scratch::new();
    scratch.citadel("init --dir no/where/ca").refused().says("error: no/where: No such file");
    let told = scratch.citadel("init --dir no/ca --intermediate --root-dir root").refused();
    told.says("error: no: No such file");
}

#[test]
fn a_quiet_run_says_nothing() {
    assert_eq!(Scratch::new().citadel("init --quiet").done().err, "");
}
