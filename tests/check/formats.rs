//! The formats for programs: places as each counts them, and nothing that a name could break.

use serde_json::{Value, json};

use crate::scratch::{Scratch, labels, pod, pod_with};

fn told(scratch: &Scratch, format: &str, arguments: &[&str]) -> String {
    scratch.inject(&[&["check", "--format", format], arguments].concat()).told().out
}

fn document(scratch: &Scratch, format: &str, arguments: &[&str]) -> Value {
    serde_json::from_str(&told(scratch, format, arguments)).unwrap()
}

/// Three columns before the value have one character each, and more bytes or UTF-16 units.
const WIDE: &str = "[{\"é名😀\": 1, \"containers\": 7, \"id\": \"/a\"}]";

#[test]
fn columns_count_characters_from_one() {
    let scratch = Scratch::with(WIDE);
    let document = document(&scratch, "json", &["pod.json"]);
    let findings = document["findings"].as_array().unwrap();
    let fault = findings.iter().find(|it| it["pointer"] == "/0/containers").unwrap();
    let place = ["line", "column", "endLine", "endColumn"].map(|member| fault[member].as_u64());
    assert_eq!(place, [Some(1), Some(27), Some(1), Some(28)], "{fault}");
}

#[test]
fn a_byte_order_mark_is_no_column() {
    let places = ["", "\u{feff}"].map(|mark| {
        let scratch = Scratch::with(&format!("{mark}{WIDE}"));
        document(&scratch, "json", &["pod.json"])["findings"][0]["column"].clone()
    });
    assert_eq!(places[0], places[1]);
}

#[test]
fn a_finding_may_go_over_lines() {
    let pod = pod("/a").replace("\"hostPort\": 0,", "");
    let scratch = Scratch::with(&pod);
    let document = document(&scratch, "json", &["--uninjected", "pod.json"]);
    let [finding] = document["findings"].as_array().unwrap().as_slice() else { panic!() };
    assert!(finding["endLine"].as_u64() > finding["line"].as_u64(), "{finding}");
    // An annotation of several lines has no last column.
    let github = told(&scratch, "github", &["--uninjected", "pod.json"]);
    assert!(github.contains(",endLine=") && !github.contains("endColumn"), "{github}");
}

#[test]
fn a_command_for_github_is_one_line_whatever_the_names_are() {
    let label = labels(json!({"sidecar.istio.io/a\n::error::b%0A,c:d": "x"}));
    let scratch = Scratch::new().file("a,b:c%.json", pod_with("/a", label));
    let github = told(&scratch, "github", &["--uninjected", "a,b:c%.json"]);
    assert_eq!(github.lines().count(), 1, "{github}");
    assert!(github.starts_with("::warning file=a%2Cb%3Ac%25.json,line="), "{github}");
}

#[test]
fn services_look_a_file_up_without_a_dot_on_the_way() {
    let scratch = Scratch::new().file("pods/a.json", pod("/a"));
    for name in [".", ".//pods", "pods/.", "./pods/./a.json"] {
        let github = told(&scratch, "github", &[name]);
        assert!(github.starts_with("::error file=pods/a.json,line="), "{name}: {github}");
        let sarif = document(&scratch, "sarif", &[name]);
        let place = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "pods/a.json", "{name}");
    }
    let empty = document(&Scratch::new(), "sarif", &["./"]);
    let place = &empty["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], ".");
}

#[test]
fn github_takes_a_note_as_a_notice() {
    let label = labels(json!({"traffic.sidecar.istio.io/excludeInboundPorts": "8000"}));
    let scratch = Scratch::with(&pod_with("/a", label));
    let github = told(&scratch, "github", &["--uninjected", "pod.json"]);
    assert!(github.starts_with("::notice file=pod.json,line="), "{github}");
}

#[test]
fn where_nothing_is_wrong_a_program_reads_so() {
    let scratch = Scratch::with(&pod("/a"));
    let arguments = ["--uninjected", "pod.json"];
    assert_eq!(document(&scratch, "json", &arguments)["findings"], json!([]));
    assert_eq!(document(&scratch, "sarif", &arguments)["runs"][0]["results"], json!([]));
    assert_eq!(told(&scratch, "github", &arguments), "");
}

#[test]
fn colours_are_for_terminals() {
    let scratch = Scratch::with(&pod("/a"));
    let colours = |arguments: &[&str]| told(&scratch, "human", arguments).contains('\u{1b}');
    assert!(!colours(&["pod.json"]));
    assert!(colours(&["--color", "always", "pod.json"]));
    assert!(!told(&scratch, "json", &["--color", "always", "pod.json"]).contains('\u{1b}'));
}

#[test]
fn all_formats_tell_the_same_findings() {
    let scratch = Scratch::new()
        .file("pods/a.json", pod_with("/a", labels(json!({"sidecar.istio.io/injekt": "x"}))))
        .file("pods/b.json", "{")
        .file("pods/c.json", pod("/a"));
    let json: Vec<_> = document(&scratch, "json", &["pods"])["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["code"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(json, ["I01", "I08", "J01", "I01", "I14"]);
    let sarif: Vec<_> = document(&scratch, "sarif", &["pods"])["runs"][0]["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| result["ruleId"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(sarif, json);
    let titles: Vec<_> = told(&scratch, "github", &["pods"])
        .lines()
        .map(|line| line.split("title=").nth(1).unwrap()[..3].to_owned())
        .collect();
    assert_eq!(titles, json);
    let human = told(&scratch, "human", &["pods"]);
    let codes: Vec<_> = human
        .lines()
        .filter_map(|line| {
            line.split_once('[').filter(|(word, _)| ["error", "warning"].contains(word))
        })
        .map(|(_, rest)| rest[..3].to_owned())
        .collect();
    assert_eq!(codes, json);
}
