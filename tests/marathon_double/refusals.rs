//! What Marathon refuses, with its status and its words.

use serde_json::{Value, json};

use crate::client::{Answer, Client};
use crate::marathon::Marathon;
use crate::{marathon, pod};

fn says(answer: &Answer, status: u16, message: &str) {
    assert_eq!((answer.status, &answer.json()["message"]), (status, &json!(message)), "{answer:?}");
}

/// The errors of a pod with one member changed, by place.
fn errors(pointer: &str, value: Value) -> Value {
    let (_marathon, client) = marathon();
    let mut pod = pod("/a");
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    pod.pointer_mut(parent).unwrap()[name] = value;
    let answer = client.post("/v2/pods", &pod);
    assert_eq!(answer.status, 422, "{answer:?}");
    answer.json()
}

#[test]
fn a_body_that_is_no_json_is_refused_with_details_in_words() {
    let (_marathon, client) = marathon();
    let answer = client.send("POST", "/v2/pods", "{\"id\": ");
    says(&answer, 400, "Invalid JSON");
    assert!(answer.json()["details"].as_str().unwrap().starts_with("Unexpected end-of-input"));
}

#[test]
fn an_empty_body_is_refused() {
    let (_marathon, client) = marathon();
    let answer = client.send("POST", "/v2/pods", "");
    says(&answer, 400, "Please specify data in JSON format");
    assert!(answer.json()["details"].is_string());
}

#[test]
fn the_reader_comes_before_the_rules_and_hides_them() {
    let (_marathon, client) = marathon();
    let mut pod = pod("/a");
    pod["user"] = "".into();
    pod["containers"][0]["name"] = "App".into();
    let answer = client.post("/v2/pods", &pod);
    let body = json!({
        "message": "Invalid JSON",
        "details": [{"path": "/containers(0)/name", "errors": ["error.pattern"]}],
    });
    assert_eq!((answer.status, answer.json()), (422, body));
}

#[test]
fn a_broken_rule_is_named_with_its_place() {
    let mut endpoint = pod("/a")["containers"][0]["endpoints"].clone();
    endpoint[0].as_object_mut().unwrap().remove("containerPort");
    let body = json!({
        "message": "Object is not valid",
        "details": [{
            "path": "/containers(0)/endpoints(0)/containerPort",
            "errors": ["is required when using container-mode networking"],
        }],
    });
    assert_eq!(errors("/containers/0/endpoints", endpoint), body);
}

#[test]
fn places_and_words_are_those_of_marathon() {
    let volume = json!([{"name": "v"}]);
    let networks = json!([{"name": "a"}, {"name": "a"}]);
    let variable = json!({"A": {"secret": "s"}});
    let check = json!({"exec": {"command": {"shell": ""}}});
    let cases = [
        ("/volumes", volume, "/volumes(0)", "volume must be referenced by at least one container"),
        ("/networks", networks, "/networks", "Duplicate networks are not allowed"),
        ("/environment", variable, "/environment/A/secret", "references an undefined secret"),
        ("/id", json!("a"), "/id", "Path needs to be absolute"),
        ("/scaling", json!({}), "/scaling/kind", "error.expected.jsstring"),
        ("/labels", json!({"a": 1}), "/labels/a", "error.expected.jsstring"),
        (
            "/containers/0/healthCheck",
            check,
            "/containers(0)/healthCheck/exec",
            "got 0, expected more than 0",
        ),
    ];
    for (pointer, value, path, error) in cases {
        let details = &errors(pointer, value)["details"];
        assert_eq!(*details, json!([{"path": path, "errors": [error]}]), "{pointer}");
    }
}

#[test]
fn a_rule_that_reads_is_empty_or_reports_both() {
    let marathon = Marathon::builder().features(&[]).start();
    let mut pod = pod("/a");
    pod["secrets"] = json!({"s": {"source": "/s"}});
    let answer = Client::of(&marathon).post("/v2/pods", &pod);
    let errors = json!([
        "must be empty",
        "Feature secrets is not enabled. Enable with --enable_features secrets)",
    ]);
    assert_eq!(answer.json()["details"], json!([{"path": "/secrets", "errors": errors}]));
}

#[test]
fn a_pod_that_exists_cannot_be_created() {
    let (marathon, client) = marathon();
    client.post("/v2/pods", &pod("/a"));
    marathon.wait_until(|cluster| cluster.is_settled());
    let answer = client.post("/v2/pods?force=true", &pod("/a"));
    says(&answer, 409, "A pod with id [/a] already exists.");
    assert!(answer.json().get("deployments").is_none());
}

#[test]
fn a_path_and_a_body_must_name_the_same_pod() {
    let (_marathon, client) = marathon();
    let answer = client.put("/v2/pods/foo", &pod("/bla"));
    says(&answer, 400, "'/foo' does not match definition's id ('/bla')");
}

#[test]
fn an_id_that_an_app_has_is_taken() {
    let (marathon, client) = marathon();
    marathon.app("/a");
    let answer = client.post("/v2/pods", &pod("/a"));
    says(&answer, 422, "Object is not valid");
    let error = "Applications and Pods may not share the same id";
    assert_eq!(answer.json()["details"], json!([{"path": "/", "errors": [error]}]));
}

#[test]
fn a_pod_that_is_missing_is_reported_twice_encoded_and_once() {
    let (_marathon, client) = marathon();
    says(&client.get("/v2/pods/x"), 404, "{\"message\": \"pod with /x does not exist\"}");
    says(&client.get("/v2/pods/x::status"), 404, "Pod '/x' does not exist");
    says(&client.get("/v2/pods/x::versions"), 404, "Pod '/x' does not exist");
    says(&client.delete("/v2/pods/x"), 404, "Pod '/x' does not exist");
}

#[test]
fn unknown_paths_methods_and_media_types_are_refused() {
    let (_marathon, client) = marathon();
    says(&client.get("/v3/pods"), 500, "URI not found");
    says(&client.send("PATCH", "/v2/pods/a", "{}"), 405, "Method Not Allowed");
    let text =
        client.ask("POST", "/v2/pods", |it| it.header("content-type", "text/plain").body("x"));
    says(&text, 415, "Unsupported Media Type");
}
