//! Several nodes: one leads, the others pass on, and sometimes nobody leads.

use std::time::Duration;

use reqwest::Body;
use serde_json::json;

use crate::client::{Client, Stopped};
use crate::marathon::{Leaderless, Marathon};
use crate::pod;

fn nodes() -> (Marathon, Client, Client) {
    let marathon = Marathon::builder().nodes(2).patience(Duration::from_millis(20)).start();
    let leader = Client::at(marathon.url_of(0));
    let standby = Client::at(marathon.url_of(1));
    (marathon, leader, standby)
}

#[test]
fn a_standby_passes_requests_on_and_says_so() {
    let (marathon, leader, standby) = nodes();
    assert_eq!(standby.post("/v2/pods", &pod("/a")).status, 201);
    let answer = leader.get("/v2/pods/a");
    assert_eq!((answer.status, answer.header("x-marathon-via")), (200, None));
    assert_eq!(answer.header("x-marathon-leader"), Some(marathon.url_of(0).as_str()));
    let answer = standby.get("/v2/pods/a");
    assert_eq!(answer.header("x-marathon-leader"), Some(marathon.url_of(0).as_str()));
    assert!(answer.header("x-marathon-via").is_some());
}

#[test]
fn a_standby_loses_a_body_of_unknown_length() {
    let (_marathon, leader, standby) = nodes();
    let chunked = || {
        let text: Result<String, std::io::Error> = Ok(pod("/a").to_string());
        Body::wrap_stream(futures_util::stream::iter([text]))
    };
    let answer = standby.ask("POST", "/v2/pods", |it| it.body(chunked()));
    assert_eq!(answer.status, 400);
    assert_eq!(answer.json()["message"], "Please specify data in JSON format");
    assert_eq!(leader.ask("POST", "/v2/pods", |it| it.body(chunked())).status, 201);
}

#[test]
fn a_standby_sends_listeners_to_the_leader() {
    let (marathon, _leader, standby) = nodes();
    let answer = standby.get("/v2/events");
    let place = format!("{}/v2/events", marathon.url_of(0));
    assert_eq!((answer.status, answer.header("location")), (302, Some(place.as_str())));
}

#[test]
fn without_a_leader_only_pings_are_answered() {
    let (marathon, leader, _standby) = nodes();
    for (leaderless, status) in [(Leaderless::BadGateway, 502), (Leaderless::Unavailable, 503)] {
        marathon.depose(leaderless);
        let answer = leader.get("/v2/pods");
        let body = json!({"message": "Could not determine the current leader"});
        assert_eq!((answer.status, answer.json()), (status, body));
        assert_eq!(leader.get("/ping").status, 200);
    }
    marathon.lead(1);
    assert_eq!(leader.get("/v2/pods").status, 200);
}

#[test]
fn a_new_leader_breaks_event_streams() {
    let (marathon, leader, _standby) = nodes();
    std::thread::scope(|scope| {
        let stream = scope.spawn(|| leader.read_until("/v2/events", "never sent"));
        marathon.wait_until(|cluster| cluster.listeners() == 1);
        marathon.lead(1);
        let (text, stopped) = stream.join().unwrap();
        assert!(text.starts_with("event: event_stream_attached\n"), "{text}");
        assert_eq!(stopped, Stopped::Broke);
    });
}
