//! The key that Citadel and the injector share.

use std::fs;

use marathon_inject::identity::JoinKey;

use crate::scratch::Scratch;

fn key(scratch: &Scratch, name: &str) -> JoinKey {
    JoinKey::parse(&fs::read_to_string(scratch.path(name)).unwrap()).unwrap()
}

#[test]
fn a_key_is_put_into_a_file_that_only_its_owner_can_read() {
    let scratch = Scratch::new();
    let told = scratch.citadel("join-key -o join.key").done();
    let id = key(&scratch, "join.key").id().to_owned();
    assert_eq!(told.out(), "");
    told.says(&format!("join.key: join key {id}\n"));
    assert_eq!(scratch.mode("join.key") & 0o777, 0o600);
}

#[test]
fn no_two_keys_are_the_same() {
    let scratch = Scratch::new();
    for name in ["a", "b"] {
        scratch.citadel("join-key --output").arg(name).done();
    }
    let text = |name| key(&scratch, name).to_text();
    assert_ne!(text("a"), text("b"));
    assert_ne!(key(&scratch, "a").id(), key(&scratch, "b").id());
}

#[test]
fn a_key_is_not_replaced_for_its_tokens_would_be_worthless() {
    let scratch = Scratch::new();
    scratch.citadel("join-key -o join.key").done();
    let before = key(&scratch, "join.key").to_text();
    scratch.citadel("join-key -o join.key").refused().says("join.key is there already");
    assert_eq!(key(&scratch, "join.key").to_text(), before);
}

#[test]
fn the_key_itself_is_never_said() {
    let scratch = Scratch::new();
    let told = scratch.citadel("join-key -o join.key").done();
    let text = key(&scratch, "join.key").to_text();
    let secret = text.trim_end().rsplit('.').next().unwrap();
    assert!(!told.err.contains(secret) && !told.out().contains(secret));
    for output in ["-", ""] {
        scratch.citadel("join-key -o").arg(output).refused().says("put into a file");
    }
}
