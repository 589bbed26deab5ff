//! The three files, for those who read files.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use marathon_inject::identity::x509::{Bundle, CERT_CHAIN, KEY, ROOT_CERT, Verified, verify};
use rustix::process::Signal;
use time::OffsetDateTime;

use crate::agent::Place;
use crate::citadel::{Answer, Citadel, HOUR};
use crate::eventually;

/// The bundle in a directory, if the files belong together.
fn bundle(dir: &Path) -> Option<Verified> {
    let read = |name| fs::read(dir.join(name)).ok();
    let bundle = Bundle {
        root_cert: read(ROOT_CERT)?,
        cert_chain: read(CERT_CHAIN)?,
        key: read(KEY)?.into(),
    };
    Some(verify(&bundle, None, OffsetDateTime::now_utc()).unwrap())
}

/// The bundle of this moment: opened one by one through the links, files could be of two.
fn current(dir: &Path) -> Option<Verified> {
    bundle(&dir.join(fs::read_link(dir.join("..data")).ok()?))
}

#[tokio::test]
async fn the_files_are_there_all_at_once_and_change_all_at_once() {
    let citadel = Citadel::start(Answer::Certificate(HOUR)).await;
    let place = Place::new(&citadel).without("--sds-socket");
    let agent = place.start();
    let dir = place.path("certs");
    let first = eventually("the files", || bundle(&dir)).await;
    let mode = |name: &str| fs::metadata(dir.join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!([ROOT_CERT, CERT_CHAIN, KEY].map(mode), [0o444, 0o444, 0o400]);
    let mut seen = vec![first.leaf.facts().sha256.clone()];
    while seen.len() < 20 {
        agent.signal(Signal::HUP);
        let next = eventually("the next certificate", || {
            let found = current(&dir).filter(|it| !seen.contains(&it.leaf.facts().sha256))?;
            Some(found.leaf.facts().sha256.clone())
        });
        seen.push(next.await);
    }
    eventually("the old ones to be removed", || {
        let names = fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().file_name());
        let versions = names.filter(|name| name.to_str().unwrap().starts_with("..version-"));
        (versions.count() == 1).then_some(())
    })
    .await;
}

#[tokio::test]
async fn files_of_another_s_making_are_replaced() {
    let citadel = Citadel::start(Answer::Certificate(HOUR)).await;
    let place = Place::new(&citadel).without("--sds-socket");
    let dir = place.path("certs");
    fs::create_dir(&dir).unwrap();
    for name in [ROOT_CERT, CERT_CHAIN, KEY] {
        fs::write(dir.join(name), "of a bundle").unwrap();
    }
    fs::create_dir(dir.join("..version-1")).unwrap();
    fs::write(dir.join("..new-link"), "of a crash").unwrap();
    let _agent = place.start();
    eventually("links", || {
        let is_link = |name| fs::read_link(dir.join(name)).is_ok();
        [ROOT_CERT, CERT_CHAIN, KEY].into_iter().all(is_link).then_some(())
    })
    .await;
    let new = || fs::read(dir.join(KEY)).ok().filter(|key| key != b"of a bundle");
    eventually("the new key", new).await;
    bundle(&dir).unwrap();
    eventually("what a crash left to be removed", || {
        (!dir.join("..version-1").exists()).then_some(())
    })
    .await;
}

#[tokio::test]
async fn the_files_are_replaced_before_their_certificate_ends() {
    let citadel = Citadel::start(Answer::Certificate(HOUR)).await;
    citadel.first([Answer::Certificate(Duration::from_secs(3))]);
    let place = Place::new(&citadel).without("--sds-socket");
    let agent = place.start();
    let dir = place.path("certs");
    let first = eventually("the files", || current(&dir)).await;
    // Whatever is found on the way has not ended, or it would not be a good bundle.
    eventually("the next", || current(&dir).filter(|it| it.leaf != first.leaf)).await;
    agent.answers("/ready", 200).await;
}
