//! The report: a line on stderr for each thing in a document, and what `--strict` and `--quiet`
//! make of it.

use serde_json::{Value, json};

use crate::scratch::{Scratch, labels, pod, pod_with, pretty};

const INJECT_LABEL: &str = "sidecar.istio.io/inject";

/// What is reported of a document.
fn report(text: &str, arguments: &[&str]) -> String {
    Scratch::new().inject(arguments).stdin(text).done().err
}

fn injected(text: &str) -> String {
    Scratch::new().inject(&[]).stdin(text).done().out
}

/// A document that comes out as it went in, and the reason that is told.
fn untouched(text: &str, arguments: &[&str], outcome: &str) {
    let told = Scratch::new().inject(arguments).stdin(text).done();
    assert!(told.err.starts_with(&format!("<stdin>: {outcome}\n")), "{}", told.err);
    assert_eq!(told.out, text);
}

#[test]
fn a_pod_is_injected() {
    assert_eq!(report(&pod("/a"), &[]), "<stdin>: /a injected\n");
}

#[test]
fn an_injected_pod_is_up_to_date() {
    untouched(&injected(&pod("/a")), &[], "/a up to date");
}

#[test]
fn an_injected_pod_that_begins_where_another_ends_is_up_to_date() {
    let first = pod("/a").replace("\n}\n", "}").replace("\n  ]}", "]}");
    let second = pod("/b").replacen("{\n  ", "{", 1);
    let array = injected(&format!("[{first},{second}]"));
    let told = Scratch::new().inject(&[]).stdin(array.clone()).done();
    assert_eq!(told.err, "<stdin>: /a up to date\n<stdin>: /b up to date\n");
    assert_eq!(told.out, array);
}

#[test]
fn an_injected_pod_is_updated_where_a_setting_differs() {
    let flags = ["--proxy-image", "example/proxyv2:2"];
    let old = injected(&pod("/a"));
    let told = Scratch::new().inject(&flags).stdin(old).done();
    assert_eq!(
        told.err,
        "<stdin>: /a updated: image docker.io/istio/proxyv2:1.0.5 -> example/proxyv2:2\n"
    );
    assert_eq!(told.out, Scratch::new().inject(&flags).stdin(pod("/a")).done().out);
}

#[test]
fn a_sidecar_is_removed_where_the_policy_no_longer_wants_it() {
    let told = Scratch::new().inject(&["--policy", "disabled"]).stdin(injected(&pod("/a"))).done();
    assert_eq!(told.err, "<stdin>: /a sidecar removed: the policy is disabled\n");
    assert_eq!(told.out, pod("/a"));
}

#[test]
fn a_sidecar_is_removed_where_the_label_no_longer_wants_it() {
    let mut pod: Value = serde_json::from_str(&injected(&pod("/a"))).unwrap();
    pod["labels"][INJECT_LABEL] = json!("false");
    let expected = "<stdin>: /a sidecar removed: its label sidecar.istio.io/inject says no\n";
    assert_eq!(report(&pretty(&pod), &[]), expected);
}

#[test]
fn a_pod_on_the_hosts_network_is_skipped() {
    let text = pod_with("/a", json!({"networks": [{"mode": "host"}], "containers": no_ports()}));
    untouched(&text, &[], "/a skipped: host network");
}

#[test]
fn a_pod_without_networks_is_skipped() {
    let text = pod_with("/a", json!({"networks": null, "containers": no_ports()}));
    untouched(&text, &[], "/a skipped: no networks, so the host's network");
}

/// Containers that any network suits.
fn no_ports() -> Value {
    let command = json!({"command": {"shell": "sleep 1"}});
    json!([{"name": "app", "resources": {"cpus": 0.1, "mem": 32}, "exec": command}])
}

#[test]
fn a_pod_whose_label_says_no_is_skipped() {
    let text = pod_with("/a", labels(json!({INJECT_LABEL: "false"})));
    untouched(&text, &[], "/a skipped: its label sidecar.istio.io/inject says no");
}

#[test]
fn a_pod_is_skipped_where_the_policy_is_disabled_unless_its_label_says_yes() {
    let flags = ["--policy", "disabled"];
    untouched(&pod("/a"), &flags, "/a skipped: the policy is disabled");
    let willing = pod_with("/a", labels(json!({INJECT_LABEL: "true"})));
    assert_eq!(report(&willing, &flags), "<stdin>: /a injected\n");
}

