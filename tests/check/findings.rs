//! What a check says beyond what injection says: which ports go past mutual TLS, and where a
//! finding stands that has no place of its own.

use serde_json::{Value, json};

use crate::scratch::{Scratch, labels, pod_value, pod_with, pretty};

/// The findings of a check of what is not injected yet.
fn findings(text: &str, more: &[&str]) -> Vec<Value> {
    let arguments = [&["check", "--uninjected", "--format", "json", "pod.json"], more].concat();
    let document = Scratch::with(text).inject(&arguments).told().json();
    document["findings"].as_array().unwrap().clone()
}

/// Code, severity, message and pointer of each.
fn told(findings: &[Value]) -> Vec<[&str; 4]> {
    let members = ["code", "severity", "message", "pointer"];
    findings.iter().map(|it| members.map(|member| it[member].as_str().unwrap())).collect()
}

const PORT: &str = "/containers/0/endpoints/0/containerPort";

#[test]
fn an_excluded_port_is_noted_whoever_excludes_it() {
    let label = labels(json!({"traffic.sidecar.istio.io/excludeInboundPorts": "8000"}));
    let by_label = findings(&pod_with("/a", label), &[]);
    let by_setting = findings(&pod_with("/a", json!({})), &["--exclude-inbound-ports", "8000"]);
    let message = "container port 8000 goes past mutual TLS: it is excluded";
    for found in [by_label, by_setting] {
        assert_eq!(told(&found), [["I19", "note", message, PORT]]);
    }
}

#[test]
fn a_port_that_the_include_list_lacks_is_a_warning() {
    let label = labels(json!({"traffic.sidecar.istio.io/includeInboundPorts": ""}));
    let message = "container port 8000 goes past mutual TLS: the list of captured ports lacks it";
    let found = findings(&pod_with("/a", label), &[]);
    assert_eq!(told(&found), [["I19", "warning", message, PORT]]);
}

#[test]
fn a_wildcard_lacks_no_port() {
    let label = labels(json!({"traffic.sidecar.istio.io/includeInboundPorts": "*"}));
    assert_eq!(findings(&pod_with("/a", label), &[]), [json!(null); 0]);
}

#[test]
fn udp_is_noted() {
    let mut pod = pod_value("/a", json!({}));
    pod["containers"][0]["endpoints"][0]["protocol"] = json!(["udp"]);
    let message = "container port 8000 goes past mutual TLS: only TCP is captured";
    assert_eq!(told(&findings(&pretty(&pod), &[])), [["I19", "note", message, PORT]]);
}

#[test]
fn a_port_that_is_captured_for_nobody_is_told_of_the_pods_own_list_only() {
    let key = "traffic.sidecar.istio.io/includeInboundPorts";
    let found = findings(&pod_with("/a", labels(json!({key: "8000,9000,9001"}))), &[]);
    let message = "captured for nobody, for no TCP endpoint has it: container port 9000, 9001";
    let at = "/labels/traffic.sidecar.istio.io~1includeInboundPorts";
    assert_eq!(told(&found), [["I20", "warning", message, at]]);
    let list = ["--include-inbound-ports", "8000,9000"];
    assert_eq!(findings(&pod_with("/a", json!({})), &list), [json!(null); 0]);
}

#[test]
fn an_overlay_may_serve_what_the_pod_captures() {
    let overlay = json!({"containers": [{
        "name": "metrics",
        "resources": {"cpus": 0.1, "mem": 32},
        "image": {"kind": "DOCKER", "id": "example/metrics:1"},
        "endpoints": [{"name": "metrics", "containerPort": 9000, "hostPort": 0, "protocol": ["tcp"]}],
    }]});
    let label = labels(json!({"traffic.sidecar.istio.io/includeInboundPorts": "8000,9000"}));
    let scratch = Scratch::with(&pod_with("/a", label)).file("overlay.json", pretty(&overlay));
    let arguments = ["check", "--uninjected", "pod.json", "--overlay", "overlay.json"];
    scratch.inject(&arguments).done();
}

#[test]
fn an_exempt_pod_has_no_ports_to_capture() {
    let label = labels(json!({
        "sidecar.istio.io/inject": "false",
        "traffic.sidecar.istio.io/excludeInboundPorts": "8000",
    }));
    assert_eq!(findings(&pod_with("/a", label), &[]), [json!(null); 0]);
}

/// What injection adds stands nowhere in the file; the nearest thing does.
#[test]
fn a_fault_of_what_is_added_stands_at_what_it_is_added_to() {
    let mount = json!({"name": "nowhere", "mountPath": "/x"});
    let overlay = json!({"containers": [{"name": "istio-proxy", "volumeMounts": [mount]}]});
    let scratch = Scratch::with(&pod_with("/a", json!({}))).file("overlay.json", pretty(&overlay));
    let arguments = ["check", "--format", "json", "pod.json", "--overlay", "overlay.json"];
    let document = scratch.inject(&arguments).ends(1).json();
    let [fault] = document["findings"].as_array().unwrap().as_slice() else { panic!() };
    assert_eq!((&fault["code"], &fault["line"]), (&json!("I25"), &json!(3)), "{fault}");
    assert!(fault["pointer"].as_str().unwrap().starts_with("/containers/2/"), "{fault}");
}

#[test]
fn a_fault_of_the_pod_as_a_whole_stands_at_its_id() {
    let port = labels(json!({"status.sidecar.istio.io/port": "15090"}));
    let [fault] = findings(&pod_with("/a", port), &[]).try_into().unwrap();
    let place = ["code", "line", "column", "pointer"].map(|member| fault[member].to_string());
    assert_eq!(place, ["\"I27\"", "2", "9", "\"\""]);
}

/// Adoption puts things right of which there is nothing to do.
#[test]
fn every_finding_has_a_hint_with_adoption_too() {
    let text = include_str!("../../fixtures/foreign-sidecar-by-command.json");
    let found = findings(text, &["--adopt"]);
    assert!(found.iter().any(|it| it["code"].as_str().unwrap().starts_with('A')), "{found:?}");
    assert!(found.iter().all(|it| it["hint"].is_string()), "{found:?}");
}

#[test]
fn no_line_that_is_shown_has_a_join_token_or_a_part_of_one() {
    let token = format!("v1.AAAAAAAA.L2hlbGxv.{}.{}", "N".repeat(22), "M".repeat(43));
    let injected = include_str!("../../fixtures/injected-then-token.json");
    let mut pod: Value = serde_json::from_str(injected).unwrap();
    let agent = pod["containers"].as_array_mut().unwrap();
    let agent = agent.iter_mut().find(|it| it["name"] == "istio-agent").unwrap();
    agent["environment"]["MESH_JOIN_TOKEN"] = json!(token);
    // All on one line, and what is found stands directly behind it.
    agent["environment"]["MESH_JOIN_TOKEN_OF_OLD"] = json!("");
    let told = Scratch::with(&pod.to_string()).inject(&["check", "pod.json"]).told();
    assert!(told.out.contains("MESH_JOIN_TOKEN_OF_OLD"), "{}", told.out);
    assert!(!told.out.contains("NN") && !told.out.contains("MM"), "{}", told.out);
}
