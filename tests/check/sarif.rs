//! The SARIF, held against what SARIF 2.1.0 and those who read it ask for.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::scratch::{Scratch, labels, pod, pod_with};

/// The one run of a log of several documents with several faults.
fn log() -> Value {
    let twice = "{\"id\": \"/b\", \"cmd\": \"x\",\n\"cmd\": \"y\"}";
    let scratch = Scratch::new()
        .file("po ds/a.json", pod_with("/a", labels(json!({"sidecar.istio.io/injekt": "x"}))))
        .file("po ds/b.json", twice)
        .file("po ds/c.json", pod("/a"));
    let arguments = ["check", "--format", "sarif", "po ds", "nothing.json"];
    scratch.inject(&arguments).ends(2).json()
}

fn run() -> Value {
    log()["runs"][0].take()
}

fn results(run: &Value) -> &[Value] {
    run["results"].as_array().unwrap()
}

/// §3.13: a version, the schema of that version, and runs.
#[test]
fn the_log_says_which_sarif_it_is() {
    let log = log();
    assert_eq!(log["version"], "2.1.0");
    assert!(log["$schema"].as_str().unwrap().ends_with("/sarif-schema-2.1.0.json"));
    assert_eq!(log["runs"].as_array().unwrap().len(), 1);
}

/// §3.19: a driver has a name; §3.49: its rules have ids, each once.
#[test]
fn the_rules_are_those_of_the_results() {
    let run = run();
    let driver = &run["tool"]["driver"];
    assert_eq!(driver["name"], "inject");
    assert_eq!(driver["version"], env!("CARGO_PKG_VERSION"));
    let ids: Vec<_> =
        driver["rules"].as_array().unwrap().iter().map(|rule| rule["id"].clone()).collect();
    let told: BTreeSet<_> =
        results(&run).iter().map(|result| result["ruleId"].as_str().unwrap()).collect();
    assert_eq!(json!(ids), json!(told));
    for result in results(&run) {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(ids[index], result["ruleId"]);
    }
}

/// §3.27.10: the levels that there are; §3.11: a message has text.
#[test]
fn every_result_has_a_level_and_a_message() {
    for result in results(&run()) {
        let level = result["level"].as_str().unwrap();
        assert!(["error", "warning", "note", "none"].contains(&level), "{result}");
        assert!(!result["message"]["text"].as_str().unwrap().is_empty(), "{result}");
    }
}

/// §3.30: lines and columns count from 1, and no end comes before its start.
#[test]
fn every_region_is_one() {
    let run = run();
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    let mut regions = 0;
    for result in results(&run) {
        let location = &result["locations"][0]["physicalLocation"];
        let Some(region) = location.get("region") else {
            assert_eq!(result["ruleId"], "J09", "{result}");
            continue;
        };
        let [line, column, end_line, end_column] =
            ["startLine", "startColumn", "endLine", "endColumn"]
                .map(|member| region[member].as_u64().unwrap());
        assert!(line >= 1 && column >= 1 && end_column >= 1, "{region}");
        assert!((end_line, end_column) >= (line, column), "{region}");
        regions += 1;
    }
    assert!(regions > 3);
}

/// §3.4.3: a URI reference has no blank in it.
#[test]
fn every_place_is_a_relative_reference() {
    for result in results(&run()) {
        let artifact = &result["locations"][0]["physicalLocation"]["artifactLocation"];
        let uri = artifact["uri"].as_str().unwrap();
        assert!(uri.starts_with("po%20ds/") || uri == "nothing.json", "{uri}");
    }
}

/// §3.33: the logical location is the JSON pointer.
#[test]
fn a_result_names_the_json_pointer() {
    let run = run();
    let unknown = results(&run).iter().find(|result| result["ruleId"] == "I08").unwrap();
    let logical = &unknown["locations"][0]["logicalLocations"][0];
    assert_eq!(logical["fullyQualifiedName"], "/labels/sidecar.istio.io~1injekt");
}

/// §3.27.22: where else to look.
#[test]
fn a_key_that_is_written_twice_has_its_first_place_beside() {
    let run = run();
    let twice = results(&run).iter().find(|result| result["ruleId"] == "J04").unwrap();
    let related = &twice["relatedLocations"][0];
    assert_eq!(related["message"]["text"], "first written here");
    assert_eq!(related["physicalLocation"]["region"]["startLine"], 1);
}

/// §3.20: whether the run did what it was to do.
#[test]
fn a_run_that_could_not_read_all_says_so() {
    assert_eq!(run()["invocations"][0]["executionSuccessful"], false);
    let scratch = Scratch::with(&pod("/a"));
    let log = scratch.inject(&["check", "--format", "sarif", "pod.json"]).ends(1).json();
    assert_eq!(log["runs"][0]["invocations"][0]["executionSuccessful"], true);
}
