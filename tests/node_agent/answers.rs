//! What Citadel sends is looked at before it is used.

use rustix::process::Signal;

use crate::agent::Place;
use crate::citadel::{Answer, Citadel, HOUR};
use crate::envoy::{Stream, pair};

/// What is wrong, and what the agent says to it.
const BAD: [(Answer, &str); 8] = [
    (Answer::RootsAlone, "expected a certificate and roots"),
    (Answer::LongChain, "33 certificates of a chain, of which 32 can be of use"),
    (Answer::ManyRoots, "33 roots, of which 32 can be of use"),
    (Answer::Garbage, "holds no PEM certificate"),
    (Answer::OtherKey, "key.pem does not belong to"),
    (Answer::OtherAuthority, "none of the roots signed it"),
    (Answer::Ended, "has ended at"),
    (Answer::OtherIdentity, "sa/other, not for spiffe://cluster.local/ns/default/sa/shop"),
];

#[tokio::test]
async fn a_bad_answer_is_a_failed_try_and_what_is_good_stays_in_use() {
    for (answer, words) in BAD {
        let citadel = Citadel::start(Answer::Certificate(HOUR)).await;
        let place = Place::new(&citadel);
        let agent = place.start();
        let mut envoy = Stream::open(&place.socket(), &["default"]).await;
        let good = pair(&envoy.take().await.resources);
        citadel.first([answer]);
        citadel.answers(Answer::Silence);
        agent.signal(Signal::HUP);
        agent.says(words).await;
        assert!(envoy.is_quiet().await, "{answer:?}");
        let mut other = Stream::open(&place.socket(), &["default"]).await;
        assert_eq!(pair(&other.take().await.resources).leaf, good.leaf, "{answer:?}");
        assert!(agent.metric("node_agent_renewal_failures_total{kind=\"answer\"}").await >= 1.0);
    }
}

#[tokio::test]
async fn an_answer_without_end_is_not_read_to_its_end() {
    let citadel = Citadel::start(Answer::Certificate(HOUR)).await;
    citadel.first([Answer::Endless]);
    let agent = Place::new(&citadel).start();
    agent.says("decoded message length too large").await;
    agent.answers("/ready", 200).await;
}

#[tokio::test]
async fn a_bad_first_answer_is_asked_for_again() {
    let citadel = Citadel::start(Answer::Certificate(HOUR)).await;
    citadel.first([Answer::Garbage, Answer::OtherKey, Answer::RootsAlone]);
    let agent = Place::new(&citadel).start();
    agent.answers("/ready", 200).await;
    assert_eq!(citadel.asked().len(), 4);
}
