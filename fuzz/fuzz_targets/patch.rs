//! A document and a patch, with a line between them: on the text the patch means what it means on
//! the value.

#![no_main]

use json_patch::Patch;
use libfuzzer_sys::fuzz_target;
use marathon_inject::document::{Source, apply_to_text};
use serde_json::Value;

fuzz_target!(|text: &str| {
    let Some((document, patch)) = text.split_once('\u{0}') else { return };
    let Ok(patch) = serde_json::from_str::<Patch>(patch) else { return };
    let Ok(mut value) = serde_json::from_str::<Value>(document) else { return };
    let Ok(out) = apply_to_text(&Source::new("fuzz.json", document), &patch) else { return };
    json_patch::patch(&mut value, &patch).expect("what fits the text fits the value");
    assert_eq!(serde_json::from_str::<Value>(&out).expect("the result is JSON"), value);
});