#[test]
fn a_pod_with_another_sidecar_is_skipped() {
    let containers = json!([{"name": "envoy", "resources": {"cpus": 0.1, "mem": 32},
        "image": {"kind": "DOCKER", "id": "docker.io/istio/proxyv2:1.0.5"}}]);
    let text = pod_with("/a", json!({ "containers": containers }));
    let outcome = "/a skipped: container envoy already is a sidecar: its image is proxyv2";
    untouched(&text, &[], outcome);
    let told = Scratch::new().inject(&["--strict"]).stdin(text).ends(1);
    told.says("container envoy is taken for a sidecar");
}

#[test]
fn a_second_sidecar_beside_ours_takes_nothing_out() {
    let mut value: Value = serde_json::from_str(&injected(&pod("/a"))).unwrap();
    value["containers"][0]["exec"] = json!({"command": {"shell": "exec envoy -c /etc/envoy"}});
    let told = Scratch::new().inject(&[]).stdin(pretty(&value)).refused();
    told.says("this pod has our sidecar, and container app is another");
}

#[test]
fn an_app_passes_through() {
    let app = "{\"id\": \"/a\",\n \"cmd\": \"sleep 1e3\", \"cpus\": 1e0}";
    untouched(app, &[], "/a passed through: an app, not a pod");
}

#[test]
fn the_status_of_a_pod_passes_through() {
    let status = "{\"id\": \"/a\", \"spec\": {\"id\": \"/a\"}, \"status\": \"STABLE\"}\n";
    let outcome = "/a passed through: the status of a pod; its definition is under spec";
    untouched(status, &[], outcome);
    let told = Scratch::new().inject(&["--strict"]).stdin(status).ends(1);
    told.says("the definition is its member `spec`");
}

#[test]
fn what_is_nothing_of_marathon_passes_through() {
    untouched("{\"uri\": \"x\"}\n", &[], "passed through: not a pod");
    untouched("[{\"uri\": \"x\"}]\n", &[], "/0 passed through: not a pod");
}

/// A pod with a warning: Marathon does not know the member.
fn doubtful() -> String {
    pod_with("/a", json!({"colour": "red"}))
}

#[test]
fn a_warning_stands_below_its_pod_and_fails_nothing() {
    let told = Scratch::with(&doubtful()).inject(&["pod.json"]).done();
    insta::assert_snapshot!(told.err, @r#"
    pod.json: /a injected
    warning[T01]: a pod has no member `colour`: Marathon ignores it
      --> pod.json:32:3
       |
    32 |   "colour": "red"
       |   ^^^^^^^^ /colour
       |
       = help: remove it
    "#);
}

#[test]
fn a_strict_run_fails_on_a_warning_and_writes_nothing() {
    let scratch = Scratch::with(&doubtful());
    let told = scratch.inject(&["--strict", "pod.json"]).ends(1);
    assert_eq!(told.out, "");
    assert!(told.err.ends_with("\nerror: 1 warning under --strict; nothing was written\n"));
    scratch.inject(&["--strict", "-o", "out.json", "pod.json"]).ends(1);
    scratch.inject(&["--strict", "-i", "pod.json"]).ends(1);
    assert_eq!(scratch.names(), ["pod.json"]);
    assert_eq!(scratch.read("pod.json"), doubtful());
}

#[test]
fn a_strict_run_without_warnings_is_done() {
    Scratch::new().inject(&["--strict"]).stdin(pod("/a")).done();
}

#[test]
fn an_error_outweighs_a_warning_in_a_strict_run() {
    let text = pod_with("/A", json!({"colour": "red"}));
    Scratch::new().inject(&["--strict"]).stdin(text).refused().says("1 fault; nothing was written");
}

#[test]
fn a_quiet_run_tells_neither_the_report_nor_warnings() {
    for flag in ["--quiet", "-q"] {
        let told = Scratch::new().inject(&[flag]).stdin(doubtful()).env("INJECT_X", "").done();
        assert_eq!(told.err, "");
    }
}

#[test]
fn a_quiet_run_tells_errors() {
    let text = pod_with("/A", json!({"colour": "red"}));
    let told = Scratch::new().inject(&["--quiet"]).stdin(text).refused();
    assert!(told.err.starts_with("error[") && !told.err.contains("warning"), "{}", told.err);
    assert!(told.err.ends_with("\nerror: 1 fault; nothing was written\n"));
}
