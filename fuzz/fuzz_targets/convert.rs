//! Any text as a document: refused, or its apps become pods that Marathon accepts, and the text and
//! the patch say the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use marathon_inject::document::Source;
use marathon_inject::pod::{Conversion, convert};
use serde_json::Value;

fuzz_target!(|text: &str| {
    let Ok(converted) = convert(&Source::new("fuzz.json", text)) else { return };
    let is = |wanted| converted.entries.iter().any(|entry| entry.outcome == wanted);
    if is(Conversion::Refused) {
        assert_eq!(converted.text, text, "what is refused stays as it is");
        return;
    }
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    // A number that no double holds has no value to compare.
    if let Ok(mut value) = serde_json::from_str::<Value>(body) {
        json_patch::patch(&mut value, &converted.patch).expect("the patch fits the document");
        let out = converted.text.strip_prefix('\u{feff}').unwrap_or(&converted.text);
        assert_eq!(serde_json::from_str::<Value>(out).expect("the result is JSON"), value);
    }
    let again = convert(&Source::new("fuzz.json", converted.text.as_str()));
    let again = again.expect("what was converted is a document");
    let left = again.entries.iter().any(|entry| entry.outcome == Conversion::Converted);
    assert!(!left, "nothing is left to convert");
});
