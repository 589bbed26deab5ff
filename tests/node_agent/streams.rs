//! Secrets as Envoy asks for them.

use std::fs::{self, Permissions};
use std::io::Read;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::Duration;

use marathon_inject::proto::SECRET_TYPE;
use marathon_inject::proto::sds::secret_discovery_service_client::SecretDiscoveryServiceClient;
use marathon_inject::proto::sds::{DeltaDiscoveryRequest, DiscoveryRequest};
use rustix::process::{Signal, Uid};
use rustix::thread::set_thread_res_uid;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Code;
use tonic::transport::Endpoint;

use crate::agent::{Agent, Place};
use crate::citadel::{Answer, Citadel, HOUR};
use crate::envoy::{Stream, client, names, pair};
use crate::{PATIENCE, eventually};

async fn ready() -> (Citadel, Place, Agent) {
    let citadel = Citadel::start(Answer::Certificate(HOUR)).await;
    let place = Place::new(&citadel);
    let agent = place.start();
    agent.answers("/ready", 200).await;
    (citadel, place, agent)
}

#[tokio::test]
async fn who_comes_again_gets_all_even_if_it_has_it() {
    let (_citadel, place, _agent) = ready().await;
    let first = Stream::open(&place.socket(), &["default"]).await.take().await;
    let again =
        Stream::reopen(&place.socket(), &["default"], &first.version_info).await.take().await;
    assert_eq!(again.version_info, first.version_info);
    assert_eq!(pair(&again.resources).leaf, pair(&first.resources).leaf);
}

#[tokio::test]
async fn what_is_not_taken_is_not_sent_again_but_the_next_is() {
    let (_citadel, place, agent) = ready().await;
    let mut envoy = Stream::open(&place.socket(), &["default"]).await;
    let first = envoy.next().await;
    envoy.reject(&first).await;
    agent.says("Envoy did not take a secret: \"KEY_VALUES_MISMATCH\"").await;
    assert!(envoy.is_quiet().await);
    let rejected = agent.metric("node_agent_sds_rejections_total{name=\"default\"}").await;
    assert!((0.9..1.1).contains(&rejected), "{rejected}");
    agent.signal(Signal::HUP);
    assert_ne!(envoy.take().await.version_info, first.version_info);
}

#[tokio::test]
async fn names_can_be_changed_and_what_is_unknown_is_waited_for() {
    let (_citadel, place, agent) = ready().await;
    let unknown = "a secret is asked for that there is not";
    let mut envoy = Stream::open(&place.socket(), &["file-root:/nowhere"]).await;
    agent.says(unknown).await;
    assert!(envoy.is_quiet().await);
    envoy.ask(&["file-root:/nowhere", "ROOTCA"]).await;
    envoy.take().await;
    assert_eq!(agent.log().matches(unknown).count(), 1, "{}", agent.log());
    let mut envoy = Stream::open(&place.socket(), &["ROOTCA"]).await;
    let first = envoy.next().await;
    envoy.want(&["ROOTCA", "default"], &first).await;
    let second = envoy.next().await;
    assert_eq!(names(&second), ["default"]);
    envoy.accept(&second).await;
    assert!(envoy.is_quiet().await);
}

#[tokio::test]
async fn who_asks_for_something_other_than_secrets_is_told_so() {
    let (_citadel, place, _agent) = ready().await;
    let request = DiscoveryRequest { type_url: "listeners".to_owned(), ..Default::default() };
    let mut client = client(&place.socket()).await;
    let answered = client.stream_secrets(tokio_stream::once(request)).await.unwrap();
    let refused = answered.into_inner().message().await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
}

#[tokio::test]
async fn secrets_can_be_had_each_by_itself() {
    let (_citadel, place, agent) = ready().await;
    let (requests, receive) = mpsc::channel(8);
    let request = |subscribe: &[&str], nonce: &str| DeltaDiscoveryRequest {
        type_url: SECRET_TYPE.to_owned(),
        resource_names_subscribe: subscribe.iter().map(ToString::to_string).collect(),
        response_nonce: nonce.to_owned(),
        ..DeltaDiscoveryRequest::default()
    };
    requests.send(request(&["default", "ROOTCA"], "")).await.unwrap();
    let mut client = client(&place.socket()).await;
    let answered = client.delta_secrets(ReceiverStream::new(receive)).await.unwrap();
    let mut responses = answered.into_inner();
    let first = responses.message().await.unwrap().unwrap();
    let names: Vec<_> = first.resources.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["ROOTCA", "default"]);
    requests.send(request(&[], &first.nonce)).await.unwrap();
    agent.signal(Signal::HUP);
    let second = responses.message().await.unwrap().unwrap();
    let changed: Vec<_> = second.resources.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(changed, ["default"]);
    assert_ne!(second.resources[0].version, first.resources[1].version);
}

#[tokio::test]
async fn secrets_can_be_fetched_once_they_are_there() {
    let citadel = Citadel::start(Answer::Refuse(Code::Unavailable)).await;
    let place = Place::new(&citadel);
    let agent = place.start();
    let mut client = client(&place.socket()).await;
    let request = |name: &str| DiscoveryRequest {
        resource_names: vec![name.to_owned()],
        ..DiscoveryRequest::default()
    };
    let early = client.fetch_secrets(request("default")).await.unwrap_err();
    assert_eq!(early.code(), Code::Unavailable);
    let unknown = client.fetch_secrets(request("other")).await.unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound);
    citadel.answers(Answer::Certificate(HOUR));
    agent.answers("/ready", 200).await;
    let fetched = client.fetch_secrets(request("default")).await.unwrap().into_inner();
    pair(&fetched.resources);
}

