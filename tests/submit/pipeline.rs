//! From files to pods on Marathon: what is created, updated, left alone, and what is not sent.

use serde_json::{Value, json};

use crate::marathon::Trouble;
use crate::scratch::{container_names, labels, pod, pod_with, pretty};
use crate::site::Site;

/// The body of the only write so far.
fn sent(site: &Site) -> Value {
    let writes = site.marathon.writes();
    let [write] = writes.as_slice() else { panic!("{writes:?}") };
    serde_json::from_str(&write.body).unwrap()
}

#[test]
fn a_new_pod_is_injected_created_and_followed_until_it_is_stable() {
    let site = Site::with(&pod("/shop/cart"));
    let told = site.submit(&["pod.json"]).done();
    assert_eq!(site.writes(), ["POST /v2/pods"]);
    assert_eq!(container_names(&sent(&site)), ["app", "istio-init", "istio-proxy"]);
    assert!(told.out.contains("/shop/cart  created  stable"), "{}", told.out);
    assert_eq!(site.marathon.see(|cluster| cluster.status("/shop/cart")), Some("STABLE"));
}

#[test]
fn what_is_sent_is_what_inject_prints() {
    let site = Site::with(&pod("/a"));
    site.submit(&["pod.json"]).done();
    assert_eq!(sent(&site), site.scratch.injected(&["pod.json"]));
}

#[test]
fn a_write_says_how_long_and_what_it_is() {
    let site = Site::with(&pod("/a"));
    site.submit(&["pod.json"]).done();
    let write = site.marathon.writes().remove(0);
    assert_eq!(write.content_length, Some(write.body.len() as u64));
    assert_eq!(write.content_type.as_deref(), Some("application/json"));
    assert!(!write.is_chunked);
}

#[test]
fn a_pod_that_runs_something_else_is_updated() {
    let site = Site::with(&pod("/shop/cart"));
    site.submit(&["pod.json"]).done();
    let site = site.file("pod.json", &pod_with("/shop/cart", labels(json!({"tier": "2"}))));
    let told = site.submit(&["pod.json"]).done();
    assert_eq!(site.writes(), ["POST /v2/pods", "PUT /v2/pods/shop/cart"]);
    assert!(told.out.contains("updated  stable"), "{}", told.out);
    assert_eq!(site.marathon.pod("/shop/cart").unwrap()["labels"]["tier"], "2");
}

#[test]
fn a_pod_that_runs_as_it_should_is_left_alone() {
    let site = Site::with(&pod("/a"));
    site.submit(&["pod.json"]).done();
    let instances = site.marathon.instances("/a");
    let told = site.submit(&["pod.json"]).done();
    assert_eq!(site.writes(), ["POST /v2/pods"]);
    assert!(told.out.contains("/a   unchanged  stable"), "{}", told.out);
    assert_eq!(site.marathon.instances("/a"), instances);
}

#[test]
fn a_pod_that_was_injected_before_is_left_alone_too() {
    let site = Site::with(&pod("/a"));
    let injected = site.scratch.inject(&["pod.json"]).done().out;
    site.submit(&["pod.json"]).done();
    let site = site.file("injected.json", &injected);
    site.submit(&["injected.json"]).done();
    assert_eq!(site.writes(), ["POST /v2/pods"]);
}

#[test]
fn what_marathon_shows_of_a_pod_is_no_other_definition() {
    let site = Site::with(&pod("/a"));
    site.submit(&["pod.json"]).done();
    let running = site.marathon.pod("/a").unwrap();
    assert!(running["scheduling"]["backoff"].is_object(), "defaults are filled in");
    let site = site.file("running.json", &pretty(&running));
    site.submit(&["running.json"]).done();
    assert_eq!(site.writes(), ["POST /v2/pods"]);
}

#[test]
fn a_pod_that_is_left_alone_must_be_stable_nevertheless() {
    let site = Site::with(&pod("/a"));
    site.submit(&["pod.json"]).done();
    site.marathon.script("/a", Trouble::exits("app", 1));
    site.marathon.crash("/a", "app", 1, "gone");
    let told = site.submit(&["pod.json"]).ends(3);
    assert!(told.out.contains("unchanged  failed"), "{}", told.out);
    assert_eq!(site.writes(), ["POST /v2/pods"]);
}

#[test]
fn a_pod_that_is_not_to_be_injected_is_submitted_as_it_is() {
    let text = pod_with("/a", labels(json!({"sidecar.istio.io/inject": "false"})));
    let site = Site::with(&text);
    site.submit(&["pod.json"]).done().says("/a skipped");
    assert_eq!(site.marathon.writes()[0].body, text.trim_end());
}

