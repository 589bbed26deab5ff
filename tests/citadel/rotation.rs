//! `citadel rotate-root` leads the mesh from one root to the next, in three steps.

use std::fs;

use crate::scratch::Scratch;

/// A CA that has taken these steps, at once.
fn ca(steps: &[&str]) -> Scratch {
    let scratch = Scratch::with_ca();
    for step in steps {
        scratch.citadel(&format!("rotate-root {step}")).done();
    }
    scratch
}

/// The roots of a bundle that the CA makes now.
fn roots(scratch: &Scratch) -> Vec<String> {
    scratch.citadel("bundle -o out").done();
    let roots = scratch.certificates("out/certs/root-cert.pem");
    roots.iter().map(|root| root.facts().subject.clone()).collect()
}

fn phase(scratch: &Scratch) -> String {
    scratch.shown("ca")["ca"]["rotation"].as_str().unwrap().to_owned()
}

#[test]
fn a_step_out_of_order_is_refused_with_the_one_that_is_next() {
    for (steps, wrong, next) in [
        (&[][..], ["activate", "retire"], "begin with `citadel rotate-root prepare`"),
        (&["prepare"], ["prepare", "retire"], "go on with `citadel rotate-root activate`"),
        (
            &["prepare", "activate"],
            ["prepare", "activate"],
            "end it with `citadel rotate-root retire`",
        ),
    ] {
        let scratch = ca(steps);
        for step in wrong {
            let told = scratch.citadel(&format!("rotate-root {step}")).refused();
            told.says(&format!(": {step} is not its next step")).says(next);
            if step != "prepare" {
                scratch.citadel(&format!("rotate-root {step} --force")).refused().says(next);
            }
        }
    }
}

#[test]
fn a_rotation_under_way_makes_no_offline_root() {
    let scratch = ca(&["prepare"]);
    scratch.citadel("rotate-root prepare --intermediate").refused().says("activate");
}

#[test]
fn where_no_bundle_was_made_no_step_has_to_wait() {
    let scratch = Scratch::with_ca();
    let first = scratch.signer("ca");
    let told = scratch.citadel("rotate-root prepare").done();
    told.says("next: `rotate-root activate`, at any time: no bundle was made before");
    assert_eq!((phase(&scratch), scratch.signer("ca")), ("prepared".to_owned(), first.clone()));
    let told = scratch.citadel("rotate-root activate").done();
    told.says("next: `rotate-root retire`, at any time: the old root has no leaves");
    assert_eq!(phase(&scratch), "activated");
    assert_ne!(scratch.signer("ca"), first);
    scratch.citadel("rotate-root retire").done().says("retired; the key of O=cluster.local");
    assert_eq!(phase(&scratch), "stable");
    scratch.citadel("rotate-root prepare").done();
}

#[test]
fn the_next_root_signs_only_when_all_bundles_without_it_have_ended() {
    let scratch = Scratch::with_ca();
    scratch.citadel("bundle -o x.tgz").done();
    scratch.citadel("rotate-root prepare").done().says("next: `rotate-root activate`, from ");
    let told = scratch.citadel("rotate-root activate").refused();
    told.says("too early to activate: until ").says("--force cuts them off");
    scratch.citadel("rotate-root activate --force").done();
    assert_eq!(phase(&scratch), "activated");
}

#[test]
fn the_old_root_goes_only_when_all_its_leaves_have_ended() {
    let scratch = ca(&["prepare"]);
    scratch.citadel("bundle -o x.tgz").done();
    scratch.citadel("rotate-root activate").done().says("next: `rotate-root retire`, from ");
    let told = scratch.citadel("rotate-root retire").refused();
    told.says("too early to retire: until ").says("--force cuts them off");
    scratch.citadel("rotate-root retire --force").done();
    assert_eq!(phase(&scratch), "stable");
}

/// The moment, which `inspect` shows, is when the last leaf has ended, and later: clocks differ.
#[test]
fn a_step_has_to_wait_for_the_longest_life_of_a_leaf() {
    let scratch = Scratch::with_ca();
    scratch.citadel("bundle -o long.tgz --ttl 30d").done();
    scratch.citadel("bundle -o short.tgz --ttl 1h").done();
    scratch.citadel("rotate-root prepare").done();
    let end = scratch.shown("long.tgz")["sections"][0]["certificates"][0]["notAfter"].to_string();
    let due = scratch.shown("ca")["ca"]["nextStepFrom"].to_string();
    assert!(due > end, "{due} is before {end}");
}

#[test]
fn while_prepared_bundles_carry_both_roots_and_the_old_one_signs() {
    let scratch = Scratch::with_ca();
    let before = roots(&scratch);
    scratch.citadel("rotate-root prepare").done();
    let both = roots(&scratch);
    assert_eq!((before.len(), both.len()), (1, 2));
    assert_eq!(both[0], before[0]);
    assert_ne!(both[1], before[0]);
    assert_eq!(scratch.certificates("out/certs/cert-chain.pem")[0].facts().issuer, before[0]);
    scratch.citadel("verify out").done();
}

