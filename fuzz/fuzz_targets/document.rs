//! Any bytes: parsed or refused at a place that can be drawn; parsed as serde_json parses them;
//! written back as they were.

#![no_main]

use libfuzzer_sys::fuzz_target;
use marathon_inject::document::{Layout, Path, Snippets, Source};

fuzz_target!(|bytes: &[u8]| {
    let snippets = Snippets::new(false);
    let source = match Source::from_bytes("fuzz.json", bytes.to_vec()) {
        Ok(source) => source,
        Err((source, fault)) => {
            snippets.draw(&source, &fault);
            return;
        }
    };
    let root = match source.root() {
        Ok(root) => root,
        Err(fault) => {
            snippets.draw(&source, &fault);
            return;
        }
    };
    match root.tree(&Path::root("")) {
        Ok(tree) => {
            let layout = Layout::of(root, source.text());
            assert_eq!(tree.write(source.text(), &layout), root.text());
            if let Ok(value) = serde_json::from_str::<serde_json::Value>(root.text()) {
                assert_eq!(tree.to_value(), value);
            }
        }
        Err(faults) => faults.iter().for_each(|fault| drop(snippets.draw(&source, fault))),
    }
});