#[test]
fn without_injection_the_bytes_of_the_file_are_sent() {
    let text = "{ \"id\":\"/a\", \"containers\": [ {\"name\":\"app\", \"exec\": {\"command\": \
                {\"shell\": \"a && b\"}}, \"resources\": {\"cpus\":1e-1,\"mem\":32.0}} ] }";
    let site = Site::with(&format!("\n {text}\n\n"));
    site.submit(&["--no-inject", "pod.json"]).done().says("/a taken as it is");
    assert_eq!(site.marathon.writes()[0].body, text);
}

#[test]
fn pods_come_from_files_directories_lists_groups_and_standard_input() {
    let value = |id: &str| -> Value { serde_json::from_str(&pod(id)).unwrap() };
    let group = json!({"id": "/g", "pods": [value("/g/one")], "groups": [
        {"id": "/g/h", "pods": [value("/g/h/two")]},
    ]});
    let site = Site::new()
        .file("list.json", &pretty(&json!([value("/l1"), value("/l2")])))
        .file("dir/a.json", &pod("/d1"))
        .file("dir/b.json", &pretty(&group));
    let told = site.submit(&["list.json", "dir", "-"]).stdin(pod("/stdin")).done();
    let ids: Vec<_> = told.out.lines().skip(1).filter_map(|row| row.split(' ').next()).collect();
    assert_eq!(ids, ["/l1", "/l2", "/d1", "/g/one", "/g/h/two", "/stdin"]);
    assert!(ids.iter().all(|id| site.marathon.see(|cluster| cluster.status(id)) == Some("STABLE")));
}

#[test]
fn an_app_is_not_submitted_and_that_is_said() {
    let group = json!({
        "id": "/g",
        "apps": [{"id": "/g/app", "cmd": "sleep 1"}],
        "pods": [serde_json::from_str::<Value>(&pod("/g/pod")).unwrap()],
    });
    let site = Site::with(&pretty(&group));
    let told = site.submit(&["pod.json"]).done();
    told.says("warning: pod.json: /g/app is not submitted");
    assert_eq!(site.writes(), ["POST /v2/pods"]);
}

#[test]
fn where_there_is_no_pod_nothing_is_asked() {
    let site = Site::with(&pretty(&json!({"id": "/app", "cmd": "sleep 1"})));
    for arguments in [&["pod.json"][..], &["--dry-run", "pod.json"]] {
        site.submit(arguments).refused().says("there is no pod to submit");
    }
    assert!(site.marathon.requests().is_empty());
}

#[test]
fn two_definitions_of_one_pod_are_refused_before_anything_is_sent() {
    let site = Site::new().file("a.json", &pod("/a")).file("b.json", &pod("/a"));
    let told = site.submit(&["a.json", "b.json"]).refused();
    told.says("/a is defined twice").says("the other definition is in a.json").says("b.json:1:1");
    assert!(site.marathon.requests().is_empty());
}

#[test]
fn a_fault_in_one_input_keeps_all_of_them_back() {
    let broken = ["{", &pod("/UPPER"), &pod_with("/b", json!({"containers": []}))];
    for text in broken {
        let site = Site::new().file("a.json", &pod("/a")).file("b.json", text);
        let told = site.submit(&["a.json", "b.json"]).refused();
        told.says("b.json").says("error: 1 fault; nothing was submitted\n");
        assert!(site.marathon.requests().is_empty(), "{text}");
    }
    let site = Site::with(&pod("/a"));
    site.submit(&["pod.json", "missing.json"]).refused().says("missing.json");
    assert!(site.marathon.requests().is_empty());
}

#[test]
fn under_strict_a_warning_keeps_all_back() {
    let site = Site::with(&pretty(&json!([
        {"id": "/app", "cmd": "sleep 1"},
        serde_json::from_str::<Value>(&pod("/a")).unwrap(),
    ])));
    site.submit(&["--strict", "pod.json"]).ends(1).says("under --strict; nothing was submitted\n");
    assert!(site.marathon.requests().is_empty());
}

#[test]
fn a_quiet_run_tells_only_the_result() {
    let site = Site::with(&pod("/a"));
    let told = site.submit(&["--quiet", "pod.json"]).done();
    assert_eq!(told.err, "");
    assert!(told.out.contains("/a   created  stable"), "{}", told.out);
}
