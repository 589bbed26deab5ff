//! What Marathon refuses: in its own words, and where the user wrote it.

use serde_json::{Value, json};

use crate::marathon::{Fault, Marathon, Trouble};
use crate::scratch::{Told, pod, pod_with, pretty};
use crate::site::Site;

/// What is told where Marathon answers a new `/a` like that.
fn answered(status: u16, body: &str) -> Told {
    let site = Site::with(&pod("/a"));
    site.marathon.fault(1, "POST", "/v2/pods", Fault::Answer(status, body.to_owned()));
    let told = site.submit(&["pod.json"]).ends(3);
    assert!(told.out.contains("/a   none    failed"), "{}", told.out);
    assert_eq!(site.writes(), ["POST /v2/pods"]);
    told
}

/// The same for an answer that names faults.
fn unprocessable(message: &str, path: &str, error: &str) -> Told {
    let details = json!([{"path": path, "errors": [error]}]);
    answered(422, &json!({"message": message, "details": details}).to_string())
}

/// A pod that needs a feature which not every Marathon has.
fn secretive() -> String {
    let secrets = json!({
        "secrets": {"key": {"source": "/vault/key"}},
        "environment": {"KEY": {"secret": "key"}},
    });
    pod_with("/a", secrets)
}

#[test]
fn a_rule_of_this_marathon_is_shown_where_the_file_breaks_it() {
    let site = Site::at(Marathon::builder().features(&[]).start());
    let text = secretive();
    let line = 1 + text.lines().position(|line| line.contains("\"environment\"")).unwrap();
    let site = site.file("pod.json", &text);
    let told = site.submit(&["pod.json"]).ends(3);
    told.says("error: /a: POST /v2/pods: Object is not valid (422)")
        .says("Feature secrets is not enabled")
        .says("--enable_features secrets")
        .says(&format!("pod.json:{line}:"));
}

#[test]
fn a_fault_in_a_list_is_shown_in_the_element_that_has_it() {
    let site = Site::at(Marathon::builder().features(&[]).start());
    let pods = [pod("/ok"), secretive()].map(|it| serde_json::from_str::<Value>(&it).unwrap());
    let text = pretty(&json!(pods));
    let line = 1 + text.lines().position(|line| line.contains("\"environment\"")).unwrap();
    let site = site.file("pod.json", &text);
    let told = site.submit(&["pod.json"]).ends(3).says(&format!("pod.json:{line}:"));
    assert!(told.out.contains("/ok  created  stable"), "{}", told.out);
}

#[test]
fn what_marathon_cannot_read_is_shown_where_it_stands() {
    let told = unprocessable("Invalid JSON", "/containers(0)/resources/cpus", "error.min");
    let text = pod("/a");
    let before = &text[..text.find("0.1").unwrap()];
    let line = before.lines().count();
    let column = before.lines().last().unwrap().len() + 1;
    told.says("error: error.min: the number is too small")
        .says(&format!("pod.json:{line}:{column}"))
        .says("error: /a: POST /v2/pods: Invalid JSON (422)");
}

#[test]
fn a_fault_in_what_injection_added_underlines_nothing_and_names_the_container() {
    let told = unprocessable("Object is not valid", "/containers(2)/resources/cpus", "not so");
    told.says(
        "error: not so\n--> pod.json: /containers/2/resources/cpus\n \
         = help: not in the file: injection added it (container istio-proxy), and \
         `inject --emit diff` shows it\n",
    );
}

#[test]
fn programs_are_told_the_faults_too() {
    let site = Site::with(&pretty(&json!([serde_json::from_str::<Value>(&pod("/a")).unwrap()])));
    let details = json!([
        {"path": "/containers(0)/resources/cpus", "errors": ["error.min"]},
        {"path": "/containers(2)/name", "errors": ["not so"]},
    ]);
    let body = json!({"message": "Object is not valid", "details": details});
    site.marathon.fault(1, "POST", "/v2/pods", Fault::Answer(422, body.to_string()));
    let told = site.submit(&["--output", "json", "pod.json"]).ends(3);
    let path = "/0/containers/0/resources/cpus";
    let message = "error.min: the number is too small";
    let faults = json!([
        {"path": path, "message": message, "line": 8, "column": 19},
        {"path": "/0/containers/2/name", "message": "not so"},
    ]);
    assert_eq!(told.json()["pods"][0]["faults"], faults);
}

