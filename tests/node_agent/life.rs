//! The first certificate, the next ones, and what happens while there is no Citadel.

use std::time::Duration;

use rustix::process::Signal;
use tonic::Code;

use crate::agent::{Place, TOKEN};
use crate::citadel::{Answer, Citadel, HOUR, IDENTITY, TASK};
use crate::envoy::{Stream, pair, roots};
use crate::eventually;

const SECONDS: Duration = Duration::from_secs(4);

#[tokio::test]
async fn a_task_enrols_with_its_token_and_envoy_gets_its_certificate_and_the_roots() {
    let citadel = Citadel::start(Answer::Certificate(HOUR)).await;
    let place = Place::new(&citadel).with("--ttl", "20m");
    let agent = place.start();
    let mut envoy = Stream::open(&place.socket(), &["default", "ROOTCA"]).await;
    let mut resources = envoy.take().await.resources;
    if resources.len() < 2 {
        resources.extend(envoy.take().await.resources);
    }
    let pair = pair(&resources);
    assert_eq!(pair.leaf.identity().unwrap().to_string(), IDENTITY);
    assert_eq!(pair.leaf.public_key().unwrap(), &pair.key.public_key());
    assert_eq!(roots(&resources), citadel.mesh().roots);
    agent.answers("/ready", 200).await;

    let [asked] = &citadel.asked()[..] else { panic!("{:?}", citadel.asked()) };
    assert_eq!(asked.authorization.as_deref(), Some(&*format!("Bearer {TOKEN}")));
    assert_eq!(asked.task.as_deref(), Some(TASK));
    assert_eq!((&asked.identity, &asked.shown, asked.seconds), (&None, &None, 20 * 60));
}

#[tokio::test]
async fn at_half_its_life_a_certificate_is_renewed_with_it_and_for_a_new_key() {
    let citadel = Citadel::start(Answer::Certificate(SECONDS)).await;
    let place = Place::new(&citadel);
    let _agent = place.start();
    let mut envoy = Stream::open(&place.socket(), &["default"]).await;
    let first = pair(&envoy.take().await.resources);
    let second = pair(&envoy.take().await.resources);
    assert_eq!(second.leaf.identity(), first.leaf.identity());
    assert_ne!(second.key.public_key(), first.key.public_key());
    let asked = &citadel.asked()[1];
    assert_eq!(asked.authorization, None);
    assert_eq!(asked.shown.as_ref().unwrap().to_string(), IDENTITY);
    assert_eq!(asked.identity, asked.shown);
}

#[tokio::test]
async fn a_hangup_signal_renews_at_once() {
    let citadel = Citadel::start(Answer::Certificate(HOUR)).await;
    let place = Place::new(&citadel);
    let agent = place.start();
    let mut envoy = Stream::open(&place.socket(), &["default"]).await;
    let first = pair(&envoy.take().await.resources);
    agent.signal(Signal::HUP);
    assert_ne!(pair(&envoy.take().await.resources).leaf, first.leaf);
}

#[tokio::test]
async fn an_answer_that_was_lost_is_asked_for_again_with_the_same_key_even_by_the_next_start() {
    let citadel = Citadel::start(Answer::Lost).await;
    let place = Place::new(&citadel);
    for tries in [2, 4] {
        let agent = place.start();
        let asked = || (citadel.asked().len() >= tries).then_some(());
        eventually("more tries", asked).await;
        drop(agent);
    }
    citadel.answers(Answer::Certificate(HOUR));
    let agent = place.start();
    agent.answers("/ready", 200).await;
    let asked = citadel.asked();
    assert!(asked.iter().all(|it| it.key == asked[0].key), "{asked:#?}");
    agent.signal(Signal::HUP);
    let new = || citadel.asked().last().filter(|last| last.key != asked[0].key).cloned();
    eventually("a renewal with another key", new).await;
}

#[tokio::test]
async fn while_there_is_no_citadel_a_certificate_is_served_until_it_ends_and_then_enrols_again() {
    let citadel = Citadel::start(Answer::Certificate(SECONDS)).await;
    let place = Place::new(&citadel);
    let mut agent = place.start();
    agent.answers("/ready", 200).await;
    citadel.down(true);
    let renewals = citadel.asked().len();
    eventually("a try to renew", || agent.log().contains("no new certificate").then_some(())).await;
    // Whoever comes now still gets it.
    let mut envoy = Stream::open(&place.socket(), &["default"]).await;
    pair(&envoy.take().await.resources);

    agent.says("THE CERTIFICATE HAS ENDED").await;
    let why = agent.answers("/ready", 503).await;
    assert!(why.starts_with("the certificate has ended at 20"), "{why}");
    let mut late = Stream::open(&place.socket(), &["default"]).await;
    assert!(late.is_quiet().await);
    assert!(agent.is_running());

    citadel.answers(Answer::Certificate(HOUR));
    citadel.down(false);
    agent.signal(Signal::HUP);
    agent.answers("/ready", 200).await;
    pair(&late.take().await.resources);
    let asked = citadel.asked();
    assert!(asked[renewals..].iter().all(|it| it.authorization.is_some()), "{asked:#?}");
}

#[tokio::test]
async fn an_enrolment_that_is_denied_ends_the_agent_so_that_a_new_task_takes_its_place() {
    let citadel = Citadel::start(Answer::Refuse(Code::PermissionDenied)).await;
    let mut agent = Place::new(&citadel).with("--denied-for", "1s").start();
    assert_eq!(agent.ends().await.code(), Some(3), "{}", agent.log());
    assert!(citadel.asked().len() >= 3);
    agent.says("error: Citadel does not let this task join the mesh").await;
}

#[tokio::test]
async fn other_refusals_of_an_enrolment_are_tried_again_for_ever() {
    let codes = [Code::Unauthenticated, Code::ResourceExhausted, Code::Unavailable, Code::Internal];
    let citadel = Citadel::start(Answer::Certificate(HOUR)).await;
    citadel.first(codes.map(Answer::Refuse));
    let agent = Place::new(&citadel).with("--denied-for", "1ms").start();
    agent.answers("/ready", 200).await;
    assert_eq!(citadel.asked().len(), 5);
}

#[tokio::test]
async fn a_renewal_that_is_denied_leaves_the_certificate_in_use() {
    let citadel = Citadel::start(Answer::Refuse(Code::PermissionDenied)).await;
    citadel.first([Answer::Certificate(HOUR)]);
    let place = Place::new(&citadel).with("--denied-for", "1ms");
    let mut agent = place.start();
    agent.answers("/ready", 200).await;
    agent.signal(Signal::HUP);
    eventually("five tries", || (citadel.asked().len() > 5).then_some(())).await;
    assert!(agent.is_running());
    agent.answers("/ready", 200).await;
    assert!(agent.metric("node_agent_renewal_failures_total{kind=\"denied\"}").await >= 4.0);
    assert!(agent.metric("node_agent_last_renewal_failure{kind=\"denied\"}").await >= 1.0);
}

#[tokio::test]
async fn a_citadel_that_does_not_answer_is_not_waited_for_for_ever() {
    let citadel = Citadel::start(Answer::Certificate(HOUR)).await;
    citadel.first([Answer::Silence]);
    let agent = Place::new(&citadel).with("--call-timeout", "1s").start();
    agent.says("Citadel did not answer in time").await;
    agent.answers("/ready", 200).await;
}
