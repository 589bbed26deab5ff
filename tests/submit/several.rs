//! Many pods in one run: how many at once, in which order, and what is told of all of them.

use std::time::Duration;

use serde_json::Value;

use crate::marathon::{Fault, Marathon, Trouble};
use crate::scratch::{pod, pretty};
use crate::site::{Site, scaled};

/// A list of pods, `/p0` and so on.
fn list(count: usize) -> String {
    let pods = (0..count).map(|index| serde_json::from_str(&pod(&format!("/p{index}"))).unwrap());
    pretty(&Value::Array(pods.collect()))
}

/// The ids of the pods in the order in which they were created.
fn created(site: &Site) -> Vec<String> {
    let bodies = site.marathon.writes().into_iter().map(|write| write.body);
    let pods = bodies.map(|body| serde_json::from_str::<Value>(&body).unwrap());
    pods.map(|pod| pod["id"].as_str().unwrap().to_owned()).collect()
}

/// `/a` that comes up, `/b` that crashes, `/c` that Marathon refuses.
fn mixed() -> Site {
    let site = Site::new();
    let site = ["a", "b", "c"].iter().fold(site, |site, name| {
        site.file(&format!("pods/{name}.json"), &pod(&format!("/{name}")))
    });
    site.marathon.script("/b", Trouble::exits("istio-init", 1));
    site.marathon.app("/c");
    site
}

#[test]
fn two_hundred_pods_become_stable_and_no_more_than_four_at_once() {
    let site = Site::at(Marathon::builder().tick(Duration::from_millis(2)).start());
    let site = site.file("pods.json", &list(200));
    let told = site.submit(&["--concurrency", "4", "--settle", "0s", "pods.json"]).done();
    let stable = told.out.lines().filter(|row| row.contains("created  stable")).count();
    assert_eq!(stable, 200, "{}", told.out);
    site.marathon.see(|cluster| {
        assert!((0..200).all(|index| cluster.status(&format!("/p{index}")) == Some("STABLE")));
        assert!(cluster.log().most_running() <= 4, "{}", cluster.log().most_running());
        // One more is the stream of events.
        assert!(cluster.log().most_in_flight() <= 5, "{}", cluster.log().most_in_flight());
    });
    let numbers = created(&site).into_iter().map(|id| id[2..].parse::<usize>().unwrap());
    let in_order = numbers.enumerate().all(|(place, number)| number < place + 4);
    assert!(in_order, "{:?}", created(&site));
}

#[test]
fn pods_are_begun_in_the_order_of_the_input() {
    let site = Site::new().file("z.json", &pod("/z")).file("list.json", &list(3));
    site.submit(&["--concurrency", "1", "z.json", "list.json"]).done();
    assert_eq!(created(&site), ["/z", "/p0", "/p1", "/p2"]);
    assert_eq!(site.marathon.see(|cluster| cluster.log().most_running()), 1);
}

#[test]
fn several_pods_are_under_way_at_once() {
    let site = Site::at(Marathon::builder().tick(Duration::from_millis(50)).start());
    let site = site.file("pods.json", &list(6));
    site.submit(&["--concurrency", "3", "pods.json"]).done();
    assert_eq!(site.marathon.see(|cluster| cluster.log().most_running()), 3);
}

#[test]
fn a_pod_that_fails_hides_no_other() {
    let site = mixed();
    let told = site.submit(&["pods"]).ends(3);
    told.says("error: /b: ")
        .says(" instances failed, one after the other\n")
        .says("Applications and Pods may not share the same id")
        .says("error: /c: POST /v2/pods: Object is not valid (422)")
        .says("error: 2 of 3 pods failed\n");
    assert_eq!(site.marathon.see(|cluster| cluster.status("/a")), Some("STABLE"));
}

