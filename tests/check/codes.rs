//! A fixture for each code of injection, and what each format says of it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::scratch::INJECT;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A code, and the arguments that provoke it among the fixtures.
const CODES: [(&str, &[&str]); 24] = [
    ("I01", &["checks/not-injected.json"]),
    ("I02", &["injected-with-older-settings.json"]),
    ("I03", &["injected-then-inject-false.json"]),
    ("I04", &["invalid/record-damaged.json"]),
    ("I05", &["injected-then-sidecar-edited.json"]),
    ("I06", &["foreign-sidecar-by-command.json"]),
    ("I07", &["checks/two-sidecars.json"]),
    ("I08", &["--uninjected", "label-misspelt.json"]),
    ("I09", &["--uninjected", "label-without-effect.json"]),
    ("I10", &["--uninjected", "label-on-a-container.json"]),
    ("I11", &["invalid/label-proxy-cpu.json"]),
    ("I12", &["checks/unfit-service-name.json"]),
    ("I13", &["--uninjected", "checks/service-clash"]),
    ("I14", &["--uninjected", "checks/id-twice"]),
    ("I15", &["--uninjected", "checks/runs-as-the-proxy.json"]),
    ("I16", &["checks/proxy-port.json"]),
    ("I17", &["--uninjected", "checks/endpoint-on-the-proxy.json"]),
    ("I18", &["--uninjected", "checks/without-host-port.json"]),
    ("I19", &["--uninjected", "checks/not-in-the-include-list.json"]),
    ("I20", &["--uninjected", "checks/included-without-endpoint.json"]),
    (
        "I21",
        &[
            "--uninjected",
            "checks/endpoint-renamed/after.json",
            "--previous",
            "checks/endpoint-renamed/before.json",
        ],
    ),
    ("I24", &["pod-status.json"]),
    ("I25", &["one-container.json", "--overlay", "invalid/overlay-makes-it-invalid.overlay.json"]),
    ("I27", &["checks/status-port-of-the-proxy.json"]),
];

/// Codes that no fixture provokes: a bug is not to be had, certificates have tests of their own, and
/// tokens are the business of submission.
const ELSEWHERE: [&str; 5] = ["I22", "I23", "I26", "I28", "I29"];

/// What a check of fixtures prints.
fn printed(arguments: &[&str], format: &str) -> String {
    let mut program = Command::new(INJECT);
    program.current_dir(Path::new(ROOT).join("fixtures")).env_clear();
    program.args(["check", "--format", format]).args(arguments);
    String::from_utf8(program.output().unwrap().stdout).unwrap()
}

/// The codes that the JSON tells.
fn codes(json: &str) -> BTreeSet<String> {
    let document: Value = serde_json::from_str(json).unwrap();
    let findings = document["findings"].as_array().unwrap();
    findings.iter().map(|finding| finding["code"].as_str().unwrap().to_owned()).collect()
}

/// The results alone: the rest is the same for all.
fn results(sarif: &str) -> String {
    let document: Value = serde_json::from_str(sarif).unwrap();
    serde_json::to_string_pretty(&document["runs"][0]["results"]).unwrap()
}

#[test]
fn each_code_is_told_in_each_format() {
    for (code, arguments) in CODES {
        let json = printed(arguments, "json");
        assert!(codes(&json).contains(code), "{code} is missing in {json}");
        let shown = format!(
            "=== human ===\n{}\n=== json ===\n{json}\n=== sarif: results ===\n{}\n\n=== github ===\n{}",
            printed(arguments, "human"),
            results(&printed(arguments, "sarif")),
            printed(arguments, "github"),
        );
        let shown = shown.replace(concat!("-> ", env!("CARGO_PKG_VERSION")), "-> <version>");
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(Path::new(ROOT).join("tests/snapshots/check"));
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(code, shown));
    }
}

#[test]
fn no_code_of_injection_is_left_out() {
    let mut told = BTreeSet::new();
    sources(&Path::new(ROOT).join("src"), &mut |text| {
        let rules = text.split("rule(\"I").skip(1).filter_map(|rest| rest.split('"').next());
        told.extend(rules.map(|number| format!("I{number}")));
    });
    let tested = CODES.iter().map(|(code, _)| *code).chain(ELSEWHERE);
    let untested: Vec<_> = told.difference(&tested.map(str::to_owned).collect()).cloned().collect();
    assert_eq!(untested, Vec::<String>::new());
}

fn sources(dir: &PathBuf, each: &mut dyn FnMut(&str)) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, each);
        } else {
            each(&fs::read_to_string(path).unwrap());
        }
    }
}

#[test]
fn every_fixture_of_a_check_is_one_of_a_code_or_of_a_test() {
    let folder = Path::new(ROOT).join("fixtures/checks");
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let tests = [include_str!("codes.rs"), include_str!("across.rs"), include_str!("states.rs")];
    for name in names {
        let name = name.into_string().unwrap();
        let used = format!("checks/{name}");
        assert!(tests.iter().any(|test| test.contains(&used)), "{used} is used by no test");
    }
}
