//! The directory of a CA that is damaged or open to others: every command refuses it, says what is
//! wrong, and leaves it as it is for whoever restores the backup.

use std::fs;

use crate::scratch::Scratch;

/// A CA that has made a bundle, the directory of its authority, and another CA.
fn ca() -> (Scratch, String) {
    let scratch = Scratch::with_ca();
    scratch.citadel("init --dir other").done();
    scratch.citadel("bundle -o before.tgz").done();
    let active = scratch.active("ca");
    (scratch, active)
}

/// Expects that no command takes the CA, and that each says `words`.
fn is_refused(scratch: &Scratch, words: &str) {
    for line in [
        "bundle -o x.tgz",
        "inspect ca",
        "rotate-root prepare",
        "rotate-root renew",
        "rotate-root activate --force",
        "rotate-root retire --force",
    ] {
        scratch.citadel(line).refused().says(words);
    }
    scratch.citadel("init").refused().says("ca ");
    scratch.citadel("init --intermediate").refused().says("ca ");
}

/// Cuts a file in half.
fn truncate(scratch: &Scratch, name: &str) {
    let bytes = scratch.read(name);
    scratch.write(name, &bytes[..bytes.len() / 2]);
}

/// Puts the other authority's file in the place of the CA's.
fn replace(scratch: &Scratch, file: &str) {
    let other = scratch.read(&format!("{}/{file}", scratch.active("other")));
    scratch.write(&format!("{}/{file}", scratch.active("ca")), other);
}

#[test]
fn a_state_that_is_missing() {
    let (scratch, _) = ca();
    fs::remove_file(scratch.path("ca/state.json")).unwrap();
    is_refused(&scratch, "state.json");
}

#[test]
fn a_state_that_is_cut_off() {
    let (scratch, _) = ca();
    truncate(&scratch, "ca/state.json");
    is_refused(&scratch, "ca/state.json: EOF while parsing");
}

#[test]
fn a_state_that_is_empty() {
    let (scratch, _) = ca();
    scratch.write("ca/state.json", "");
    is_refused(&scratch, "ca/state.json: EOF while parsing");
}

#[test]
fn a_state_that_says_something_else() {
    for (from, to, words) in [
        ("\"version\": 1", "\"version\": 2", "ca/state.json: version 2 is none that this"),
        ("\"version\": 1", "\"version\": 1, \"more\": 1", "ca/state.json: unknown field `more`"),
        ("cluster.local", "Cluster Local", "ca/state.json: "),
        ("\"stable\"", "\"done\"", "ca/state.json: unknown variant `done`"),
    ] {
        let (scratch, _) = ca();
        let state = String::from_utf8(scratch.read("ca/state.json")).unwrap();
        assert!(state.contains(from), "{state}");
        scratch.write("ca/state.json", state.replace(from, to));
        is_refused(&scratch, words);
    }
}

#[test]
fn a_state_that_leads_out_of_the_directory() {
    let (scratch, active) = ca();
    let state = String::from_utf8(scratch.read("ca/state.json")).unwrap();
    let id = active.replace("ca/", "");
    let away = scratch.active("other").replace("other/", "../other/");
    scratch.write("ca/state.json", state.replace(&id, &away));
    is_refused(&scratch, "ca/state.json: the id of an authority is 16 hexadecimal digits");
}

#[test]
fn an_authority_that_is_missing() {
    let (scratch, active) = ca();
    fs::rename(scratch.path(&active), scratch.path("moved")).unwrap();
    is_refused(&scratch, &format!("{active}: No such file"));
}

#[test]
fn a_key_that_is_missing() {
    let (scratch, active) = ca();
    fs::remove_file(scratch.path(&format!("{active}/ca-key.pem"))).unwrap();
    is_refused(&scratch, &format!("{active}/ca-key.pem: No such file"));
}

#[test]
fn a_key_that_is_cut_off() {
    let (scratch, active) = ca();
    truncate(&scratch, &format!("{active}/ca-key.pem"));
    is_refused(&scratch, &format!("{active}/ca-key.pem: the key is no private key"));
}

#[test]
fn a_key_that_is_empty() {
    let (scratch, active) = ca();
    scratch.write(&format!("{active}/ca-key.pem"), "");
    is_refused(&scratch, &format!("{active}/ca-key.pem: the key holds no PEM private key"));
}