#[test]
fn the_table_has_every_pod_in_the_order_of_the_input() {
    let told = mixed().submit(&["pods"]).ends(3);
    let mut rows = told.out.lines();
    assert_eq!(columns(rows.next().unwrap()), "POD ACTION RESULT SECONDS VERSION DEPLOYMENT FILE");
    let rows: Vec<_> = rows.map(|row| (columns(row), row)).collect();
    assert!(rows[0].0.starts_with("/a created stable "), "{}", told.out);
    assert!(rows[1].0.starts_with("/b created failed "), "{}", told.out);
    assert!(rows[2].0.starts_with("/c none failed "), "{}", told.out);
    assert!(
        rows.iter()
            .zip(["a", "b", "c"])
            .all(|((_, row), name)| { row.ends_with(&format!("  pods/{name}.json")) })
    );
    let starts = |row: &str| row.find("pods/");
    assert!(rows.iter().all(|(_, row)| starts(row) == starts(rows[0].1)), "{}", told.out);
}

/// A row with one space between its cells.
fn columns(row: &str) -> String {
    row.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_document_for_programs_has_the_success() {
    let site = Site::with(&pod("/a"));
    let document = site.submit(&["--output", "json", "pod.json"]).done().json();
    let pods = document["pods"].as_array().unwrap();
    let [row] = pods.as_slice() else { panic!("{document}") };
    assert_eq!((&document["version"], &document["dryRun"]), (&1.into(), &false.into()));
    assert_eq!((&row["id"], &row["file"]), (&"/a".into(), &"pod.json".into()));
    assert_eq!((&row["action"], &row["result"]), (&"created".into(), &"stable".into()));
    assert_eq!(row["podVersion"], site.marathon.pod("/a").unwrap()["version"]);
    let ended = site.marathon.see(|cluster| cluster.log().ended().to_vec());
    assert_eq!(row["deployment"], ended[0].0);
    assert!(row["seconds"].as_f64().unwrap() > 0.0, "{row}");
    assert!(row.get("error").is_none() && row.get("containers").is_none(), "{row}");
}

#[test]
fn the_document_for_programs_has_the_failures_and_their_reasons() {
    let document = mixed().submit(&["--output", "json", "pods"]).ends(3).json();
    let pods = document["pods"].as_array().unwrap();
    let result = |row: &Value| (row["id"].clone(), row["action"].clone(), row["result"].clone());
    let results: Vec<_> = pods.iter().map(result).collect();
    let expected = [
        ("/a".into(), "created".into(), "stable".into()),
        ("/b".into(), "created".into(), "failed".into()),
        ("/c".into(), "none".into(), "failed".into()),
    ];
    assert_eq!(results, expected);
    let init = &pods[1]["containers"][0];
    assert_eq!((&init["name"], &init["status"]), (&"istio-init".into(), &"TASK_FAILED".into()));
    assert_eq!(init["exitCode"], 1);
    assert_eq!(init["message"], "Command exited with status 1");
    assert!(pods[1]["error"].as_str().unwrap().ends_with(" failed, one after the other"));
    assert_eq!(pods[2]["error"], "POST /v2/pods: Object is not valid (422)");
}

#[test]
fn the_document_for_programs_tells_what_was_taken_back() {
    let arguments = ["--output", "json", "--rollback-on-failure", "pods"];
    let document = mixed().submit(&arguments).ends(3).json();
    assert_eq!(document["pods"][1]["rolledBack"], true);
    assert!(document["pods"][0].get("rolledBack").is_none());
}

#[test]
fn what_marathon_refused_weighs_more_than_what_did_not_reach_it() {
    let site = mixed();
    site.marathon.fault(1000, "GET", "/v2/pods/a", Fault::Reset);
    let told = site.submit(&["--patience", "300ms", "pods"]).ends(3);
    told.says("error: 3 of 3 pods failed");
}

#[test]
fn each_pod_has_the_time_for_itself() {
    let site = Site::new().file("a.json", &scaled("/a", 1)).file("b.json", &pod("/b"));
    site.marathon.script("/a", Trouble::stays_staging("app"));
    let arguments = ["--concurrency", "1", "--timeout", "1s", "a.json", "b.json"];
    let told = site.submit(&arguments).ends(3);
    assert!(columns(told.out.lines().nth(2).unwrap()).starts_with("/b created stable"));
}
