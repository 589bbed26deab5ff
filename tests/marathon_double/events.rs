//! `/v2/events`: what is told, in which shape, and how a stream fails.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use crate::client::{Client, Stopped};
use crate::marathon::{Fault, Marathon};
use crate::{marathon, pod};

/// What a listener hears while `act` is done, up to an event of type `last`.
fn heard(marathon: &Marathon, path: &str, last: &str, act: impl FnOnce()) -> Vec<Value> {
    let listener = Client::of(marathon);
    let last = format!("\"{last}\"");
    let (text, stopped) = std::thread::scope(|scope| {
        let stream = scope.spawn(|| listener.read_until(path, &last));
        marathon.wait_until(|cluster| cluster.listeners() == 1);
        act();
        stream.join().unwrap()
    });
    assert_eq!(stopped, Stopped::Found, "{text}");
    text.split_terminator("\n\n").filter_map(event).collect()
}

/// The data of a whole frame, whose two names agree.
fn event(frame: &str) -> Option<Value> {
    let (name, data) = frame.strip_prefix("event: ")?.split_once("\ndata: ")?;
    let data: Value = serde_json::from_str(data).ok()?;
    assert_eq!(data["eventType"], name);
    assert!(data["timestamp"].is_string());
    Some(data)
}

fn members(event: &Value) -> BTreeSet<&str> {
    let members = event.as_object().unwrap().keys().map(String::as_str);
    members.filter(|name| !["eventType", "timestamp"].contains(name)).collect()
}

#[test]
fn a_deployment_is_told_from_its_beginning_to_its_end() {
    let (marathon, client) = marathon();
    let events = heard(&marathon, "/v2/events", "deployment_success", || {
        client.post("/v2/pods", &pod("/a"));
    });
    assert_eq!(events[0]["eventType"], "event_stream_attached");
    let documented = [
        ("pod_created_event", "clientIp uri"),
        ("deployment_info", "plan currentStep"),
        ("deployment_step_success", "plan currentStep"),
        ("deployment_success", "id plan"),
        ("instance_changed_event", "instanceId condition runSpecId agentId host runSpecVersion"),
        (
            "status_update_event",
            "slaveId taskId taskStatus message appId host ipAddresses ports version",
        ),
    ];
    for (kind, expected) in documented {
        let event = events.iter().find(|event| event["eventType"] == kind);
        let event = event.unwrap_or_else(|| panic!("no {kind} in {events:#?}"));
        assert_eq!(members(event), expected.split(' ').collect(), "{kind}");
    }
    let end = events.last().unwrap();
    let plan = json!([
        {"actions": [{"action": "StartPod", "pod": "/a"}]},
        {"actions": [{"action": "ScalePod", "pod": "/a"}]},
    ]);
    assert_eq!((&end["plan"]["id"], &end["plan"]["steps"]), (&end["id"], &plan));
}

#[test]
fn an_overridden_deployment_fails_with_its_reason() {
    let (marathon, client) = marathon();
    marathon.put("/a", &pod("/a")).unwrap();
    marathon.lock("/a");
    let events = heard(&marathon, "/v2/events", "pod_updated_event", || {
        client.put("/v2/pods/a?force=true", &pod("/a"));
    });
    let failed = events.iter().find(|event| event["eventType"] == "deployment_failed").unwrap();
    assert_eq!(failed["reason"], "overridden");
}

#[test]
fn only_the_types_that_were_asked_for_are_told() {
    let (marathon, client) = marathon();
    let path = "/v2/events?event_type=pod_created_event&event_type=deployment_success";
    let events = heard(&marathon, path, "deployment_success", || {
        client.post("/v2/pods", &pod("/a"));
    });
    let kinds: Vec<_> = events.iter().map(|event| event["eventType"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["event_stream_attached", "pod_created_event", "deployment_success"]);
}

#[test]
fn a_stream_may_end() {
    let (marathon, client) = marathon();
    marathon.fault(1, "GET", "/v2/events", Fault::EndsAfter(1));
    let (text, stopped) = client.read_until("/v2/events", "never sent");
    assert_eq!(text.matches("event: ").count(), 1);
    assert_eq!(stopped, Stopped::Ended);
}

#[test]
fn a_stream_may_fall_silent() {
    let (marathon, client) = marathon();
    marathon.fault(1, "GET", "/v2/events", Fault::SilentAfter(1));
    marathon.put("/a", &pod("/a")).unwrap();
    let brief = |it: reqwest::RequestBuilder| it.timeout(Duration::from_millis(200));
    assert!(client.attempt("GET", "/v2/events", brief).unwrap_err().is_timeout());
}

#[test]
fn a_line_may_never_end() {
    let (marathon, client) = marathon();
    marathon.fault(1, "GET", "/v2/events", Fault::EndlessLine);
    let (text, stopped) = client.read_until("/v2/events", &"data: never a newline ".repeat(2000));
    assert_eq!((text.contains('\n'), stopped), (false, Stopped::Found));
}
