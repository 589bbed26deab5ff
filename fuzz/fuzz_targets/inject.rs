//! Any text as a document: refused, or injected, with and without adoption, and taken back so that
//! the laws hold.

#![no_main]

use libfuzzer_sys::fuzz_target;
use marathon_inject::document::{Severity, Source};
use marathon_inject::plan::{Adoption, Change, Injector, rewrite_to};
use marathon_inject::settings::Settings;

fuzz_target!(|text: &str| {
    // A document may come with a record that somebody else wrote.
    if let Some(removed) = changed(text, Change::Remove) {
        let twice = changed(&removed, Change::Remove).expect("nothing is left to refuse");
        assert_eq!(removed, twice, "removing twice is removing once");
    }
    let injector = Injector::new(Settings::default(), Vec::new());
    let adopting = Injector::new(Settings::default(), Vec::new()).adopting(Adoption::On);
    if let Some(adopted) = changed(text, Change::Inject(&adopting)) {
        let twice = changed(&adopted, Change::Inject(&injector)).expect("what was adopted is fine");
        assert_eq!(adopted, twice, "what was adopted is injected");
    }
    let Some(once) = changed(text, Change::Inject(&injector)) else { return };
    let twice = changed(&once, Change::Inject(&injector)).expect("what was injected is fine");
    assert_eq!(once, twice, "injecting twice is injecting once");
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
