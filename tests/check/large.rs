//! More than anybody checks at once: the time goes with the size. Where each pod were held against
//! each, or each column counted from the start of its line, these tests would take minutes.

use serde_json::{Value, json};

use crate::scratch::{Scratch, labels, pod_value, pod_with};

const MANY: usize = 3_000;

/// How often a code is among the findings.
fn count(document: &Value, code: &str) -> usize {
    let findings = document["findings"].as_array().unwrap();
    findings.iter().filter(|finding| finding["code"] == code).count()
}

/// On one line, with a finding in each pod.
fn pods(members: impl Fn(usize) -> Value) -> String {
    let pods = (0..MANY).map(|number| pod_value(&format!("/p{number}"), members(number)));
    Value::from_iter(pods).to_string()
}

#[test]
fn pods_of_one_service_on_one_line() {
    let scratch = Scratch::with(&pods(|_| labels(json!({"istio": "web"}))));
    let document = scratch.inject(&["check", "--format", "json", "pod.json"]).ends(1).json();
    assert_eq!(count(&document, "I01"), MANY);
    assert_eq!(count(&document, "I13"), MANY - 1);
}

#[test]
fn versions_of_one_service() {
    let version = |number| labels(json!({"istio": "web", "version": format!("v{number}")}));
    let scratch = Scratch::with(&pods(version));
    let arguments = ["check", "--uninjected", "--format", "json", "pod.json"];
    assert_eq!(count(&scratch.inject(&arguments).done().json(), "I13"), 0);
}

#[test]
fn endpoints_that_all_change_their_names() {
    let endpoints = |name: &str| {
        let endpoint =
            |port| json!({"name": format!("{name}-{port}"), "containerPort": port, "hostPort": 0});
        Value::from_iter((1..=MANY).map(endpoint))
    };
    let pod = |name: &str| {
        let mut pod = pod_value("/a", json!({}));
        pod["containers"][0]["endpoints"] = endpoints(name);
        pod.to_string()
    };
    let scratch = Scratch::with(&pod("new")).file("before.json", pod("old"));
    let arguments =
        ["check", "--uninjected", "--format", "json", "pod.json", "--previous", "before.json"];
    assert!(count(&scratch.inject(&arguments).told().json(), "I21") >= MANY - 3);
}

#[test]
fn files_in_a_directory() {
    let files = (0..MANY).fold(Scratch::new(), |scratch, number| {
        let id = format!("/p{number}");
        scratch.file(&format!("pods/{number}.json"), pod_with(&id, json!({})))
    });
    let told = files.inject(&["check", "pods"]).ends(1);
    let last = told.out.lines().last().unwrap();
    assert_eq!(last, "3000 pods: 3000 not injected; 3000 errors");
    // People are not shown them all.
    assert!(told.out.contains("note: 2000 more findings are not shown\n"));
    assert_eq!(told.out.matches("error[I01]").count(), 1000);
}