#[tokio::test]
async fn a_secret_that_is_fetched_under_its_name_twice_comes_once() {
    let (_citadel, place, _agent) = ready().await;
    let request = DiscoveryRequest {
        resource_names: ["ROOTCA", "ROOTCA"].map(str::to_owned).to_vec(),
        ..DiscoveryRequest::default()
    };
    let mut client = client(&place.socket()).await;
    let fetched = client.fetch_secrets(request).await.unwrap().into_inner();
    assert_eq!(names(&fetched), ["ROOTCA"]);
}

#[tokio::test]
async fn a_request_without_end_is_refused_and_others_are_served() {
    let (_citadel, place, _agent) = ready().await;
    let request = DiscoveryRequest {
        resource_names: vec!["a".repeat(1000); 300],
        type_url: SECRET_TYPE.to_owned(),
        ..DiscoveryRequest::default()
    };
    let mut hostile = client(&place.socket()).await;
    let refused = hostile.fetch_secrets(request.clone()).await.unwrap_err();
    assert_eq!(refused.code(), Code::OutOfRange);
    let answered = hostile.stream_secrets(tokio_stream::once(request)).await.unwrap();
    assert!(!matches!(answered.into_inner().message().await, Ok(Some(_))));
    Stream::open(&place.socket(), &["default"]).await.take().await;
}

/// Each is open, and reads a single byte of what it is sent.
#[tokio::test]
async fn slow_readers_in_great_number_keep_nothing_from_others() {
    let (_citadel, place, agent) = ready().await;
    let request = DiscoveryRequest {
        resource_names: ["default", "ROOTCA"].map(str::to_owned).to_vec(),
        type_url: SECRET_TYPE.to_owned(),
        ..DiscoveryRequest::default()
    };
    let mut kept = Vec::new();
    for _ in 0..4 {
        let socket = format!("unix:{}", place.socket().display());
        let endpoint = Endpoint::from_shared(socket).unwrap().initial_stream_window_size(1);
        let mut slow = SecretDiscoveryServiceClient::new(endpoint.connect().await.unwrap());
        for _ in 0..50 {
            let requests = tokio_stream::once(request.clone()).chain(tokio_stream::pending());
            kept.push(slow.stream_secrets(requests).await.unwrap());
        }
    }
    assert!(agent.metric("node_agent_sds_streams").await > 199.0);
    let mut envoy = Stream::open(&place.socket(), &["default"]).await;
    let mut seen = vec![envoy.take().await.version_info];
    while seen.len() < 10 {
        agent.signal(Signal::HUP);
        let next = envoy.take().await.version_info;
        assert!(!seen.contains(&next));
        seen.push(next);
    }
}

#[tokio::test]
async fn connections_without_end_leave_files_for_citadel_and_hold_up_others_only_while_they_last() {
    let citadel = Citadel::start(Answer::Certificate(HOUR)).await;
    let place = Place::new(&citadel);
    let agent = place.start_with_files(100);
    agent.answers("/ready", 200).await;
    let hostile: Vec<_> = (0..120).map(|_| UnixStream::connect(place.socket()).unwrap()).collect();
    agent.says("all 64 connections for secrets are taken").await;
    agent.signal(Signal::HUP);
    eventually("a renewal", || (citadel.asked().len() > 1).then_some(())).await;
    drop(hostile);
    Stream::open(&place.socket(), &["default"]).await.take().await;
}

#[tokio::test]
async fn streams_are_counted_while_they_are_open() {
    let (_citadel, place, agent) = ready().await;
    let mut envoy = Stream::open(&place.socket(), &["default"]).await;
    envoy.take().await;
    assert!(agent.metric("node_agent_sds_streams").await > 0.5);
    drop(envoy);
    let begun = Instant::now();
    while agent.metric("node_agent_sds_streams").await > 0.5 {
        assert!(begun.elapsed() < PATIENCE, "a stream that was closed is still counted");
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_socket_of_an_earlier_run_is_replaced_and_others_cannot_open_it() {
    let (_citadel, place, agent) = ready().await;
    let before = place.socket().metadata().unwrap();
    assert_eq!(before.permissions().mode() & 0o777, 0o660);
    drop(agent);
    let agent = place.start();
    agent.answers("/ready", 200).await;
    let after = eventually("another socket", || {
        place.socket().metadata().ok().filter(|after| after.ctime_nsec() != before.ctime_nsec())
    })
    .await;
    assert_eq!(after.permissions().mode() & 0o777, 0o660);
    Stream::open(&place.socket(), &["default"]).await.take().await;
}

#[tokio::test]
async fn another_user_gets_nothing_even_where_the_files_would_let_it() {
    let (_citadel, place, agent) = ready().await;
    if !rustix::process::getuid().is_root() {
        // Only root can be somebody else; everybody else is at least refused by the mode.
        assert_eq!(place.socket().metadata().unwrap().permissions().mode() & 0o007, 0);
        return;
    }
    fs::set_permissions(place.path(""), Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(place.socket(), Permissions::from_mode(0o666)).unwrap();
    let socket = place.socket();
    let got = thread::spawn(move || {
        let stranger = Uid::from_raw(4242);
        // Of this thread alone.
        set_thread_res_uid(stranger, stranger, stranger).unwrap();
        UnixStream::connect(socket).unwrap().read(&mut [0]).unwrap()
    });
    assert_eq!(got.join().unwrap(), 0);
    agent.says("may not have secrets").await;
}
