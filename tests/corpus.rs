//! Marathon documents from public repositories through injection: none makes it panic, each is
//! refused at a place or keeps the laws, and the counts say what becomes of them.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use marathon_inject::check::{Checker, Previous, Stage, State};
use marathon_inject::document::{Diagnostic, Source};
use marathon_inject::plan::{Change, Injector, Outcome, Rewritten, Skip, rewrite_to};
use marathon_inject::pod::{Conversion, ConvertedEntry, convert};
use marathon_inject::settings::Settings;
use serde_json::Value;
use support::public::{data, documents, shown};
use support::{changed, errors, injected, refused_by_marathon, removed};

const FOLDERS: [&str; 4] = ["pods", "apps", "groups", "podstatus"];

fn injector() -> Injector {
    Injector::new(Settings::default(), Vec::new())
}

/// What injection makes of a document: its new text and the account of its entries.
fn attempt(text: &str) -> Result<(String, Vec<Rewritten>), Vec<Diagnostic>> {
    let mut out = Vec::new();
    let source = Source::new("corpus", text);
    let entries = rewrite_to(&source, Change::Inject(&injector()), &mut out)?.unwrap();
    let faults: Vec<_> = errors(&entries).into_iter().cloned().collect();
    if faults.is_empty() { Ok((String::from_utf8(out).unwrap(), entries)) } else { Err(faults) }
}

/// The outcome less what is particular to one document.
fn kind(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Skipped(Skip::ForeignSidecar { sign, .. }) => {
            format!("skipped: foreign sidecar: {sign}")
        }
        other => other.to_string(),
    }
}

#[test]
fn every_document_keeps_the_laws_or_is_refused_at_a_place() {
    let mut counts = BTreeMap::new();
    for folder in FOLDERS {
        let Some(documents) = documents(folder) else { return };
        for (file, text) in documents {
            let mut count = |what| *counts.entry(format!("{folder}: {what}")).or_insert(0) += 1;
            match attempt(&text) {
                Ok((once, entries)) => {
                    keeps_the_laws(&file, &text, &once);
                    entries.iter().for_each(|entry| count(kind(&entry.outcome)));
                }
                Err(faults) => {
                    located(&file, &faults);
                    count("refused".to_owned());
                }
            }
        }
    }
    insta::assert_snapshot!(shown(&counts), @r"
    54 apps: passed through: an app, not a pod
    43 groups: passed through: an app, not a pod
    5 groups: passed through: the status of a pod; its definition is under spec
    8 pods: injected
    9 pods: refused
    31 pods: skipped: foreign sidecar: it runs pilot-agent
    6 pods: skipped: foreign sidecar: its image is proxy_debug
    23 pods: skipped: host network
    12 pods: skipped: no networks, so the host's network
    10 podstatus: passed through: the status of a pod; its definition is under spec
    ");
}

fn keeps_the_laws(file: &Path, text: &str, once: &str) {
    let file = file.display();
    assert_eq!(injected(once, &injector()), once, "{file}: injected twice");
    assert_eq!(removed(once), text, "{file}: removed");
    assert_eq!(refused_by_marathon(once), [], "{file}");
}

fn located(file: &Path, faults: &[Diagnostic]) {
    let nowhere: Vec<_> = faults.iter().filter(|fault| fault.span.is_none()).collect();
    assert!(nowhere.is_empty(), "{}: {nowhere:#?}", file.display());
}

/// Apps, groups of apps and statuses pass through as they are, whatever Marathon says of them.
#[test]
fn only_pods_that_marathon_refuses_are_refused() {
    let Some(index) = data("corpus/index.json") else { return };
    let index: Value = serde_json::from_str(&fs::read_to_string(index).unwrap()).unwrap();
    let faulty = |entry: &&Value| {
        ["accept", "rules"].iter().any(|list| !entry[list].as_array().unwrap().is_empty())
    };
    let listed = index["pods"].as_array().unwrap().iter().filter(faulty);
    let listed = listed.map(|entry| entry["file"].as_str().unwrap().to_owned());
    let all = FOLDERS.iter().flat_map(|folder| documents(folder).unwrap());
    let refused = all.filter(|(_, text)| attempt(text).is_err());
    let names = refused.map(|(file, _)| file.file_name().unwrap().to_str().unwrap().to_owned());
    assert_eq!(names.collect::<BTreeSet<_>>(), listed.collect());
}

/// As `inject --convert-apps` does: apps become pods, which are injected.
#[test]
fn apps_are_injected_as_pods_or_refused_at_a_place() {
    let mut counts = BTreeMap::new();
    for folder in ["apps", "groups"] {
        let Some(documents) = documents(folder) else { return };
        for (file, text) in documents {
            let mut count = |what| *counts.entry(format!("{folder}: {what}")).or_insert(0) += 1;
            let converted = convert(&Source::new("corpus", text)).unwrap();
            let refused = |entry: &&ConvertedEntry| entry.outcome == Conversion::Refused;
            let refused: Vec<_> = converted.entries.iter().filter(refused).collect();
            if refused.is_empty() {
                let (once, entries) = attempt(&converted.text).unwrap();
                keeps_the_laws(&file, &converted.text, &once);
                entries.iter().for_each(|entry| count(kind(&entry.outcome)));
            } else {
                refused.iter().for_each(|entry| located(&file, &entry.findings));
                count("documents refused".to_owned());
            }
        }
    }
    insta::assert_snapshot!(shown(&counts), @r"
    10 apps: documents refused
    26 apps: injected
    18 apps: skipped: host network
    7 groups: documents refused
    7 groups: injected
    3 groups: passed through: the status of a pod; its definition is under spec
    18 groups: skipped: host network
    ");
}

#[test]
fn what_was_injected_passes_the_check_and_nothing_can_be_taken_out_of_the_rest() {
    let injector = injector();
    let mut checked = 0;
    for folder in FOLDERS {
        let Some(documents) = documents(folder) else { return };
        for (file, text) in documents {
            let Ok((once, entries)) = attempt(&text) else { continue };
            assert_eq!(removed(&text), text, "{}", file.display());
            let mut checker = Checker::new(&injector, Stage::Deployed, Previous::default());
            let states = checker.check(&Source::new("corpus", once)).entries;
            for (entry, state) in entries.iter().zip(states) {
                let is_injected = entry.outcome == Outcome::Injected;
                assert_eq!(state.state == State::UpToDate, is_injected, "{}", file.display());
                checked += usize::from(is_injected);
            }
        }
    }
    assert!(checked > 0);
}

/// The pods in the statuses that Marathon gave are injected once they stand on their own.
#[test]
fn the_pods_in_statuses_keep_the_laws_too() {
    let Some(documents) = documents("podstatus") else { return };
    let mut outcomes = BTreeMap::new();
    for (file, status) in documents {
        let status: Value = serde_json::from_str(&status).unwrap();
        let text = serde_json::to_string_pretty(&status["spec"]).unwrap();
        let (once, entries) = changed(&text, Change::Inject(&injector()));
        let outcome = kind(&entries[0].outcome);
        if outcome == "refused" {
            located(&file, &entries[0].findings);
        } else {
            keeps_the_laws(&file, &text, &once);
        }
        *outcomes.entry(outcome).or_insert(0) += 1;
    }
    insta::assert_snapshot!(shown(&outcomes), @r"
    1 injected
    4 refused
    5 skipped: host network
    ");
}
