//! `citadel inspect` shows what a CA, a bundle, or a file of certificates or of a key holds.

use std::fs;

use marathon_inject::identity::x509::Certificate;
use serde_json::{Value, json};

use crate::scratch::Scratch;

const DEFAULT: &str = "URI:spiffe://cluster.local/ns/default/sa/default";

/// A CA, and bundles of it: the archive `x.tgz` and the directory `out`.
fn bundles() -> Scratch {
    let scratch = Scratch::with_ca();
    scratch.citadel("bundle -o x.tgz").done();
    scratch.citadel("bundle -o out").done();
    scratch
}

/// The subjects of each section of a page.
fn subjects(page: &Value) -> Vec<Vec<&str>> {
    let sections = page["sections"].as_array().unwrap().iter();
    let certificates = sections.map(|section| section["certificates"].as_array().unwrap());
    certificates.map(|all| all.iter().map(|it| it["subject"].as_str().unwrap()).collect()).collect()
}

#[test]
fn a_bundle_is_shown_with_what_its_leaf_is_for_and_whether_the_key_is_its() {
    let scratch = bundles();
    for name in ["x.tgz", "out", "out/certs"] {
        let told = scratch.citadel("inspect").arg(name).done();
        assert_eq!(told.err, "");
        let told = told.shows(&format!("{name}: a bundle\ncert-chain.pem\n- subject   (none)\n"));
        let told = told.shows(&format!("  names     {DEFAULT} (critical)\n"));
        let told = told.shows("  use       digitalSignature, serverAuth, clientAuth\n");
        let told = told.shows("left)\n").shows("root-cert.pem\n- subject   O=cluster.local, ");
        told.shows("key.pem\n- P-256, that of the first certificate\n");
    }
}

#[test]
fn a_bundle_as_json_has_the_facts_of_its_certificates() {
    let scratch = bundles();
    let leaf = scratch.leaf("x.tgz");
    let page = scratch.shown("x.tgz");
    assert_eq!((&page["name"], &page["kind"]), (&json!("x.tgz"), &json!("bundle")));
    let mut shown = page["sections"][0]["certificates"][0].clone();
    let left = shown.as_object_mut().unwrap().remove("secondsLeft").unwrap().as_i64().unwrap();
    assert!((86_000..=86_400).contains(&left), "{left}");
    assert_eq!(shown, serde_json::to_value(leaf.facts()).unwrap());
    assert_eq!(shown["subjectAltNames"], json!([DEFAULT]));
    assert_eq!(shown["isCa"], json!(false));
    assert_eq!(page["sections"][1]["name"], "root-cert.pem");
    let key = json!({"name": "key.pem", "key": "P-256", "belongsToLeaf": true});
    assert_eq!(page["privateKey"], key);
    assert!(page.get("ca").is_none());
}

#[test]
fn a_directory_is_shown_like_the_archive() {
    let scratch = bundles();
    for (name, content, _) in scratch.bundle("x.tgz").files() {
        scratch.write(&format!("out/certs/{name}"), content);
    }
    let [mut archive, mut directory] = ["x.tgz", "out"].map(|name| scratch.shown(name));
    for page in [&mut archive, &mut directory] {
        page["name"] = Value::Null;
        for section in page["sections"].as_array_mut().unwrap() {
            section["certificates"][0]["secondsLeft"] = Value::Null;
        }
    }
    assert_eq!(directory, archive);
}

#[test]
fn a_key_of_another_certificate_is_shown_as_such() {
    let scratch = bundles();
    fs::copy(
        scratch.path(&format!("{}/ca-key.pem", scratch.active("ca"))),
        scratch.path("out/certs/key.pem"),
    )
    .unwrap();
    let told = scratch.citadel("inspect out").done();
    told.shows("- P-256, NOT that of the first certificate\n");
    assert_eq!(scratch.shown("out")["privateKey"]["belongsToLeaf"], false);
}