#[test]
fn once_activated_the_new_root_signs_and_the_old_bundles_still_serve() {
    let scratch = Scratch::with_ca();
    scratch.citadel("bundle -o old.tgz").done();
    let old = roots(&scratch);
    scratch.citadel("rotate-root prepare").done();
    scratch.citadel("bundle -o prepared.tgz").done();
    scratch.citadel("rotate-root activate --force").done();
    let both = roots(&scratch);
    assert_eq!(both.len(), 2);
    assert_eq!(both[1], old[0]);
    assert_eq!(scratch.certificates("out/certs/cert-chain.pem")[0].facts().issuer, both[0]);
    for bundle in ["old.tgz", "prepared.tgz", "out"] {
        let root = "--root-cert out/certs/root-cert.pem";
        scratch.citadel(&format!("verify {bundle} {root}")).done();
    }
    // Who was told of the new root in time trusts its leaves.
    scratch.write("told.pem", &scratch.bundle("prepared.tgz").root_cert);
    scratch.citadel("verify out --root-cert told.pem").done();
    scratch.write("untold.pem", &scratch.bundle("old.tgz").root_cert);
    scratch.citadel("verify out --root-cert untold.pem").ends(1);
}

#[test]
fn once_retired_the_old_root_and_its_key_are_gone() {
    let scratch = Scratch::with_ca();
    let (old, key) = (scratch.active("ca"), format!("{}/ca-key.pem", scratch.active("ca")));
    scratch.citadel("bundle -o old.tgz").done();
    for step in ["prepare", "activate --force", "retire --force"] {
        assert!(scratch.path(&key).exists(), "the key is gone before {step}");
        scratch.citadel(&format!("rotate-root {step}")).done();
    }
    assert!(!scratch.path(&old).exists());
    assert_eq!(roots(&scratch), [scratch.signer("ca").facts().subject.clone()]);
    scratch.citadel("verify old.tgz --root-cert out/certs/root-cert.pem").ends(1);
    assert_eq!(scratch.names("ca").iter().filter(|name| name.ends_with('/')).count(), 1);
}

#[test]
fn the_next_root_is_as_it_is_asked_for() {
    let scratch = ca(&["prepare --org Next --ttl 1h --key rsa2048", "activate"]);
    let facts = scratch.signer("ca").facts().clone();
    assert!(facts.subject.starts_with("O=Next, serialNumber="), "{}", facts.subject);
    assert_eq!(facts.key, "RSA-2048");
}

#[test]
fn the_next_authority_can_be_ones_own() {
    let Some(scratch) = Scratch::with_openssl() else { return };
    scratch.root("own");
    scratch.citadel("init").done();
    let line = "--signing-cert own.pem --signing-key own.key --root-cert own.pem";
    let told = scratch.citadel(&format!("rotate-root prepare {line}")).done();
    told.says("bundles now carry the root O=own too");
    scratch.citadel("rotate-root activate").done();
    scratch.citadel("bundle -o x.tgz").done();
    assert_eq!(scratch.leaf("x.tgz").facts().issuer, "O=own");
    scratch.citadel("verify x.tgz --root-cert own.pem").done();
    scratch.citadel("rotate-root retire").done();
    let told = scratch.citadel(&format!("rotate-root prepare {line}")).refused();
    told.says("this authority is part of the CA already");
}

#[test]
fn the_next_authority_can_have_an_offline_root() {
    let scratch = ca(&["prepare --intermediate --root-dir vault", "activate"]);
    let root = scratch.signer("vault");
    assert_eq!(scratch.signer("ca").facts().issuer, root.facts().subject);
    assert_eq!(roots(&scratch)[0], root.facts().subject);
    fs::remove_dir_all(scratch.path("vault")).unwrap();
    scratch.citadel("bundle -o x.tgz").done();
    scratch.citadel("verify x.tgz").done();
}

#[test]
fn an_intermediate_can_be_renewed_below_the_same_root() {
    let scratch = Scratch::new();
    scratch.citadel("init --intermediate").done();
    let root = scratch.signer("ca-root").facts().subject.clone();
    let told = scratch.citadel("rotate-root prepare --intermediate").done();
    told.says(&format!("the root stays {root}"));
    let same = std::slice::from_ref(&root);
    assert_eq!(roots(&scratch), same);
    scratch.citadel("rotate-root activate --force").done();
    scratch.citadel("rotate-root retire --force").done().says("its root stays");
    assert_eq!(roots(&scratch), same);
    scratch.citadel("verify out").done();
}

/// A kill can leave it behind, the key of an authority that nobody knows.
#[test]
fn what_a_broken_off_step_left_behind_is_shown_and_goes_with_the_next() {
    let scratch = Scratch::with_ca();
    scratch.write("ca/0123456789abcdef/ca-key.pem", "left over");
    scratch.write("ca/.new-state.json", "left over");
    let left = scratch.shown("ca")["ca"]["leftovers"].clone();
    assert_eq!(left, serde_json::json!([".new-state.json", "0123456789abcdef"]));
    scratch.citadel("rotate-root prepare").done();
    assert!(scratch.shown("ca")["ca"]["leftovers"].is_null());
    assert!(!scratch.path("ca/0123456789abcdef").exists());
}
