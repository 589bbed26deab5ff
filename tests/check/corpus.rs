//! Marathon documents from public repositories through the check: none makes it panic, and every
//! finding has a code, a place and a hint.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use marathon_inject::check::{Checker, Document, Previous, Stage};
use marathon_inject::document::{Diagnostic, Source};
use marathon_inject::plan::Injector;
use marathon_inject::settings::Settings;

use crate::public::{documents, shown};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const FOLDERS: [&str; 4] = ["pods", "apps", "groups", "podstatus"];

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries.filter(|path| path.is_file()).collect();
    files.sort();
    files
}

fn checked(source: &Source) -> Document {
    let injector = Injector::new(Settings::default(), Vec::new());
    Checker::new(&injector, Stage::Deployed, Previous::default()).check(source)
}

fn findings(document: &Document) -> impl Iterator<Item = &Diagnostic> {
    let entries = document.entries.iter().flat_map(|entry| &entry.findings);
    entries.chain(&document.faults)
}

/// Whether a finding can be told: by its code, at its place, with what to do.
fn is_whole(finding: &Diagnostic, source: &Source) -> bool {
    let span = finding.span.clone().unwrap_or(usize::MAX..usize::MAX);
    // What ends too early is shown right after its end.
    let is_within = span.start <= source.text().len() && span.start < span.end;
    finding.rule.is_some() && finding.hint.is_some() && is_within
}

fn assert_whole(file: &Path, source: &Source, document: &Document) {
    let broken: Vec<_> = findings(document).filter(|it| !is_whole(it, source)).collect();
    assert!(broken.is_empty(), "{}: {broken:#?}", file.display());
}

#[test]
fn every_finding_of_the_fixtures_has_a_code_a_place_and_a_hint() {
    let mut told = 0;
    for folder in ["fixtures", "fixtures/invalid", "fixtures/checks"] {
        for file in files(&Path::new(ROOT).join(folder)) {
            let bytes = fs::read(&file).unwrap();
            let (source, document) = match Source::from_bytes("fixture", bytes) {
                Ok(source) => {
                    let document = checked(&source);
                    (source, document)
                }
                Err((source, fault)) => {
                    (source, Document { entries: Vec::new(), faults: vec![*fault] })
                }
            };
            assert_whole(&file, &source, &document);
            told += findings(&document).count();
        }
    }
    assert!(told > 200, "{told}");
}

#[test]
fn every_document_is_checked_and_every_finding_has_a_code_a_place_and_a_hint() {
    let mut counts = BTreeMap::new();
    for folder in FOLDERS {
        let Some(documents) = documents(folder) else { return };
        for (file, text) in documents {
            let source = Source::new("corpus", text);
            let document = checked(&source);
            assert_whole(&file, &source, &document);
            let states = document.entries.iter().map(|entry| entry.state.word().to_owned());
            let codes = findings(&document).map(|finding| finding.rule.unwrap().to_owned());
            states
                .chain(codes)
                .for_each(|what| *counts.entry(format!("{folder}: {what}")).or_insert(0) += 1);
        }
    }
    insta::assert_snapshot!(shown(&counts), @r"
    54 apps: not-a-pod
    5 groups: I24
    48 groups: not-a-pod
    8 pods: I01
    37 pods: I06
    4 pods: I18
    2 pods: P02
    1 pods: P03
    7 pods: P04
    2 pods: P14
    1 pods: P18
    46 pods: T01
    1 pods: T02
    3 pods: T14
    1 pods: T19
    1 pods: T21
    4 pods: T22
    2 pods: V08
    2 pods: V12
    2 pods: V25
    1 pods: V30
    1 pods: V31
    1 pods: V32
    2 pods: V33
    1 pods: V38
    1 pods: V41
    1 pods: V43
    1 pods: V48
    1 pods: V51
    1 pods: V66
    72 pods: exempt
    8 pods: not-injected
    9 pods: refused
    10 podstatus: I24
    10 podstatus: not-a-pod
    ");
}
