//! What no single definition tells: ids and service names that several pods have, and endpoints
//! that were called otherwise before.

use serde_json::{Value, json};

use crate::scratch::{Scratch, labels, pod, pod_value, pod_with, pretty};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures");

/// The findings of a check of what is not injected yet: code, message, file.
fn found(scratch: &Scratch, arguments: &[&str]) -> Vec<[String; 3]> {
    let arguments = [&["check", "--uninjected", "--format", "json"], arguments].concat();
    let document = scratch.inject(&arguments).told().json();
    let findings = document["findings"].as_array().unwrap();
    let texts = |finding: &Value| {
        ["code", "message", "file"].map(|member| finding[member].as_str().unwrap().to_owned())
    };
    findings.iter().map(texts).collect()
}

fn service(name: &str, version: Option<&str>) -> Value {
    labels(json!({"istio": name, "version": version}))
}

/// Two files with a pod each.
fn two(a: &str, b: &str) -> Scratch {
    Scratch::new().file("a.json", a).file("b.json", b)
}

#[test]
fn a_service_of_two_pods_is_told_at_the_later_one() {
    let scratch =
        two(&pod_with("/a", service("web", None)), &pod_with("/b", service("mail,web", None)));
    let clash = "service web is also that of /a in ./a.json";
    assert_eq!(found(&scratch, &["."]), [["I13", clash, "./b.json"]]);
}

#[test]
fn pods_of_one_service_are_told_apart_by_their_versions() {
    let versions = format!("{FIXTURES}/checks/versions");
    assert_eq!(found(&Scratch::new(), &[&versions]), Vec::<[String; 3]>::new());
}

#[test]
fn a_version_tells_nothing_apart_if_only_one_pod_has_it() {
    let with = pod_with("/a", service("web", Some("v1")));
    let without = pod_with("/b", service("web", None));
    for scratch in [two(&with, &without), two(&without, &with)] {
        let codes: Vec<_> = found(&scratch, &["."]).into_iter().map(|[code, ..]| code).collect();
        assert_eq!(codes, ["I13"]);
    }
}

#[test]
fn two_pods_of_one_version_are_told() {
    let scratch = two(
        &pod_with("/a", service("web", Some("v1"))),
        &pod_with("/b", service("web", Some("v1"))),
    );
    assert_eq!(found(&scratch, &["."]).len(), 1);
}

#[test]
fn a_name_that_comes_from_the_id_clashes_too() {
    let found = found(&two(&pod("/shop/web"), &pod("/blog/web")), &["."]);
    assert_eq!(found, [["I13", "service web is also that of /shop/web in ./a.json", "./b.json"]]);
}

#[test]
fn a_pod_that_is_not_in_the_mesh_clashes_with_nobody() {
    let no = labels(json!({"sidecar.istio.io/inject": "false"}));
    let scratch = two(&pod("/shop/web"), &pod_with("/blog/web", no));
    assert_eq!(found(&scratch, &["."]), Vec::<[String; 3]>::new());
}

#[test]
fn a_pod_with_the_label_of_the_registry_is_in_the_mesh_whatever_runs_in_it() {
    let no = labels(json!({"sidecar.istio.io/inject": "false", "istio": "web"}));
    let scratch = two(&pod("/shop/web"), &pod_with("/blog/web", no));
    assert_eq!(found(&scratch, &["."])[0][0], "I13");
}

#[test]
fn an_id_of_two_pods_is_an_error_and_no_clash_of_services() {
    let found = found(&two(&pod("/a"), &pod("/a")), &["."]);
    assert_eq!(found, [["I14", "/a is defined twice", "./b.json"]]);
}

#[test]
fn ids_are_held_against_each_other_within_a_document_too() {
    let pods = json!([pod_value("/a", json!({})), pod_value("/a", json!({}))]);
    let scratch = Scratch::with(&pretty(&pods));
    assert_eq!(found(&scratch, &["pod.json"]), [["I14", "/a is defined twice", "pod.json"]]);
}

