//! Any text as a document: refused, or injected so that the laws hold.

#![no_main]

use libfuzzer_sys::fuzz_target;
use marathon_inject::document::{Severity, Source};
use marathon_inject::plan::{Change, Injector, rewrite_to};
use marathon_inject::settings::Settings;

fuzz_target!(|text: &str| {
    let injector = Injector::new(Settings::default(), Vec::new());
    let Some(once) = changed(text, Change::Inject(&injector)) else { return };
    let twice = changed(&once, Change::Inject(&injector)).expect("what was injected is fine");
    assert_eq!(once, twice, "injecting twice is injecting once");
    // A document may come with a record that somebody else wrote.
    if text.contains("sidecar.istio.io\\/status") || text.contains("status") {
        return;
    }
    let removed = changed(&once, Change::Remove).expect("what was injected can be removed");
    assert_eq!(removed, text, "removing gives the original back");
});

fn changed(text: &str, change: Change<'_>) -> Option<String> {
    let source = Source::new("fuzz.json", text);
    let mut out = Vec::new();
    let entries = rewrite_to(&source, change, &mut out).ok()?.expect("memory takes everything");
    let findings = entries.iter().flat_map(|entry| &entry.findings);
    let refused = findings.into_iter().any(|finding| finding.severity == Severity::Error);
    (!refused).then(|| String::from_utf8(out).expect("text"))
}