#[test]
fn pem_shows_the_certificates_and_nothing_else() {
    let scratch = bundles();
    let [chain, roots] = ["cert-chain.pem", "root-cert.pem"]
        .map(|name| scratch.certificates(&format!("out/certs/{name}")));
    let told = scratch.citadel("inspect --pem out").done();
    assert_eq!(Certificate::all_from_pem(&told.bytes).unwrap(), [chain, roots.clone()].concat());
    let told = scratch.citadel("inspect --pem ca").done();
    assert_eq!(Certificate::all_from_pem(&told.bytes).unwrap(), roots);
    scratch.citadel("inspect --pem --json out").refused().says("cannot be used with");
}

#[test]
fn a_file_of_certificates_is_shown() {
    let scratch = bundles();
    let root = scratch.signer("ca").facts().subject.clone();
    let both =
        ["cert-chain.pem", "root-cert.pem"].map(|it| scratch.read(&format!("out/certs/{it}")));
    scratch.write("both.pem", both.concat());
    let page = scratch.shown("both.pem");
    assert_eq!(page["kind"], "certificates");
    assert_eq!(subjects(&page), [["", root.as_str()]]);
    scratch.citadel("inspect both.pem").done().shows("both.pem: certificates\n");
}

#[test]
fn of_a_key_only_its_kind_is_shown() {
    let scratch = Scratch::with_ca();
    scratch.citadel("init --dir rsa --key rsa2048").done();
    for (ca, kind) in [("ca", "P-256"), ("rsa", "RSA-2048")] {
        let key = format!("{}/ca-key.pem", scratch.active(ca));
        let told = scratch.citadel("inspect").arg(&key).done();
        assert_eq!(told.out(), format!("{key}: a private key\n{key}\n- {kind}\n"));
        let page = scratch.shown(&key);
        let expected = json!({
            "name": key, "kind": "privateKey", "sections": [],
            "privateKey": {"name": key, "key": kind},
        });
        assert_eq!(page, expected);
        assert_eq!(scratch.citadel("inspect --pem").arg(&key).done().out(), "");
    }
}

#[test]
fn a_ca_is_shown_with_its_trust_domain_its_root_and_until_when_it_has_leaves() {
    let scratch = Scratch::with_ca();
    let told = scratch.citadel("inspect ca").done();
    let told = told.shows("ca: a CA\n  trust domain cluster.local\n  rotation     stable\n");
    told.shows(": signs, no leaves\n- subject   O=cluster.local, ")
        .shows("  CA        yes, pathlen 0\n");
    scratch.citadel("bundle -o x.tgz").done();
    scratch.citadel("inspect ca").done().shows(": signs, its leaves end by ");
    let page = scratch.shown("ca");
    assert_eq!(page["kind"], "ca");
    assert_eq!(page["ca"], json!({"trustDomain": "cluster.local", "rotation": "stable"}));
}

#[test]
fn a_ca_under_rotation_is_shown_with_both_roots_and_its_next_step() {
    let scratch = Scratch::with_ca();
    scratch.citadel("bundle -o x.tgz").done();
    let old = scratch.signer("ca").facts().subject.clone();
    scratch.citadel("rotate-root prepare").done();
    let page = scratch.shown("ca");
    assert_eq!(page["ca"]["rotation"], "prepared");
    assert!(page["ca"]["nextStepFrom"].is_string(), "{page}");
    let new = subjects(&page)[1][0].to_owned();
    assert_eq!(subjects(&page), [[&old], [&new]]);
    scratch.citadel("inspect ca").done().shows("  rotation     prepared; the next step from 2");

    scratch.citadel("rotate-root activate --force").done();
    let page = scratch.shown("ca");
    assert_eq!(page["ca"]["rotation"], "activated");
    assert_eq!(subjects(&page), [[&new], [&old]]);
    let names: Vec<_> =
        ["signs", "trusted"].into_iter().zip(page["sections"].as_array().unwrap()).collect();
    for (part, section) in names {
        assert!(section["name"].as_str().unwrap().contains(part), "{section}");
    }

    scratch.citadel("rotate-root retire --force").done();
    let page = scratch.shown("ca");
    assert_eq!(page["ca"]["rotation"], "stable");
    assert_eq!(subjects(&page), [[&new]]);
}

