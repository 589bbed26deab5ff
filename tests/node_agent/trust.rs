//! The token is given to nobody but Citadel.

use crate::agent::{Place, TOKEN};
use crate::citadel::{Answer, Citadel, HOUR, Mesh, root};

/// Neither asks, nor becomes ready.
async fn is_not_asked(citadel: &Citadel, place: Place) {
    let agent = place.start();
    agent.says("no TLS connection to Citadel").await;
    assert!(citadel.asked().is_empty());
    agent.answers("/ready", 503).await;
}

#[tokio::test]
async fn a_server_that_leads_to_another_root_than_the_pinned_one_gets_no_token() {
    let citadel = Citadel::start(Answer::Certificate(HOUR)).await;
    let other = root().certificate().facts().sha256.clone();
    is_not_asked(&citadel, Place::new(&citadel).with("--ca-root-sha256", &other)).await;
}

#[tokio::test]
async fn a_server_of_another_name_gets_no_token() {
    let citadel = Citadel::start_as(Answer::Certificate(HOUR), "impostor").await;
    is_not_asked(&citadel, Place::new(&citadel)).await;
}

#[tokio::test]
async fn a_pinned_root_that_is_sent_along_does_not_vouch_for_a_chain_that_does_not_lead_to_it() {
    let citadel = Citadel::start(Answer::Certificate(HOUR)).await;
    let place = Place::new(&citadel);
    let (mesh, other) = (citadel.mesh(), root());
    citadel.change(Mesh { server: other, ..mesh });
    is_not_asked(&citadel, place).await;
}

#[tokio::test]
async fn one_of_several_pins_and_another_server_name_do() {
    let citadel = Citadel::start_as(Answer::Certificate(HOUR), "istio-standalone-citadel").await;
    let other = root().certificate().facts().sha256.to_uppercase();
    let pins = format!("{other},{}", citadel.pin());
    let agent = Place::new(&citadel)
        .with("--ca-root-sha256", &pins)
        .with("--ca-server-name", "istio-standalone-citadel")
        .start();
    agent.answers("/ready", 200).await;
}

#[tokio::test]
async fn a_root_can_be_given_as_a_file() {
    let citadel = Citadel::start(Answer::Certificate(HOUR)).await;
    let mut place = Place::new(&citadel).without("--ca-root-sha256");
    let file = place.path("root.pem");
    std::fs::write(&file, citadel.mesh().pem()).unwrap();
    place = place.with("--ca-root-cert", file.to_str().unwrap());
    place.start().answers("/ready", 200).await;
}

#[tokio::test]
async fn neither_token_nor_key_is_in_the_log_or_the_metrics() {
    let citadel = Citadel::start(Answer::Certificate(HOUR)).await;
    citadel.first([Answer::Garbage, Answer::OtherKey]);
    let place = Place::new(&citadel).with("--log", "trace");
    let agent = place.start();
    agent.answers("/ready", 200).await;
    let mut envoy = crate::envoy::Stream::open(&place.socket(), &["default"]).await;
    envoy.take().await;
    let key = std::fs::read_to_string(place.path("certs/key.pem")).unwrap();
    let key = key.lines().nth(1).unwrap();
    let (_, metrics) = agent.page("/metrics").await;
    for text in [agent.log(), metrics] {
        assert!(!text.contains(TOKEN) && !text.contains(key), "{text}");
    }
}
