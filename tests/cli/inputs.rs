//! What `inject` reads.

use serde_json::json;

use crate::scratch::{Scratch, container_names, pod, pod_value, pretty};

const OURS: [&str; 3] = ["app", "istio-init", "istio-proxy"];

#[test]
fn a_file_is_read() {
    let scratch = Scratch::new().file("pods/a.json", pod("/a"));
    let told = scratch.inject(&["pods/a.json"]).done();
    assert_eq!(container_names(&told.json()), OURS);
    assert_eq!(told.err, "pods/a.json: /a injected\n");
}

#[test]
fn a_file_can_be_named_as_for_kube_inject() {
    let scratch = Scratch::with(&pod("/a"));
    for arguments in [&["-f", "pod.json"], &["--filename", "pod.json"]] {
        assert_eq!(container_names(&scratch.injected(arguments)), OURS);
    }
}

#[test]
fn several_files_are_read_in_the_order_named() {
    let scratch = Scratch::new().file("b.json", pod("/b")).file("a.json", pod("/a"));
    let told = scratch.inject(&["b.json", "a.json"]).done();
    assert_eq!(told.err, "b.json: /b injected\na.json: /a injected\n");
    let results = serde_json::Deserializer::from_str(&told.out).into_iter::<serde_json::Value>();
    let ids: Vec<_> = results.map(|pod| pod.unwrap()["id"].clone()).collect();
    assert_eq!(ids, ["/b", "/a"]);
}

#[test]
fn several_results_without_final_newlines_are_kept_apart() {
    let text = pod("/a").trim_end().to_owned();
    let scratch = Scratch::new().file("a.json", &text).file("b.json", &text);
    let told = scratch.inject(&["a.json", "b.json"]).done();
    assert!(told.out.contains("}\n{") && told.out.ends_with("}\n"));
}

#[test]
fn a_directory_is_read_to_its_depth_sorted_and_only_json_that_is_not_hidden() {
    let scratch = Scratch::new()
        .file("pods/b.json", pod("/b"))
        .file("pods/a/z.json", pod("/z"))
        .file("pods/a.json", pod("/a"))
        .file("pods/notes.txt", "no pod")
        .file("pods/.hidden.json", "no pod")
        .file("pods/.git/config.json", "no pod")
        .directory("pods/empty.json");
    let told = scratch.inject(&["pods"]).done();
    let expected =
        "pods/a/z.json: /z injected\npods/a.json: /a injected\npods/b.json: /b injected\n";
    assert_eq!(told.err, expected);
}

#[test]
fn a_directory_that_is_linked_to_itself_is_read_once() {
    let scratch = Scratch::new().file("pods/a.json", pod("/a"));
    std::os::unix::fs::symlink(".", scratch.path("pods/again")).unwrap();
    assert_eq!(scratch.inject(&["pods"]).done().err, "pods/a.json: /a injected\n");
}

#[test]
fn a_directory_without_json_is_refused() {
    let scratch = Scratch::new().file("pods/notes.txt", "");
    let told = scratch.inject(&["pods"]).refused();
    let expected = "error: pods: no .json files in this directory\n\
        error: 1 fault; nothing was written\n";
    assert_eq!(told.err, expected);
}

#[test]
fn standard_input_is_read_by_default_and_as_a_dash() {
    for arguments in [&[][..], &["-"], &["-f", "-"]] {
        let told = Scratch::new().inject(arguments).stdin(pod("/a")).done();
        assert_eq!(container_names(&told.json()), OURS);
        assert_eq!(told.err, "<stdin>: /a injected\n");
    }
}

#[test]
fn standard_input_stands_among_files_where_it_is_named() {
    let scratch = Scratch::with(&pod("/a"));
    let told = scratch.inject(&["pod.json", "-"]).stdin(pod("/b")).done();
    assert_eq!(told.err, "pod.json: /a injected\n<stdin>: /b injected\n");
}

#[test]
fn standard_input_cannot_be_read_twice() {
    let told = Scratch::new().inject(&["-", "-"]).stdin(pod("/a")).refused();
    assert_eq!(told.err, "error: standard input can be read only once\n");
}

#[test]
fn a_missing_file_is_refused_by_its_name() {
    let scratch = Scratch::with(&pod("/a"));
    let told = scratch.inject(&["pod.json", "nothing.json"]).refused();
    let expected = "error: nothing.json: No such file or directory (os error 2)\n\
        error: 1 fault; nothing was written\n";
    assert_eq!(told.err, expected);
}

#[test]
fn every_pod_of_an_array_is_injected() {
    let array = pretty(&json!([pod_value("/a", json!({})), pod_value("/b", json!({}))]));
    let told = Scratch::with(&array).inject(&["pod.json"]).done();
    assert_eq!(told.err, "pod.json: /a injected\npod.json: /b injected\n");
    for pod in told.json().as_array().unwrap() {
        assert_eq!(container_names(pod), OURS);
    }
}

#[test]
fn the_pods_of_a_group_are_found_at_any_depth() {
    let inner = json!({"id": "/g/h", "pods": [pod_value("/g/h/p", json!({}))]});
    let group = json!({"id": "/g", "groups": [inner], "apps": [{"id": "/g/a", "cmd": "sleep 1"}]});
    let told = Scratch::with(&pretty(&group)).inject(&["pod.json"]).done();
    let expected = "pod.json: /g/h/p injected\npod.json: /g/a passed through: an app, not a pod\n";
    assert_eq!(told.err, expected);
    assert_eq!(container_names(&told.json()["groups"][0]["pods"][0]), OURS);
}
