//! Adoption: every variant of hand-written sidecars that is known gives way to ours or is refused
//! with a reason, and the laws of injection hold for what comes of it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "adopt/corpus.rs"]
mod corpus;
#[path = "adopt/fixtures.rs"]
mod fixtures;
#[path = "adopt/laws.rs"]
mod laws;
#[path = "adopt/sidecars.rs"]
mod sidecars;
mod support;
#[path = "adopt/values.rs"]
mod values;

use json_patch::Patch;
use marathon_inject::document::Source;
use marathon_inject::plan::{Adoption, Change, Injector, Rewritten, rewrite};
use marathon_inject::settings::Settings;
use serde_json::Value;
use support::{changed, errors, injected, refused_by_marathon, removed};

/// An injector that adopts nothing.
fn plain() -> Injector {
    Injector::new(Settings::default(), Vec::new())
}

/// An injector that adopts.
fn adopting() -> Injector {
    plain().adopting(Adoption::On)
}

/// What adoption makes of a document.
fn adopted(text: &str) -> (String, Vec<Rewritten>) {
    changed(text, Change::Inject(&adopting()))
}

/// What holds for a document once it is adopted.
fn keeps_the_laws(text: &str) {
    let (once, entries) = adopted(text);
    assert_eq!(errors(&entries), Vec::<&_>::new(), "{text}");
    assert_eq!(injected(&once, &adopting()), once, "adopted twice: {text}");
    assert_eq!(injected(&once, &plain()), once, "injected without adoption: {text}");
    assert_eq!(injected(&removed(&once), &plain()), once, "removed and injected: {text}");
    assert_eq!(refused_by_marathon(&once), [], "{text}");
    assert_eq!(patched(text), serde_json::from_str::<Value>(&once).unwrap(), "{text}");
}

/// The document after its patches, by json-patch, which knows nothing of text.
fn patched(text: &str) -> Value {
    let mut value: Value = serde_json::from_str(text).unwrap();
    rewrite(&Source::new("x", text), Change::Inject(&adopting()), |rewritten| {
        let patch: Patch = rewritten.patch;
        json_patch::patch(value.pointer_mut(&rewritten.pointer).unwrap(), &patch).unwrap();
        Ok(())
    })
    .unwrap()
    .unwrap();
    value
}