#[test]
fn a_key_of_another_authority() {
    let (scratch, active) = ca();
    replace(&scratch, "ca-key.pem");
    is_refused(&scratch, &format!("{active}/ca-key.pem: the key does not belong to"));
}

#[test]
fn a_certificate_of_another_authority() {
    let (scratch, active) = ca();
    replace(&scratch, "ca-cert.pem");
    is_refused(&scratch, &format!("{active}/ca-cert.pem: is not the certificate that gave"));
}

#[test]
fn all_files_of_another_authority() {
    let (scratch, active) = ca();
    for file in ["ca-key.pem", "ca-cert.pem", "root-cert.pem"] {
        replace(&scratch, file);
    }
    is_refused(&scratch, &format!("{active}/ca-cert.pem: is not the certificate that gave"));
}

#[test]
fn a_root_of_another_authority() {
    let (scratch, active) = ca();
    replace(&scratch, "root-cert.pem");
    is_refused(&scratch, &format!("{active}/root-cert.pem: what it signs would not be trusted"));
}

#[test]
fn certificates_that_are_missing_or_cut_off() {
    for file in ["ca-cert.pem", "root-cert.pem"] {
        let (scratch, active) = ca();
        let name = format!("{active}/{file}");
        truncate(&scratch, &name);
        is_refused(&scratch, &format!("{name}: certificate 1 cannot be read"));
        fs::remove_file(scratch.path(&name)).unwrap();
        is_refused(&scratch, &format!("{name}: No such file"));
    }
}

#[test]
fn a_chain_that_is_none() {
    let (scratch, active) = ca();
    scratch.write(&format!("{active}/cert-chain.pem"), "rubbish");
    is_refused(&scratch, &format!("{active}/cert-chain.pem: holds no PEM certificate"));
}

#[test]
fn certificates_of_before_a_renewal_that_are_cut_off_or_those_of_another() {
    let (scratch, _) = ca();
    scratch.citadel("rotate-root renew").done();
    let name = format!("{}/former-roots.pem", scratch.active("ca"));
    truncate(&scratch, &name);
    is_refused(&scratch, &format!("{name}: certificate 1 cannot be read"));
    let other = scratch.read(&format!("{}/ca-cert.pem", scratch.active("other")));
    scratch.write(&name, other);
    is_refused(&scratch, &format!("{name}: the certificate \"O=cluster.local, serialNumber="));
}

#[test]
fn the_next_authority_is_looked_at_like_the_present_one() {
    let (scratch, active) = ca();
    scratch.citadel("rotate-root prepare").done();
    let mut next = scratch.names("ca");
    next.retain(|name| name.ends_with("/ca-key.pem") && !active.ends_with(&name[..16]));
    let name = format!("ca/{}", next[0]);
    scratch.chmod(&name, 0o604);
    is_refused(&scratch, &format!("{name} can be read by others (mode 0604)"));
    scratch.chmod(&name, 0o600);
    truncate(&scratch, &name);
    is_refused(&scratch, &format!("{name}: the key is no private key"));
}

#[test]
fn a_key_that_others_can_read() {
    let (scratch, active) = ca();
    let key = format!("{active}/ca-key.pem");
    for mode in [0o640, 0o601] {
        scratch.chmod(&key, mode);
        let words = format!("{key} can be read by others (mode {mode:04o})");
        is_refused(&scratch, &format!("{words}\n  = help: close it with `chmod 600 {key}`"));
    }
    scratch.chmod(&key, 0o400);
    scratch.citadel("bundle -o x.tgz").done();
}

#[test]
fn a_directory_that_others_can_enter() {
    let (scratch, active) = ca();
    for name in ["ca", &active] {
        for mode in [0o750, 0o701] {
            scratch.chmod(name, mode);
            let words = format!("{name} can be read by others (mode {mode:04o})");
            is_refused(&scratch, &format!("{words}\n  = help: close it with `chmod 700 {name}`"));
        }
        scratch.chmod(name, 0o700);
    }
}

#[test]
fn no_ca_at_all() {
    let scratch = Scratch::new().directory("empty").file("file", "no CA");
    for line in ["bundle -o x.tgz", "rotate-root prepare"] {
        scratch.citadel(line).refused().says("there is no CA at ca").says("`citadel init`");
        let no_ca = |dir: &str| scratch.citadel(line).arg("--dir").arg(dir).refused();
        no_ca("empty").says("empty is no directory of a CA: it has no state.json");
        no_ca("file").says("file is no directory of a CA");
    }
}
