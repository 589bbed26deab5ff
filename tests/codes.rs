//! The codes of messages and the document about them belong together: each code that the program
//! can give has a section in `docs/checks.md`, and no section is about anything else.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use marathon_inject::check::pages;

/// The codes that stand in the sources as string literals; those of their unit tests apart.
fn in_the_sources() -> BTreeSet<String> {
    let mut codes = BTreeSet::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut codes);
    assert!(codes.len() > 100, "only {} codes were found", codes.len());
    codes
}

fn collect(dir: &Path, codes: &mut BTreeSet<String>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, codes);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let program = text.split("#[cfg(test)]").next().unwrap();
            codes.extend(literals(program));
        }
    }
}

/// A letter and two digits between quotes.
fn literals(text: &str) -> impl Iterator<Item = String> {
    text.as_bytes().windows(5).filter_map(|window| match window {
        [b'"', b'A'..=b'Z', b'0'..=b'9', b'0'..=b'9', b'"'] => {
            Some(String::from_utf8_lossy(&window[1..4]).into_owned())
        }
        _ => None,
    })
}

fn in_the_document() -> BTreeSet<String> {
    pages().map(|page| page.code.to_owned()).collect()
}

#[test]
fn every_code_of_the_program_has_a_section() {
    let (sources, document) = (in_the_sources(), in_the_document());
    assert_eq!(sources.difference(&document).collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn every_section_is_about_a_code_of_the_program() {
    let (sources, document) = (in_the_sources(), in_the_document());
    assert_eq!(document.difference(&sources).collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn no_two_sections_have_the_same_code_or_title() {
    let pages: Vec<_> = pages().collect();
    let codes: BTreeSet<_> = pages.iter().map(|page| page.code).collect();
    let titles: BTreeSet<_> = pages.iter().map(|page| page.title).collect();
    assert_eq!((codes.len(), titles.len()), (pages.len(), pages.len()));
}

#[test]
fn every_section_says_something() {
    for page in pages() {
        assert!(page.text.split_whitespace().count() > 10, "{} says too little", page.code);
        assert!(!page.text.contains("\n#"), "{} has a heading within", page.code);
    }
}

#[test]
fn the_sections_of_a_family_stand_together_in_the_order_of_their_numbers() {
    let codes: Vec<_> = pages().map(|page| page.code).collect();
    let families: Vec<_> = codes.chunk_by(|a, b| a[..1] == b[..1]).collect();
    let letters: BTreeSet<_> = families.iter().map(|family| &family[0][..1]).collect();
    assert_eq!(letters.len(), families.len());
    assert!(families.iter().all(|family| family.is_sorted()), "{codes:?}");
}

#[test]
fn a_code_is_seen_wherever_it_stands_in_a_source() {
    let found: Vec<_> =
        literals(r#"x.rule("V01"), may("a", text(1, "P02")) "V1" V03 "v04""#).collect();
    assert_eq!(found, ["V01", "P02"]);
}
