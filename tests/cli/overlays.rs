//! `--overlay`: partial pods over what injection adds.

use serde_json::{Value, json};

use crate::scratch::{Scratch, container, container_names, pod, pod_with, proxy_variable};

/// An overlay of the container `istio-proxy`.
fn proxy(members: &str) -> String {
    format!("{{\"containers\": [{{\"name\": \"istio-proxy\", {members}}}]}}")
}

/// Injects a pod under overlays, later ones over earlier ones.
fn under(overlays: &[&str], pod: &str) -> (Scratch, Vec<String>) {
    let mut scratch = Scratch::with(pod);
    let mut arguments = vec!["pod.json".to_owned()];
    for (index, overlay) in overlays.iter().enumerate() {
        let name = format!("overlay-{index}.json");
        scratch = scratch.file(&name, overlay);
        arguments.extend(["--overlay".to_owned(), name]);
    }
    (scratch, arguments)
}

fn injected(overlays: &[&str]) -> Value {
    injected_pod(overlays, &pod("/a"))
}

fn injected_pod(overlays: &[&str], pod: &str) -> Value {
    let (scratch, arguments) = under(overlays, pod);
    scratch.injected(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
}

fn refused(overlay: &str) -> String {
    let (scratch, arguments) = under(&[overlay], &pod("/a"));
    scratch.inject(&arguments.iter().map(String::as_str).collect::<Vec<_>>()).refused().err
}

#[test]
fn an_overlay_adds_a_variable() {
    let pod = injected(&[&proxy("\"environment\": {\"ISTIO_META_ZONE\": \"b\"}")]);
    assert_eq!(*proxy_variable(&pod, "ISTIO_META_ZONE"), "b");
    assert_eq!(*proxy_variable(&pod, "ISTIO_STATUS_PORT"), "0");
}

#[test]
fn an_overlay_adds_a_volume_and_mounts_it() {
    let pod = injected(&[
        "{\"volumes\": [{\"name\": \"logs\"}]}",
        &proxy("\"volumeMounts\": [{\"name\": \"logs\", \"mountPath\": \"/logs\"}]"),
    ]);
    assert_eq!(pod["volumes"], json!([{"name": "istio-certs"}, {"name": "logs"}]));
    let mounts = &container(&pod, "istio-proxy")["volumeMounts"];
    assert_eq!(mounts[1], json!({"name": "logs", "mountPath": "/logs"}));
}

#[test]
fn an_overlay_adds_a_label() {
    let pod = injected(&["{\"labels\": {\"team\": \"blue\"}}"]);
    assert_eq!(pod["labels"]["team"], "blue");
    assert_eq!(pod["labels"]["istio"], "a");
}

#[test]
fn an_overlay_adds_a_container() {
    let extra = json!({"name": "extra", "resources": {"cpus": 0.1, "mem": 32},
        "exec": {"command": {"shell": "sleep 1"}}});
    let pod = injected(&[&json!({"containers": [extra.clone()]}).to_string()]);
    assert_eq!(container_names(&pod), ["app", "istio-init", "istio-proxy", "extra"]);
    assert_eq!(*container(&pod, "extra"), extra);
}

#[test]
fn an_overlay_changes_resources_and_leaves_the_rest() {
    let pod = injected(&[&proxy("\"resources\": {\"mem\": 1024}")]);
    assert_eq!(container(&pod, "istio-proxy")["resources"], json!({"cpus": 0.5, "mem": 1024}));
    assert_eq!(container(&pod, "istio-init")["resources"], json!({"cpus": 0.1, "mem": 64}));
}

#[test]
fn an_overlay_for_the_node_agent_is_for_the_pods_that_have_one() {
    let overlay = r#"{"containers": [{"name": "istio-agent", "resources": {"mem": 128}}]}"#;
    let scratch = Scratch::with(&pod("/a")).file("overlay.json", overlay);
    let pin = "0a".repeat(32);
    let with = ["--certs", "agent", "--ca-root-sha256", &pin];
    let fixed = ["--overlay", "overlay.json", "pod.json"];
    let pod = scratch.injected(&[&with[..], &fixed].concat());
    assert_eq!(container(&pod, "istio-agent")["resources"], json!({"cpus": 0.1, "mem": 128}));
    let pod = scratch.injected(&fixed);
    assert_eq!(container_names(&pod), ["app", "istio-init", "istio-proxy"]);
}

#[test]
fn null_in_an_overlay_takes_a_member_out() {
    let pod = injected(&[&proxy("\"environment\": {\"ISTIO_ZIPKIN_ADDRESS\": null}")]);
    assert_eq!(*proxy_variable(&pod, "ISTIO_ZIPKIN_ADDRESS"), Value::Null);
    let environment = &container(&pod, "istio-proxy")["environment"];
    assert!(environment.get("ISTIO_ZIPKIN_ADDRESS").is_none());
}

#[test]
fn null_in_an_overlay_that_meets_nothing_adds_nothing() {
    let pod = injected(&["{\"environment\": {\"A\": null, \"B\": \"b\"}}"]);
    assert_eq!(pod["environment"], json!({"B": "b"}));
}

#[test]
fn a_pod_whose_labels_an_overlay_takes_out_keeps_the_record_and_its_way_back() {
    for text in [pod("/a"), pod("/a").replacen('{', "{\"labels\": { },", 1)] {
        for overlay in ["{\"labels\": null}", "{\"labels\": {\"istio\": null}}"] {
            let (scratch, _) = under(&[overlay], &text);
            scratch.inject(&["-i", "pod.json", "--overlay", "overlay-0.json"]).done();
            let pod: Value = serde_json::from_str(&scratch.read("pod.json")).unwrap();
            let labels: Vec<_> = pod["labels"].as_object().unwrap().keys().collect();
            assert_eq!(labels, ["sidecar.istio.io/status"]);
            scratch.inject(&["-i", "pod.json", "--policy", "disabled"]).done();
            assert_eq!(scratch.read("pod.json"), text);
        }
    }
}

#[test]
fn the_last_overlay_wins() {
    let overlays =
        ["1", "2", "3"].map(|cpus| proxy(&format!("\"resources\": {{\"cpus\": {cpus}}}")));
    let pod = injected(&overlays.each_ref().map(String::as_str));
    assert_eq!(container(&pod, "istio-proxy")["resources"]["cpus"], 3);
}

#[test]
fn the_pods_own_istio_proxy_wins_over_an_overlay() {
    let own = json!({"containers": [
        {"name": "app", "resources": {"cpus": 0.1, "mem": 32}, "image": {"kind": "DOCKER", "id": "a"}},
        {"name": "istio-proxy", "resources": {"cpus": 4}},
    ]});
    let overlay = proxy("\"resources\": {\"cpus\": 2, \"mem\": 99}");
    let pod = injected_pod(&[&overlay], &pod_with("/a", own));
    assert_eq!(container(&pod, "istio-proxy")["resources"], json!({"cpus": 4, "mem": 99}));
}

#[test]
fn a_changed_overlay_updates_an_injected_pod() {
    let (scratch, _) = under(&[&proxy("\"resources\": {\"cpus\": 2}")], &pod("/a"));
    let arguments = ["-i", "pod.json", "--overlay", "overlay-0.json"];
    scratch.inject(&["-i", "pod.json"]).done();
    assert_eq!(
        scratch.inject(&arguments).done().err,
        "pod.json: /a updated: overlay added, istio-proxy cpus 0.5 -> 2\n"
    );
    assert_eq!(scratch.inject(&arguments).done().err, "pod.json: /a up to date\n");
    scratch.inject(&["-i", "pod.json", "--policy", "disabled"]).done();
    assert_eq!(scratch.read("pod.json"), pod("/a"));
}

#[test]
fn an_overlay_that_is_no_json_is_refused_at_its_place() {
    insta::assert_snapshot!(refused("{\n  containers: []\n}\n"), @r"
    error[J01]: invalid JSON: key must be a string
     --> overlay-0.json:2:3
      |
    2 |   containers: []
      |   ^
      |
      = help: correct the text here, or right before
    error: 1 fault; nothing was written
    ");
}

#[test]
fn an_overlay_that_is_no_object_is_refused() {
    assert!(refused("[]").contains("expected a partial pod, found an array"));
}

#[test]
fn an_unknown_member_and_the_pods_own_are_refused_together() {
    insta::assert_snapshot!(refused("{\n  \"id\": \"/x\",\n  \"colour\": \"red\"\n}\n"), @r#"
    error[T01]: a pod has no member `colour`: Marathon ignores it
     --> overlay-0.json:3:3
      |
    3 |   "colour": "red"
      |   ^^^^^^^^ /colour
      |
      = help: remove it
    error[O02]: an overlay cannot set "id" of a pod
     --> overlay-0.json:2:3
      |
    2 |   "id": "/x",
      |   ^^^^ /id
      |
      = help: an overlay is laid over every pod: set it in the pod itself
    error: 2 faults; nothing was written
    "#);
}

#[test]
fn an_overlay_says_nothing_of_networks_or_scaling() {
    let said = refused("{\"networks\": [], \"scaling\": {\"kind\": \"fixed\", \"instances\": 1}}");
    for member in ["networks", "scaling"] {
        assert!(said.contains(&format!("an overlay cannot set {member:?} of a pod")), "{said}");
    }
}

#[test]
fn a_missing_overlay_is_refused() {
    let told = Scratch::with(&pod("/a")).inject(&["pod.json", "--overlay", "no.json"]).refused();
    told.says("no.json").says("No such file or directory");
}

#[test]
fn an_overlay_that_makes_the_pod_invalid_is_blamed_for_it() {
    let mounts = proxy("\"volumeMounts\": [{\"name\": \"nowhere\", \"mountPath\": \"/x\"}]");
    insta::assert_snapshot!(refused(&mounts), @r#"
    error[I25]: with the overlays this pod is invalid: Referenced Volume in VolumeMount should exist: "nowhere" (V38)
    --> pod.json: /containers/2/volumeMounts/1/name
     = help: an overlay adds what Marathon refuses; correct it
    pod.json: /a refused
    error: 1 fault; nothing was written
    "#);
}