#[test]
fn a_ca_with_an_offline_root_is_shown_with_its_intermediate_first() {
    let scratch = Scratch::new();
    scratch.citadel("init --intermediate").done();
    let [own, root] = ["ca", "ca-root"].map(|ca| scratch.signer(ca).facts().subject.clone());
    assert_eq!(subjects(&scratch.shown("ca")), [[&own, &root]]);
}

#[test]
fn what_strangers_wrote_into_a_certificate_does_not_reach_the_terminal() {
    let Some(scratch) = Scratch::with_openssl() else { return };
    scratch.key("odd");
    let req = scratch.run("openssl").env("OPENSSL_CONF", "openssl.cnf");
    let req = req.args("req -x509 -new -key odd.key -out odd.pem -extensions root -subj");
    req.arg("/O=a\u{1b}[31mred").done();
    let told = scratch.citadel("inspect odd.pem").done();
    assert!(!told.out().contains('\u{1b}'), "{:?}", told.out());
    told.shows("red");
}

#[test]
fn what_is_nothing_to_show_is_refused() {
    let scratch = Scratch::new()
        .file("empty", "")
        .file("text.pem", "no certificate\n")
        .file("bytes", [0xff, 0, 0x30, 0x82])
        .file("cut.pem", "-----BEGIN CERTIFICATE-----\nMIIB\n")
        .file("notes/notes.txt", "mine")
        .directory("nothing");
    for (name, words) in [
        ("no", "no: No such file"),
        ("empty", "empty holds no PEM certificate"),
        ("text.pem", "text.pem holds no PEM certificate"),
        ("bytes", "bytes holds no PEM certificate"),
        ("cut.pem", "cut.pem certificate 1 cannot be read"),
        ("notes", "notes holds neither a bundle (key.pem, or certs/) nor a CA (state.json)"),
        ("nothing", "nothing holds neither a bundle"),
        ("", "No such file"),
    ] {
        for flag in ["", "--json", "--pem"] {
            scratch.citadel("inspect").args(flag).arg(name).refused().says(words);
        }
    }
}

#[test]
fn a_bundle_that_lacks_a_file_is_refused() {
    for file in ["cert-chain.pem", "root-cert.pem", "key.pem"] {
        let scratch = bundles();
        fs::remove_file(scratch.path(&format!("out/certs/{file}"))).unwrap();
        for name in ["out", "out/certs"] {
            scratch
                .citadel("inspect")
                .arg(name)
                .refused()
                .says(&format!("out/certs/{file}: No such"));
        }
    }
}

#[test]
fn a_bundle_whose_certificates_cannot_be_read_is_refused() {
    let scratch = bundles();
    scratch.write("out/certs/cert-chain.pem", "rubbish");
    let told = scratch.citadel("inspect out").refused();
    told.says("out: cert-chain.pem holds no PEM certificate");
}

#[test]
fn a_ca_is_one_whatever_else_is_in_its_directory() {
    let scratch = Scratch::with_ca();
    scratch.citadel("bundle -o out").done();
    for file in ["key.pem", "cert-chain.pem", "root-cert.pem"] {
        let content = scratch.read(&format!("out/certs/{file}"));
        scratch.write(&format!("ca/{file}"), &content);
        scratch.write(&format!("ca/certs/{file}"), &content);
    }
    scratch.citadel("inspect ca").done().shows("ca: a CA\n");
    scratch.citadel("verify ca").refused().says("ca is the directory of a CA, no bundle");
}
