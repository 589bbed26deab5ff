//! How a pod stands, in the words of the result.

use serde_json::{Value, json};

use crate::scratch::{Scratch, labels, pod, pod_value, pod_with, pretty};

/// A directory with `pod.json`, which is injected.
fn injected(text: &str) -> Scratch {
    let scratch = Scratch::with(text);
    scratch.inject(&["-i", "pod.json"]).done();
    scratch
}

/// The first line of the result.
fn first(scratch: &Scratch, arguments: &[&str]) -> String {
    let told = scratch.inject(&[&["check"], arguments].concat()).told();
    told.out.lines().next().unwrap_or_default().to_owned()
}

/// The entries of the result in JSON.
fn entries(scratch: &Scratch, arguments: &[&str]) -> Value {
    let arguments = [&["check", "--format", "json"], arguments].concat();
    scratch.inject(&arguments).told().json()["pods"].take()
}

#[test]
fn an_injected_pod_is_up_to_date() {
    let scratch = injected(&pod("/a"));
    assert_eq!(first(&scratch, &["pod.json"]), "pod.json: /a injected, up to date");
    assert_eq!(
        entries(&scratch, &["pod.json"]),
        json!([{"file": "pod.json", "pointer": "", "id": "/a", "state": "up-to-date"}])
    );
}

#[test]
fn a_pod_that_other_settings_would_inject_otherwise_is_stale() {
    let scratch = injected(&pod("/a"));
    let settings = ["pod.json", "--proxy-cpu", "2"];
    let difference = "istio-proxy cpus 0.5 -> 2";
    assert_eq!(first(&scratch, &settings), format!("pod.json: /a stale: {difference}"));
    let entry = entries(&scratch, &settings)[0].take();
    assert_eq!(entry["state"], "stale");
    assert_eq!(entry["differences"], json!([difference]));
}