#[test]
fn relative_ids_are_refused_and_no_ids_twice() {
    let group = |id: &str| json!({"id": id, "pods": [pod_value("cart", json!({}))]});
    let groups = json!({"id": "/", "groups": [group("/shop"), group("/blog")]});
    let codes: Vec<_> = found(&Scratch::with(&pretty(&groups)), &["pod.json"])
        .into_iter()
        .map(|[code, ..]| code)
        .collect();
    assert_eq!(codes, ["V02", "V02"]);
}

#[test]
fn an_endpoint_that_changes_its_name_is_told_at_the_new_one() {
    let checks = |name: &str| format!("{FIXTURES}/checks/endpoint-renamed/{name}.json");
    let (before, after) = (checks("before"), checks("after"));
    let found = found(&Scratch::new(), &[&after, "--previous", &before]);
    assert_eq!(found, [["I21", "endpoint http of container hello is now called web", &after]]);
}

#[test]
fn an_endpoint_that_goes_is_told() {
    let checks = |name: &str| format!("{FIXTURES}/checks/endpoint-gone/{name}.json");
    let (before, after) = (checks("before"), checks("after"));
    let found = found(&Scratch::new(), &[&after, "--previous", &before]);
    assert_eq!(found, [["I21", "endpoint admin of container hello is gone", &after]]);
}

/// A pod with one endpoint.
fn serving(id: &str, container: &str, endpoint: &str, port: u16) -> String {
    let mut pod = pod_value(id, json!({}));
    pod["containers"][0]["name"] = container.into();
    pod["containers"][0]["endpoints"][0]["name"] = endpoint.into();
    pod["containers"][0]["endpoints"][0]["containerPort"] = port.into();
    pretty(&pod)
}

#[test]
fn an_endpoint_that_keeps_its_name_may_change_its_container_and_port() {
    let before = serving("/a", "app", "http", 8000);
    for now in [serving("/a", "web", "http", 8000), serving("/a", "app", "http", 9000)] {
        let scratch = Scratch::with(&now).file("before/pod.json", &before);
        let found = found(&scratch, &["pod.json", "--previous", "before"]);
        assert_eq!(found, Vec::<[String; 3]>::new());
    }
}

#[test]
fn an_endpoint_is_known_by_its_port_where_the_container_changes_its_name_too() {
    let scratch = Scratch::with(&serving("/a", "web", "front", 8000))
        .file("before/pod.json", serving("/a", "app", "http", 8000));
    let found = found(&scratch, &["pod.json", "--previous", "before"]);
    let renamed = "endpoint http of container app is now called front";
    assert_eq!(found, [["I21", renamed, "pod.json"]]);
}

#[test]
fn a_pod_is_held_against_the_one_of_its_id() {
    let scratch = Scratch::with(&serving("/a", "app", "web", 8000))
        .file("before/pod.json", serving("/b", "app", "http", 8000));
    let found = found(&scratch, &["pod.json", "--previous", "before"]);
    assert_eq!(found, Vec::<[String; 3]>::new());
}

#[test]
fn previous_definitions_that_cannot_be_read_end_the_check() {
    let scratch = Scratch::with(&pod("/a")).file("before.json", "{");
    scratch
        .inject(&["check", "pod.json", "--previous", "before.json"])
        .refused()
        .says("error[J01]")
        .says("before.json:1:1");
    scratch
        .inject(&["check", "pod.json", "--previous", "nowhere"])
        .refused()
        .says("nowhere: No such");
}

#[test]
fn a_file_that_is_named_twice_is_no_second_definition() {
    let scratch = Scratch::new().file("pods/a.json", pod("/a"));
    let none: Vec<[String; 3]> = Vec::new();
    assert_eq!(found(&scratch, &["pods", "pods/a.json"]), none);
}

#[test]
fn several_sidecars_of_others_are_told_together() {
    let mut pod = pod_value("/a", json!({}));
    for name in ["one", "two"] {
        pod["containers"].as_array_mut().unwrap().push(json!({
            "name": name, "resources": {"cpus": 0.1, "mem": 32},
            "image": {"kind": "DOCKER", "id": "example/envoy:1"},
        }));
    }
    let words = "containers one and two are taken for sidecars, so the pod gets none";
    assert_eq!(found(&Scratch::with(&pretty(&pod)), &["pod.json"]), [["I07", words, "pod.json"]]);
}
