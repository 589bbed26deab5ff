//! The fixtures below `fixtures/adopt`, one for each variant: what is said of it, and the pod that
//! is left of it when our sidecar is taken out again.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use marathon_inject::check::pages;
use marathon_inject::plan::Outcome;
use serde_json::Value;
use similar::TextDiff;

use super::{adopted, keeps_the_laws};
use crate::support::{changed, errors, removed};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/adopt");

/// The documents, by name.
fn fixtures() -> Vec<PathBuf> {
    let entries = fs::read_dir(FIXTURES).unwrap().map(|entry| entry.unwrap().path());
    let mut documents: Vec<_> =
        entries.filter(|path| path.extension().is_some_and(|end| end == "json")).collect();
    documents.sort();
    documents
}

fn run(path: &Path, arguments: &[&str]) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_inject"));
    program.current_dir(FIXTURES).env_clear().args(arguments).arg(path.file_name().unwrap());
    program.output().unwrap()
}

fn snapshot(path: &Path, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/snapshots/adopt"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(path.file_stem().unwrap().to_str().unwrap(), text));
}

#[test]
fn what_becomes_of_every_variant() {
    for path in fixtures() {
        let output = run(&path, &["--adopt"]);
        let report = String::from_utf8(output.stderr).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let left = if output.status.success() {
            removed(std::str::from_utf8(&output.stdout).unwrap())
        } else {
            assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{report}");
            text.clone()
        };
        let diff = TextDiff::from_lines(&text, &left).unified_diff().context_radius(1).to_string();
        let pod = if diff.is_empty() { "unchanged\n" } else { &diff };
        snapshot(&path, &format!("{report}\n=== the pod without our sidecar ===\n{pod}"));
    }
}

#[test]
fn every_variant_keeps_the_laws() {
    for path in fixtures() {
        let text = fs::read_to_string(&path).unwrap();
        let (out, entries) = adopted(&text);
        if errors(&entries).is_empty() {
            keeps_the_laws(&text);
        } else {
            assert_eq!(out, text, "{}", path.display());
        }
    }
}

#[test]
fn a_sidecar_that_is_not_adopted_stays_byte_for_byte() {
    let mut skipped = 0;
    for path in fixtures() {
        let text = fs::read_to_string(&path).unwrap();
        let (out, entries) = adopted(&text);
        if matches!(entries[0].outcome, Outcome::Skipped(_)) {
            skipped += 1;
            assert_eq!(out, text, "{}", path.display());
        }
    }
    assert!(skipped > 5, "{skipped}");
}

#[test]
fn without_adoption_no_hand_written_sidecar_is_touched() {
    for path in fixtures() {
        let output = run(&path, &[]);
        let report = String::from_utf8(output.stderr).unwrap();
        if report.contains("container has no `resources`") {
            // Its partial container is refused where nothing completes it.
            continue;
        }
        assert!(output.status.success(), "{report}");
        assert_eq!(output.stdout, fs::read(&path).unwrap(), "{}", path.display());
        let hints = ["--adopt puts ours in the place", "remove all but one of them"];
        assert!(hints.iter().any(|hint| report.contains(hint)), "{report}");
    }
}

#[test]
fn notes_do_not_fail_a_strict_run() {
    let path = Path::new(FIXTURES).join("shell-line.json");
    let output = run(&path, &["--adopt", "--strict"]);
    let report = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && report.contains("note[A25]: fixed:"), "{report}");
}

#[test]
fn a_password_in_a_uri_is_told_nobody() {
    let path = Path::new(FIXTURES).join("everything-else.json");
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains("token=secret"));
    let (_, entries) = adopted(&text);
    let told = entries[0].findings.iter().find(|finding| finding.message.contains("secret"));
    assert_eq!(told, None);
}

#[test]
fn every_code_that_is_documented_is_shown_by_a_fixture() {
    let mut codes = std::collections::BTreeSet::new();
    for path in fixtures() {
        let (_, entries) = adopted(&fs::read_to_string(path).unwrap());
        let rules = entries[0].findings.iter().filter_map(|finding| finding.rule);
        codes.extend(rules.filter(|rule| rule.starts_with('A')));
    }
    let documented = pages().map(|page| page.code).filter(|code| code.starts_with('A'));
    assert_eq!(codes, documented.collect());
}

#[test]
fn the_place_of_a_finding_is_told_of_the_pod_as_written() {
    let path = Path::new(FIXTURES).join("named-like-ours-and-first.json");
    let text = fs::read_to_string(path).unwrap().replace("\"hostPort\": 0,", "");
    let (_, entries) = changed(&text, super::Change::Inject(&super::adopting()));
    let document: Value = serde_json::from_str(&text).unwrap();
    let findings = entries[0].findings.iter();
    let host_port = findings.filter(|finding| finding.message.contains("hostPort"));
    let pointers: Vec<_> = host_port.filter_map(|finding| finding.pointer.as_deref()).collect();
    assert_eq!(pointers, ["/containers/1/endpoints/0"]);
    assert!(document.pointer(pointers[0]).is_some());
}