/// Submission fills the token in; a file is to have none.
#[test]
fn a_pod_that_waits_for_its_token_is_up_to_date_and_one_that_has_it_is_stale() {
    let pin = "0a".repeat(32);
    let scratch = Scratch::with(&pod("/a"));
    let agent = ["--certs", "agent", "--ca-root-sha256", &pin, "pod.json"];
    scratch.inject(&[&["-i"], &agent[..]].concat()).done();
    assert_eq!(first(&scratch, &agent), "pod.json: /a injected, up to date");
    let text = scratch.read("pod.json");
    let token = r#""MESH_JOIN_TOKEN": "v1.secret""#;
    let scratch = scratch.file("pod.json", text.replace(r#""MESH_JOIN_TOKEN": """#, token));
    assert_eq!(first(&scratch, &agent), "pod.json: /a stale: join token taken out");
    assert_eq!(entries(&scratch, &agent)[0]["differences"], json!(["join token taken out"]));
}

#[test]
fn a_pod_without_a_sidecar_is_not_injected() {
    let scratch = Scratch::with(&pod("/a"));
    assert_eq!(first(&scratch, &["pod.json"]), "pod.json: /a not injected");
    assert_eq!(entries(&scratch, &["pod.json"])[0]["state"], "not-injected");
}

#[test]
fn a_pod_on_the_host_network_is_exempt() {
    let endpoint = json!([{"name": "http", "hostPort": 0, "protocol": ["tcp"]}]);
    let mut pod = pod_value("/a", json!({"networks": [{"mode": "host"}]}));
    pod["containers"][0]["endpoints"] = endpoint;
    let scratch = Scratch::with(&pretty(&pod));
    assert_eq!(first(&scratch, &["pod.json"]), "pod.json: /a exempt: host network");
    let [entry] = entries(&scratch, &["pod.json"]).as_array().unwrap().clone().try_into().unwrap();
    assert_eq!((&entry["state"], &entry["reason"]), (&json!("exempt"), &json!("host network")));
}

#[test]
fn a_pod_that_says_no_is_exempt() {
    let no = labels(json!({"sidecar.istio.io/inject": "false"}));
    let scratch = Scratch::with(&pod_with("/a", no));
    let expected = "pod.json: /a exempt: its label sidecar.istio.io/inject says no";
    assert_eq!(first(&scratch, &["pod.json"]), expected);
    scratch.inject(&["check", "pod.json"]).done();
}

#[test]
fn a_pod_that_says_no_and_has_a_sidecar_does_not_pass() {
    let scratch = injected(&pod("/a"));
    let text = scratch.read("pod.json");
    let label = "\"labels\": {\n    \"sidecar.istio.io/inject\": \"false\",";
    let scratch = scratch.file("pod.json", text.replace("\"labels\": {", label));
    assert_eq!(entries(&scratch, &["pod.json"])[0]["state"], "sidecar-too-much");
    scratch.inject(&["check", "pod.json"]).ends(1);
}

#[test]
fn what_is_no_pod_is_passed_over() {
    let scratch = Scratch::with("{\"id\": \"/a\", \"cmd\": \"sleep 1\"}");
    let expected = "pod.json: /a passed over: an app, not a pod";
    assert_eq!(first(&scratch, &["pod.json"]), expected);
    assert_eq!(entries(&scratch, &["pod.json"])[0]["state"], "not-a-pod");
    scratch.inject(&["check", "pod.json"]).done();
}

#[test]
fn an_empty_list_is_told_too() {
    let scratch = Scratch::with("[]");
    assert_eq!(first(&scratch, &["pod.json"]), "pod.json: nothing in it to check");
}

#[test]
fn a_pod_that_marathon_would_refuse_is_refused() {
    let scratch = Scratch::with(&pod_with("/a", json!({"networks": null, "scaling": 3})));
    assert_eq!(first(&scratch, &["pod.json"]), "pod.json: /a refused");
    assert_eq!(entries(&scratch, &["pod.json"])[0]["state"], "refused");
}

#[test]
fn each_pod_of_a_group_has_its_own_state_and_pointer() {
    let group = json!({"id": "/g", "pods": [
        pod_value("/g/a", json!({})),
        pod_value("/g/b", labels(json!({"sidecar.istio.io/inject": "no"}))),
    ]});
    let entries = entries(&Scratch::with(&pretty(&group)), &["pod.json"]);
    let told: Vec<_> = entries
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            [&entry["pointer"], &entry["id"], &entry["state"]].map(|it| it.as_str().unwrap())
        })
        .collect();
    assert_eq!(told, [["/pods/0", "/g/a", "not-injected"], ["/pods/1", "/g/b", "exempt"]]);
}

#[test]
fn the_last_line_counts_pods_and_findings() {
    let scratch = Scratch::new().file("a.json", pod("/a")).file("b.json", pod("/b"));
    scratch.inject(&["-i", "a.json"]).done();
    let told = scratch.inject(&["check", "a.json", "b.json"]).ends(1);
    let last = told.out.lines().last().unwrap();
    assert_eq!(last, "2 pods: 1 not injected, 1 up to date; 1 error");
    let told = scratch.inject(&["check", "a.json"]).done();
    assert_eq!(told.out.lines().last().unwrap(), "1 pod: 1 up to date; no findings");
}

#[test]
fn a_name_speaks_to_no_terminal() {
    let scratch = Scratch::with("{\"id\": \"/a\\u001b[31m\", \"cmd\": \"sleep 1\"}");
    let told = scratch.inject(&["check", "pod.json"]).done();
    assert!(told.out.contains("/a\\u{1b}[31m") && !told.out.contains('\u{1b}'), "{}", told.out);
}

/// A runner of GitHub would take the line that follows a line end for a command.
#[test]
fn a_key_speaks_to_no_terminal_either() {
    let label = labels(json!({"sidecar.istio.io/\u{1b}[31m\n::error::x\u{202e}": "x"}));
    let scratch = Scratch::with(&pod_with("/a", label));
    let told = scratch.inject(&["check", "--uninjected", "pod.json"]).done();
    assert!(!told.out.contains(['\u{1b}', '\u{202e}']), "{}", told.out);
    assert!(!told.out.contains("\n::error"), "{}", told.out);
}
