//! `inject remove`: the way back, on files and streams.

use json_patch::Patch;
use serde_json::{Value, json};

use crate::scratch::{Scratch, pod, pod_value, pretty};

fn injected(text: &str) -> String {
    Scratch::with(text).inject(&["pod.json"]).done().out
}

/// An injected pod whose sidecar somebody gave more memory.
fn edited() -> String {
    injected(&pod("/a")).replace("\"mem\": 512", "\"mem\": 1024")
}

#[test]
fn what_was_injected_is_taken_out_to_the_byte() {
    let odd = "\u{feff}{\"id\":\"/a\" , \"networks\" : [ {\"mode\":\"container\"}],\t\"labels\": { },\r\n \
               \"containers\":[{\"name\":\"a\",\"resources\":{\"cpus\":1e-1,\"mem\":32.0},\r\n\
               \"image\":{\"kind\":\"DOCKER\",\"id\":\"a\\/b\"}}] , \"x\":[ ] }";
    for text in [pod("/a").as_str(), odd] {
        let told = Scratch::new().inject(&["remove"]).stdin(injected(text)).done();
        assert_eq!(told.err, "<stdin>: /a removed\n");
        assert_eq!(told.out, text);
    }
}

#[test]
fn files_are_replaced_in_place_and_those_without_a_sidecar_left_alone() {
    let app = "{\"id\": \"/app\", \"cmd\": \"true\"}";
    let scratch = Scratch::new()
        .file("pods/a.json", injected(&pod("/a")))
        .file("pods/b.json", pod("/b"))
        .file("pods/c.json", app);
    let told = scratch.inject(&["remove", "-i", "pods"]).done();
    assert_eq!(
        told.err,
        "pods/a.json: /a removed\npods/b.json: /b not injected\n\
         pods/c.json: /app passed through: an app, not a pod\n"
    );
    let files = ["pods/a.json", "pods/b.json", "pods/c.json"].map(|name| scratch.read(name));
    assert_eq!(files, [pod("/a"), pod("/b"), app.to_owned()]);
}

#[test]
fn the_pods_of_a_group_lose_their_sidecars() {
    let pods = json!([pod_value("/g/a", json!({"labels": {}})), pod_value("/g/b", json!({}))]);
    let group = pretty(&json!({"id": "/g", "pods": pods, "apps": []}));
    assert_eq!(Scratch::new().inject(&["remove"]).stdin(injected(&group)).done().out, group);
}

#[test]
fn a_patch_makes_the_original_of_the_injected_document() {
    let text = injected(&pod("/a"));
    let told = Scratch::new().inject(&["remove", "--emit", "patch"]).stdin(text.clone()).done();
    let patch: Patch = serde_json::from_str(&told.out).unwrap();
    let mut document: Value = serde_json::from_str(&text).unwrap();
    json_patch::patch(&mut document, &patch).unwrap();
    assert_eq!(document, serde_json::from_str::<Value>(&pod("/a")).unwrap());
}

#[test]
fn a_diff_is_that_of_injection_the_other_way_round() {
    let scratch = Scratch::with(&pod("/a"));
    let added = |told: &str, sign: &str| {
        let lines = told.lines().filter(|line| line.starts_with(sign)).skip(1);
        lines.map(|line| line[1..].to_owned()).collect::<Vec<_>>()
    };
    let there = scratch.inject(&["--emit", "diff", "pod.json"]).done().out;
    let scratch = scratch.file("pod.json", injected(&pod("/a")));
    let back = scratch.inject(&["remove", "--emit", "diff", "pod.json"]).done().out;
    assert_eq!(added(&there, "+"), added(&back, "-"));
}

#[test]
fn what_was_edited_since_is_told_where_it_stands() {
    let told = Scratch::with(&edited()).inject(&["remove", "pod.json"]).done();
    assert_eq!(told.out, pod("/a"));
    told.says(
        "warning[I05]: container istio-proxy was edited (resources/mem) since its injection; that \
         goes with it\n",
    )
    .says("--> pod.json:");
}

#[test]
fn strict_removal_stops_at_an_edit() {
    let scratch = Scratch::with(&edited());
    let told = scratch.inject(&["remove", "--strict", "-i", "pod.json"]).ends(1);
    assert_eq!(scratch.read("pod.json"), edited());
    told.says("error: 1 warning under --strict; nothing was written");
}

#[test]
fn a_damaged_record_is_refused_and_no_file_is_touched() {
    let broken = injected(&pod("/a")).replace("\\\"added\\\"", "\\\"addled\\\"");
    let scratch = Scratch::new().file("a.json", &broken).file("b.json", injected(&pod("/b")));
    let before = scratch.read("b.json");
    let told = scratch.inject(&["remove", "-i", "a.json", "b.json"]).refused();
    told.says("not a record of an injection: missing field `added`")
        .says("a.json: /a refused\nerror: 1 fault; nothing was written\n");
    assert_eq!((scratch.read("a.json"), scratch.read("b.json")), (broken, before));
}

#[test]
fn bad_input_is_refused_as_everywhere() {
    let told = Scratch::with("{\"id\": ").inject(&["remove", "pod.json"]).refused();
    assert_eq!(told.out, "");
    told.says("--> pod.json:1:");
}

#[test]
fn settings_have_no_place_in_removal() {
    let told = Scratch::new().inject(&["remove", "--proxy-cpu", "1"]).stdin(pod("/a")).refused();
    told.says("unexpected argument '--proxy-cpu'");
}
