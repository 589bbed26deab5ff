//! What would be done, without doing any of it: `submit --dry-run` and `diff --live`.

use serde_json::{Value, json};

use crate::scratch::{labels, pod, pod_with};
use crate::site::{Site, scaled};

/// `/kept` runs as its file says, `/other` runs something else, `/new` does not run.
fn three() -> Site {
    let site = Site::new().file("kept.json", &pod("/kept")).file("other.json", &pod("/other"));
    site.submit(&["kept.json", "other.json"]).done();
    site.file("other.json", &scaled("/other", 2)).file("new.json", &pod("/new"))
}

#[test]
fn a_dry_run_tells_what_would_be_done() {
    let site = three();
    let told = site.submit(&["--dry-run", "new.json", "other.json", "kept.json"]).done();
    let table = "\
POD     ACTION     FILE
/new    create     new.json
/other  update     other.json
/kept   unchanged  kept.json
";
    assert_eq!(told.out, table);
}

#[test]
fn a_dry_run_only_reads() {
    let site = three();
    let before = site.marathon.requests().len();
    site.submit(&["--dry-run", "new.json", "other.json", "kept.json"]).done();
    let after = site.marathon.requests().split_off(before);
    assert!(!after.is_empty() && after.iter().all(|request| request.method == "GET"), "{after:?}");
    assert!(!site.marathon.has("/new"));
}

#[test]
fn a_dry_run_tells_what_would_be_refused_and_the_rest_too() {
    let site = three().file("bad.json", &pod_with("/bad", json!({"containers": []})));
    let told = site.submit(&["--dry-run", "bad.json", "new.json"]).ends(2).says("bad.json:3:17");
    let rows: Vec<_> = told.out.lines().collect();
    assert_eq!(rows[1..], ["/new  create   new.json", "/bad  refused  bad.json"]);
}

#[test]
fn a_dry_run_can_be_read_by_programs() {
    let site = three();
    let files = ["new.json", "other.json", "kept.json"];
    let told = site.submit(&[&["--dry-run", "--output", "json"], &files[..]].concat()).done();
    let planned =
        |id: &str, file: &str, action: &str| json!({"id": id, "file": file, "action": action});
    let document = json!({"version": 1, "dryRun": true, "pods": [
        planned("/new", "new.json", "create"),
        planned("/other", "other.json", "update"),
        planned("/kept", "kept.json", "unchanged"),
    ]});
    assert_eq!(told.json(), document);
}

#[test]
fn a_diff_that_is_not_live_is_what_injection_changes() {
    let site = Site::with(&pod("/a"));
    let diff = site.scratch.inject(&["diff", "pod.json"]).done();
    assert_eq!(diff.out, site.scratch.inject(&["--emit", "diff", "pod.json"]).done().out);
    assert!(diff.out.contains("+") && diff.out.contains("istio-proxy"), "{}", diff.out);
    assert!(site.marathon.requests().is_empty());
}

#[test]
fn a_diff_may_end_with_1_where_injection_changes_something() {
    let site = Site::with(&pod("/a"));
    site.scratch.inject(&["diff", "pod.json"]).done();
    site.scratch.inject(&["diff", "--exit-code", "pod.json"]).ends(1);
    let injected = site.scratch.inject(&["pod.json"]).done().out;
    let site = site.file("pod.json", &injected);
    let told = site.scratch.inject(&["diff", "--exit-code", "pod.json"]).done();
    assert_eq!(told.out, "");
}

#[test]
fn a_live_diff_shows_only_what_differs_from_what_runs() {
    let site = three();
    let told = site.diff_live(&["kept.json", "other.json"]).done();
    let changed = |line: &&str| line.starts_with(['+', '-']);
    let changed: Vec<_> = told.out.lines().filter(changed).collect();
    let version = site.marathon.pod("/other").unwrap()["version"].as_str().unwrap().to_owned();
    let expected = [
        &format!("--- a/other\t{version}"),
        "+++ b/other\tother.json",
        "-    \"instances\": 1",
        "+    \"instances\": 2",
    ];
    assert_eq!(changed, expected, "{}", told.out);
    assert_eq!(site.asked("PUT", ""), 0);
}

#[test]
fn a_live_diff_of_a_new_pod_shows_all_of_it() {
    let site = Site::with(&pod("/new"));
    let told = site.diff_live(&["--no-inject", "pod.json"]).done();
    let added: String =
        told.out.lines().filter_map(|line| line.strip_prefix('+')).skip(1).collect();
    let added: Value = serde_json::from_str(&added).unwrap();
    assert_eq!(added, serde_json::from_str::<Value>(&pod("/new")).unwrap());
    assert!(told.out.starts_with("--- /dev/null\n+++ b/new\tpod.json\n"), "{}", told.out);
}

#[test]
fn a_live_diff_may_end_with_1_where_submitting_changes_something() {
    let site = three();
    site.diff_live(&["--exit-code", "kept.json"]).done();
    site.diff_live(&["--exit-code", "kept.json", "other.json"]).ends(1).says("differences");
    site.diff_live(&["--exit-code", "new.json"]).ends(1);
}

#[test]
fn a_live_diff_of_pods_as_they_are_shows_the_sidecar_that_would_go() {
    let site = three();
    site.diff_live(&["--exit-code", "kept.json"]).done();
    let told = site.diff_live(&["--exit-code", "--no-inject", "kept.json"]).ends(1);
    assert!(told.out.contains("-      \"name\": \"istio-proxy\""), "{}", told.out);
}

#[test]
fn a_live_diff_keeps_its_hands_off_where_a_file_has_faults() {
    let site = three().file("bad.json", &pod_with("/bad", labels(json!({"a": 1}))));
    let before = site.marathon.requests().len();
    site.diff_live(&["kept.json", "bad.json"])
        .refused()
        .says("bad.json")
        .says("nothing was compared");
    assert_eq!(site.marathon.requests().len(), before);
}
