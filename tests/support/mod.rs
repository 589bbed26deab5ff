//! What several tests need: generated JSON written in many ways, and generated pods.
#![allow(dead_code, reason = "each test takes what it needs")]

pub(crate) mod pods;
pub(crate) mod public;
pub(crate) mod written;

use marathon_inject::document::{Diagnostic, Path, Severity, Source};
use marathon_inject::plan::{Change, Injector, Overlay, Rewritten, rewrite_to};
use marathon_inject::pod::{Marathon, Unfinished, What, entries, validate};
use marathon_inject::settings::{Key, Settings};

/// An injector with these settings and overlays.
pub(crate) fn injector(settings: &[(Key, &str)], overlays: &[&str]) -> Injector {
    let mut all = Settings::default();
    for (key, text) in settings {
        all.set(*key, text).unwrap();
    }
    let overlay = |text: &&str| Overlay::parse(&Source::new("overlay.json", *text)).unwrap();
    Injector::new(all, overlays.iter().map(overlay).collect())
}

/// The text of a document after a change, with the account of its entries.
pub(crate) fn changed(text: &str, change: Change<'_>) -> (String, Vec<Rewritten>) {
    let source = Source::new("test.json", text);
    let mut out = Vec::new();
    let entries = rewrite_to(&source, change, &mut out)
        .unwrap_or_else(|faults| panic!("{faults:#?} in {text}"))
        .unwrap();
    (String::from_utf8(out).unwrap(), entries)
}

/// The text after injection, which must succeed.
pub(crate) fn injected(text: &str, injector: &Injector) -> String {
    let (out, entries) = changed(text, Change::Inject(injector));
    assert!(errors(&entries).is_empty(), "{:#?} in {text}", errors(&entries));
    out
}

/// The text after removal, which must succeed.
pub(crate) fn removed(text: &str) -> String {
    let (out, entries) = changed(text, Change::Remove);
    assert!(errors(&entries).is_empty(), "{:#?} in {text}", errors(&entries));
    out
}

/// The findings that refuse.
pub(crate) fn errors(entries: &[Rewritten]) -> Vec<&Diagnostic> {
    let findings = entries.iter().flat_map(|entry| &entry.findings);
    findings.filter(|finding| finding.severity == Severity::Error).collect()
}

/// What Marathon would refuse in the pods of a document.
pub(crate) fn refused_by_marathon(text: &str) -> Vec<Diagnostic> {
    let source = Source::new("test.json", text);
    let (entries, faults) = entries(source.root().unwrap());
    assert_eq!(faults, []);
    let pods = entries.into_iter().filter(|entry| entry.what == What::Pod);
    let found = pods.flat_map(|pod| {
        let at = Path::root(&pod.pointer);
        let tree = pod.raw.tree(&at).unwrap();
        validate(&tree, &at, &Marathon::default(), &Unfinished::default())
    });
    found.filter(|finding| finding.severity == Severity::Error).collect()
}
