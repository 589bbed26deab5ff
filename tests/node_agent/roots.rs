//! New roots reach Envoy before any certificate needs them, and old ones stay as long as one does.

use std::sync::Arc;

use rustix::process::Signal;
use tonic::Code;

use crate::agent::Place;
use crate::citadel::{Answer, Citadel, HOUR, Mesh, root};
use crate::envoy::{Stream, pair, roots};
use crate::eventually;

#[tokio::test]
async fn a_root_that_is_added_reaches_envoy_without_a_new_certificate() {
    let citadel = Citadel::start(Answer::Certificate(HOUR)).await;
    let place = Place::new(&citadel);
    let _agent = place.start();
    let mut envoy = Stream::open(&place.socket(), &["ROOTCA"]).await;
    envoy.take().await;
    let (old, new) = (citadel.mesh().signer, root());
    citadel.change(Mesh::of(&old).trusting(&[&old, &new]));
    let both = roots(&envoy.take().await.resources);
    assert_eq!(both, [old.certificate().clone(), new.certificate().clone()]);
    assert_eq!(citadel.asked().len(), 1);
}

#[tokio::test]
async fn a_stream_of_roots_that_breaks_is_opened_again() {
    let citadel = Citadel::start(Answer::Certificate(HOUR)).await;
    let place = Place::new(&citadel);
    let _agent = place.start();
    let mut envoy = Stream::open(&place.socket(), &["ROOTCA"]).await;
    envoy.take().await;
    let old = citadel.mesh().signer;
    let mut all = vec![old.certificate().clone()];
    for _ in 0..3 {
        citadel.cut();
        all.push(root().certificate().clone());
        citadel.change(Mesh { roots: all.clone(), ..Mesh::of(&old) });
        assert_eq!(roots(&envoy.take().await.resources), all);
    }
}

#[tokio::test]
async fn a_new_certificate_waits_until_envoy_has_answered_to_its_roots() {
    let citadel = Citadel::start(Answer::Certificate(HOUR)).await;
    citadel.tells_roots(false);
    let place = Place::new(&citadel);
    let agent = place.start();
    let mut ours = Stream::open(&place.socket(), &["default"]).await;
    let mut theirs = Stream::open(&place.socket(), &["ROOTCA"]).await;
    theirs.take().await;
    ours.take().await;

    let (old, new) = (citadel.mesh().signer, root());
    citadel.change(Mesh { server: Arc::clone(&old), ..Mesh::of(&new) }.trusting(&[&old, &new]));
    agent.signal(Signal::HUP);
    let response = theirs.next().await;
    assert_eq!(roots(&response.resources).len(), 2);
    assert!(ours.is_quiet().await);
    theirs.accept(&response).await;
    let leaf = pair(&ours.take().await.resources).leaf;
    assert_eq!(leaf.facts().issuer, new.certificate().facts().subject);
}

#[tokio::test]
async fn an_envoy_that_does_not_answer_holds_up_a_certificate_only_for_a_moment() {
    let citadel = Citadel::start(Answer::Certificate(HOUR)).await;
    citadel.first([Answer::Refuse(Code::Unavailable)]);
    let place = Place::new(&citadel);
    let _agent = place.start();
    let mut silent = Stream::open(&place.socket(), &["ROOTCA"]).await;
    let mut ours = Stream::open(&place.socket(), &["default"]).await;
    pair(&ours.take().await.resources);
    roots(&silent.next().await.resources);
}

#[tokio::test]
async fn a_root_that_the_certificate_needs_stays_until_it_has_been_renewed_at_once() {
    let citadel = Citadel::start(Answer::Certificate(HOUR)).await;
    let place = Place::new(&citadel);
    let _agent = place.start();
    let mut theirs = Stream::open(&place.socket(), &["ROOTCA"]).await;
    let mut ours = Stream::open(&place.socket(), &["default"]).await;
    theirs.take().await;
    ours.take().await;

    let (old, new) = (citadel.mesh().signer, root());
    let subject =
        |root: &marathon_inject::identity::x509::Certificate| root.facts().subject.clone();
    // Citadel still takes certificates of the old root; it tells the new one alone.
    citadel.change(Mesh { server: Arc::clone(&old), ..Mesh::of(&new) });
    let union = roots(&theirs.take().await.resources);
    assert_eq!(union, [new.certificate().clone(), old.certificate().clone()]);
    let leaf = pair(&ours.take().await.resources).leaf;
    assert_eq!(leaf.facts().issuer, subject(new.certificate()));
    assert_eq!(roots(&theirs.take().await.resources), [new.certificate().clone()]);
}

#[tokio::test]
async fn a_certificate_that_was_asked_for_before_new_roots_does_not_bring_the_old_ones_back() {
    let citadel = Citadel::start(Answer::Certificate(HOUR)).await;
    let place = Place::new(&citadel);
    let agent = place.start();
    let mut theirs = Stream::open(&place.socket(), &["ROOTCA"]).await;
    let mut ours = Stream::open(&place.socket(), &["default"]).await;
    theirs.take().await;
    ours.take().await;

    citadel.first([Answer::Held]);
    agent.signal(Signal::HUP);
    eventually("a request", || (citadel.asked().len() > 1).then_some(())).await;
    let (old, new) = (citadel.mesh().signer, root());
    citadel.change(Mesh::of(&old).trusting(&[&old, &new]));
    assert_eq!(roots(&theirs.take().await.resources).len(), 2);
    citadel.release();
    ours.take().await;
    // What it trusts now, and not only what was sent.
    assert!(theirs.is_quiet().await);
    let mut late = Stream::open(&place.socket(), &["ROOTCA"]).await;
    assert_eq!(roots(&late.take().await.resources).len(), 2);
}

#[tokio::test]
async fn roots_that_are_none_are_not_taken() {
    let citadel = Citadel::start(Answer::Certificate(HOUR)).await;
    let place = Place::new(&citadel);
    let agent = place.start();
    let mut envoy = Stream::open(&place.socket(), &["ROOTCA"]).await;
    envoy.take().await;
    const MANY: &str = "Citadel's answer cannot be used: 33 roots";
    let mesh = citadel.mesh();
    let many = std::iter::repeat_with(|| root().certificate().clone()).take(33).collect();
    for (bad, words) in [(Vec::new(), "the roots are of no use"), (many, MANY)] {
        citadel.change(Mesh { roots: bad, ..mesh.clone() });
        agent.says(&format!("what Citadel tells is not taken: {words}")).await;
        assert!(envoy.is_quiet().await, "{words}");
    }
}

#[tokio::test]
async fn a_citadel_that_tells_no_roots_tells_them_with_certificates() {
    let citadel = Citadel::start(Answer::Certificate(HOUR)).await;
    citadel.tells_roots(false);
    let place = Place::new(&citadel);
    let agent = place.start();
    let mut envoy = Stream::open(&place.socket(), &["ROOTCA"]).await;
    envoy.take().await;
    agent.says("Citadel tells roots only with certificates").await;
    let (old, new) = (citadel.mesh().signer, root());
    citadel.change(Mesh::of(&old).trusting(&[&old, &new]));
    agent.signal(Signal::HUP);
    assert_eq!(roots(&envoy.take().await.resources).len(), 2);
    assert!(agent.metric("node_agent_roots").await >= 2.0);
}
