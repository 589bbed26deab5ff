//! Marathon documents from public repositories through injection: none makes it panic, each is
//! refused at a place or keeps the laws, and the counts say what becomes of them. The documents
//! are no part of the project: where they do not lie beside it, nothing is checked here.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use marathon_inject::document::{Diagnostic, Source};
use marathon_inject::plan::{Change, Injector, Outcome, Rewritten, Skip, rewrite_to};
use marathon_inject::settings::Settings;
use serde_json::Value;
use support::{changed, errors, injected, refused_by_marathon, removed};

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpus");
const FOLDERS: [&str; 4] = ["pods", "apps", "groups", "podstatus"];

/// The corpus, if it is there.
fn corpus() -> Option<&'static Path> {
    let path = Path::new(CORPUS);
    if path.exists() {
        return Some(path);
    }
    // Not `eprintln!`: of a test that passes, the harness shows nothing of that.
    let mut out = std::io::stderr();
    writeln!(out, "skipped: {CORPUS} is not there").unwrap();
    None
}

fn files(folder: &Path) -> BTreeSet<PathBuf> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

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
    let Some(corpus) = corpus() else { return };
    let mut counts = BTreeMap::new();
    for folder in FOLDERS {
        for file in files(&corpus.join(folder)) {
            let text = fs::read_to_string(&file).unwrap();
            let mut count = |what: String| *counts.entry((folder, what)).or_insert(0) += 1;
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
    apps: 54 passed through: an app, not a pod
    groups: 43 passed through: an app, not a pod
    groups: 5 passed through: the status of a pod; its definition is under spec
    pods: 8 injected
    pods: 9 refused
    pods: 31 skipped: foreign sidecar: it runs pilot-agent
    pods: 6 skipped: foreign sidecar: its image is proxy_debug
    pods: 23 skipped: host network
    pods: 12 skipped: no networks, so the host's network
    podstatus: 10 passed through: the status of a pod; its definition is under spec
    ");
}

fn shown(counts: &BTreeMap<(&str, String), usize>) -> String {
    counts.iter().fold(String::new(), |mut text, ((folder, what), count)| {
        writeln!(text, "{folder}: {count} {what}").unwrap();
        text
    })
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
    let Some(corpus) = corpus() else { return };
    let index: Value =
        serde_json::from_str(&fs::read_to_string(corpus.join("index.json")).unwrap()).unwrap();
    let faulty = |entry: &&Value| {
        ["accept", "rules"].iter().any(|list| !entry[list].as_array().unwrap().is_empty())
    };
    let listed = index["pods"].as_array().unwrap().iter().filter(faulty);
    let listed: BTreeSet<_> =
        listed.map(|entry| corpus.join("pods").join(entry["file"].as_str().unwrap())).collect();
    let all = FOLDERS.iter().flat_map(|folder| files(&corpus.join(folder)));
    let refused = all.filter(|file| attempt(&fs::read_to_string(file).unwrap()).is_err());
    assert_eq!(refused.collect::<BTreeSet<_>>(), listed);
}

/// The pods in the statuses that Marathon gave are injected once they stand on their own.
#[test]
fn the_pods_in_statuses_keep_the_laws_too() {
    let Some(corpus) = corpus() else { return };
    let mut outcomes = BTreeMap::new();
    for file in files(&corpus.join("podstatus")) {
        let status: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        let text = serde_json::to_string_pretty(&status["spec"]).unwrap();
        let (once, entries) = changed(&text, Change::Inject(&injector()));
        let outcome = kind(&entries[0].outcome);
        if outcome == "refused" {
            located(&file, &entries[0].findings);
        } else {
            keeps_the_laws(&file, &text, &once);
        }
        *outcomes.entry(("specs", outcome)).or_insert(0) += 1;
    }
    insta::assert_snapshot!(shown(&outcomes), @r"
    specs: 1 injected
    specs: 4 refused
    specs: 5 skipped: host network
    ");
}
