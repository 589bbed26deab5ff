//! Trouble on the way, as a client sees it.

use std::thread;
use std::time::{Duration, Instant};

use crate::client::Client;
use crate::marathon::Fault;
use crate::{marathon, pod};

fn post(client: &Client) -> Result<(), reqwest::Error> {
    let body = pod("/a").to_string();
    client.attempt("POST", "/v2/pods", |it| it.body(body)).map(|_| ())
}

#[test]
fn a_write_may_be_lost_before_it_is_applied() {
    for fault in [Fault::Reset, Fault::Lost] {
        let (marathon, client) = marathon();
        marathon.fault(1, "POST", "/v2/pods", fault);
        assert!(post(&client).is_err());
        assert!(!marathon.has("/a"));
        assert!(post(&client).is_ok(), "it was for one request only");
    }
}

#[test]
fn a_write_may_be_applied_and_its_answer_lost() {
    let (marathon, client) = marathon();
    marathon.fault(1, "POST", "/v2/pods", Fault::AnswerLost);
    assert!(post(&client).is_err());
    assert!(marathon.has("/a"));
}

#[test]
fn half_a_body_may_come_where_all_was_promised() {
    let (marathon, client) = marathon();
    marathon.fault(1, "GET", "/v2/info", Fault::HalfBody);
    let error = client.attempt("GET", "/v2/info", |it| it).unwrap_err();
    assert!(error.is_body() || error.is_decode(), "{error:?}");
}

#[test]
fn half_a_json_may_come_as_if_it_were_all() {
    let (marathon, client) = marathon();
    marathon.fault(1, "GET", "/v2/info", Fault::HalfJson);
    let half = client.get("/v2/info");
    assert_eq!(half.status, 200);
    assert!(serde_json::from_str::<serde_json::Value>(&half.body).is_err());
    assert!(client.get("/v2/info").body.starts_with(&half.body));
}

#[test]
fn somebody_on_the_way_may_answer() {
    let (marathon, client) = marathon();
    marathon.fault(2, "GET", "/v2/pods", Fault::Answer(502, "<html>".to_owned()));
    marathon.fault(1, "GET", "/v2/pods", Fault::Redirect(307, "http://other/".to_owned()));
    for _ in 0..2 {
        let answer = client.get("/v2/pods");
        assert_eq!((answer.status, answer.body.as_str()), (502, "<html>"));
    }
    let answer = client.get("/v2/pods");
    assert_eq!((answer.status, answer.header("location")), (307, Some("http://other/")));
    assert_eq!(client.get("/v2/pods").status, 200);
}

#[test]
fn only_the_requests_that_are_meant_meet_trouble() {
    let (marathon, client) = marathon();
    marathon.fault(1, "PUT", "/v2/pods/a", Fault::Lost);
    assert_eq!(client.get("/v2/pods/a").status, 404);
    assert_eq!(client.put("/v2/pods/b", &pod("/b")).status, 200);
}

#[test]
fn an_answer_may_come_late_or_never() {
    let (marathon, client) = marathon();
    let late = Duration::from_millis(50);
    marathon.fault(1, "GET", "/ping", Fault::Late(late));
    let began = Instant::now();
    assert_eq!(client.get("/ping").body, "pong");
    assert!(began.elapsed() >= late);
    marathon.fault(1, "GET", "/ping", Fault::Hang);
    let impatient = client.attempt("GET", "/ping", |it| it.timeout(late));
    assert!(impatient.unwrap_err().is_timeout());
}

#[test]
fn a_body_may_never_end() {
    let (marathon, client) = marathon();
    marathon.fault(1, "GET", "/v2/info", Fault::EndlessBody);
    let impatient = |it: reqwest::RequestBuilder| it.timeout(Duration::from_millis(200));
    assert!(client.attempt("GET", "/v2/info", impatient).unwrap_err().is_timeout());
}

#[test]
fn the_most_requests_at_once_are_counted() {
    let (marathon, _) = marathon();
    let clients: Vec<Client> = (0..3).map(|_| Client::of(&marathon)).collect();
    marathon.fault(3, "GET", "/ping", Fault::Late(Duration::from_millis(500)));
    thread::scope(|scope| {
        for client in &clients {
            scope.spawn(|| client.get("/ping"));
        }
    });
    assert_eq!(marathon.see(|cluster| cluster.log().most_in_flight()), 3);
}