#[test]
fn a_fault_of_the_whole_pod_is_shown_at_its_start() {
    let told = unprocessable("Object is not valid", "/", "something is wrong");
    told.says("error: something is wrong").says("pod.json:1:1");
}

#[test]
fn a_refusal_without_faults_is_told_in_its_own_words() {
    let details = json!({"message": "Invalid JSON", "details": "Unexpected end-of-input: x"});
    answered(400, &details.to_string())
        .says("error: /a: POST /v2/pods: Invalid JSON (400)\n  Unexpected end-of-input: x");
    answered(403, "{\"message\": \"Not Authorized to perform this action!\"}")
        .says("POST /v2/pods: Not Authorized to perform this action! (403)");
    answered(404, "<html>nothing here</html>").says("POST /v2/pods: Not Found (404)");
    answered(415, "Only JSON, please").says("POST /v2/pods: Only JSON, please (415)");
}

#[test]
fn programs_are_told_the_details_too() {
    let site = Site::with(&pod("/a"));
    let body = json!({"message": "Invalid JSON", "details": "Unexpected end"}).to_string();
    site.marathon.fault(1, "POST", "/v2/pods", Fault::Answer(400, body));
    let told = site.submit(&["--output", "json", "pod.json"]).ends(3);
    let error = "POST /v2/pods: Invalid JSON (400): Unexpected end";
    assert_eq!(told.json()["pods"][0]["error"], error);
}

#[test]
fn what_marathon_says_does_not_speak_to_the_terminal() {
    let message = json!({"message": "red \u{1b}[31m and \u{202e}"}).to_string();
    let told = answered(400, &message);
    assert!(!told.err.contains(['\u{1b}', '\u{202e}']), "{:?}", told.err);
    told.says("red \\u{1b}[31m and \\u{202e} (400)");
}

#[test]
fn a_pod_that_somebody_creates_meanwhile_is_not_overwritten() {
    answered(409, "{\"message\": \"A pod with id [/a] already exists.\"}")
        .says("error: /a was created by somebody else meanwhile")
        .says("`inject diff --live`");
}

#[test]
fn an_id_that_an_app_has_is_told() {
    let site = Site::with(&pod("/a"));
    site.marathon.app("/a");
    site.submit(&["pod.json"])
        .ends(3)
        .says("Applications and Pods may not share the same id")
        .says("delete the app first, or give the pod another id");
}

#[test]
fn a_pod_that_is_gone_before_its_update_is_not_created_anew() {
    let site = Site::with(&pod("/a"));
    site.submit(&["pod.json"]).done();
    let site = site.file("pod.json", &pod_with("/a", json!({"labels": {"tier": "2"}})));
    let gone = "{\"message\": \"Pod '/a' does not exist\"}".to_owned();
    site.marathon.fault(1, "PUT", "/v2/pods/a", Fault::Answer(404, gone));
    let told = site.submit(&["pod.json"]).ends(3);
    told.says("error: /a: PUT /v2/pods/a: Pod '/a' does not exist (404)");
    assert_eq!(site.writes(), ["POST /v2/pods", "PUT /v2/pods/a"]);
}

#[test]
fn a_refusal_is_no_reason_to_ask_again_or_to_follow() {
    let site = Site::with(&pod("/a"));
    site.marathon.script("/a", Trouble::stays_staging("app"));
    site.marathon.app("/a");
    site.submit(&["pod.json"]).ends(3);
    assert_eq!(site.writes(), ["POST /v2/pods"]);
    assert_eq!(site.asked("GET", "::status"), 0);
}
