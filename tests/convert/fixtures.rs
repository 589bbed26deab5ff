//! Every fixture below `fixtures/apps/`: what is told of it, and the document that it becomes. Those
//! below `refused/` are refused.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use marathon_inject::document::Source;
use marathon_inject::pod::Converted;

use super::{converted, keeps_the_laws, refused};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/apps");
const SNAPSHOTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/snapshots/convert");

/// The names of a folder's fixtures, and their texts.
fn fixtures(folder: &str) -> Vec<(String, String)> {
    let folder = Path::new(FIXTURES).join(folder);
    let text =
        |name: String| (name.clone(), fs::read_to_string(folder.join(name + ".json")).unwrap());
    names(&folder, ".json").into_iter().map(text).collect()
}

/// The names of the files with that ending, without it.
fn names(folder: &Path, ending: &str) -> BTreeSet<String> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let files = files.map(|file| file.into_string().unwrap());
    files.filter_map(|file| file.strip_suffix(ending).map(str::to_owned)).collect()
}

fn report(source: &Source, converted: &Converted) -> String {
    let mut report = String::new();
    for entry in &converted.entries {
        let id = entry.id.as_deref().unwrap_or("-");
        writeln!(report, "{:?} {id}: {}", entry.pointer, entry.outcome).unwrap();
        for finding in &entry.findings {
            let place = source.position(finding.span.as_ref().unwrap().start);
            let (rule, pointer) = (finding.rule.unwrap(), finding.pointer.as_ref().unwrap());
            let severity = format!("{:?}", finding.severity).to_lowercase();
            writeln!(report, "  {}:{} {pointer}", place.line, place.column).unwrap();
            writeln!(report, "    {severity}[{rule}]: {}", finding.message).unwrap();
            writeln!(report, "    hint: {}", finding.hint.as_ref().unwrap()).unwrap();
        }
    }
    report
}

fn assert_snapshot(folder: &str, name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(Path::new(SNAPSHOTS).join(folder));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn what_becomes_of_every_fixture() {
    for (name, text) in fixtures("") {
        let converted = converted(&text);
        assert_eq!(refused(&converted.entries).count(), 0, "{name}: {converted:#?}");
        keeps_the_laws(&text, &converted);
        let report = report(&Source::new("", text.as_str()), &converted);
        let shown = format!("{report}\n{}", converted.text.replace('\r', "␍"));
        assert_snapshot("", &name, &shown);
    }
}

#[test]
fn why_those_that_no_pod_can_be_are_refused() {
    for (name, text) in fixtures("refused") {
        let converted = converted(&text);
        assert!(refused(&converted.entries).count() > 0, "{name}");
        keeps_the_laws(&text, &converted);
        assert_snapshot("refused", &name, &report(&Source::new("", text.as_str()), &converted));
    }
}

#[test]
fn every_snapshot_has_its_fixture() {
    for folder in ["", "refused"] {
        let fixtures = names(&Path::new(FIXTURES).join(folder), ".json");
        let snapshots = names(&Path::new(SNAPSHOTS).join(folder), ".snap");
        assert_eq!(fixtures, snapshots);
    }
}
