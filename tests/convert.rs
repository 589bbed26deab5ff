//! Apps as pods: what becomes of each fixture, the laws of conversion over generated apps, and what
//! becomes of the apps of public repositories.

mod support;

#[path = "convert/apps.rs"]
mod apps;
#[path = "convert/behaviour.rs"]
mod behaviour;
#[path = "convert/corpus.rs"]
mod corpus;
#[path = "convert/fixtures.rs"]
mod fixtures;
#[path = "convert/laws.rs"]
mod laws;

use marathon_inject::document::{Diagnostic, Source};
use marathon_inject::pod::{Conversion, Converted, ConvertedEntry, convert};
use serde_json::Value;
use support::refused_by_marathon;

/// The conversion of a document without faults of its own.
fn converted(text: &str) -> Converted {
    convert(&Source::new("test.json", text))
        .unwrap_or_else(|faults| panic!("{faults:#?} in {text}"))
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap()
}

fn refused(entries: &[ConvertedEntry]) -> impl Iterator<Item = &ConvertedEntry> {
    entries.iter().filter(|entry| entry.outcome == Conversion::Refused)
}

fn findings(entries: &[ConvertedEntry]) -> impl Iterator<Item = &Diagnostic> {
    entries.iter().flat_map(|entry| &entry.findings)
}

/// What holds for every document: the text and the patch say the same, all that is told has a rule,
/// a place in the source and a hint, a refusal has a reason and leaves the document as it is, and
/// Marathon accepts what is not refused.
fn keeps_the_laws(text: &str, converted: &Converted) {
    let mut value = parsed(text);
    json_patch::patch(&mut value, &converted.patch).unwrap();
    assert_eq!(parsed(&converted.text), value);
    for finding in findings(&converted.entries) {
        let pointer = finding.pointer.as_ref().unwrap();
        assert!(finding.rule.is_some() && finding.hint.is_some(), "{finding:#?}");
        assert!(finding.span.as_ref().is_some_and(|span| span.end <= text.len()), "{finding:#?}");
        assert!(parsed(text).pointer(pointer).is_some(), "{finding:#?}");
    }
    let mut refused = refused(&converted.entries).peekable();
    if refused.peek().is_some() {
        assert_eq!(converted.text, text);
        refused.for_each(|entry| assert!(is_reasoned(entry), "{entry:#?}"));
    } else {
        assert_eq!(refused_by_marathon(&converted.text), []);
    }
}

fn is_reasoned(entry: &ConvertedEntry) -> bool {
    use marathon_inject::document::Severity::Error;
    entry.findings.iter().any(|finding| finding.severity == Error)
}
