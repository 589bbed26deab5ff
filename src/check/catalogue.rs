//! What is written about each code: the sections of `docs/checks.md`, which is the only place for
//! it.

const CHECKS: &str = include_str!("../../docs/checks.md");

/// What a code means and what to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// The code, as `I02`.
    pub code: &'static str,
    /// What it means, in a few words.
    pub title: &'static str,
    /// The rest, as Markdown.
    pub text: &'static str,
}

/// The pages of all codes, in the order of the document.
pub fn pages() -> impl Iterator<Item = Page> {
    CHECKS.split("\n### ").skip(1).filter_map(read)
}

/// The page of a code, however its letter is written.
pub fn page(code: &str) -> Option<Page> {
    pages().find(|page| page.code.eq_ignore_ascii_case(code))
}

/// The page of the code that is written most like this; none where no code is like it.
pub fn nearest(code: &str) -> Option<Page> {
    let code = code.to_ascii_uppercase();
    let distance = |page: &Page| strsim::damerau_levenshtein(page.code, &code);
    pages().min_by_key(distance).filter(|page| distance(page) == 1)
}

/// A section, from its heading to the next one.
fn read(section: &'static str) -> Option<Page> {
    let (heading, text) = section.split_once('\n')?;
    let (code, title) = heading.split_once(' ')?;
    let text = text.split("\n## ").next().unwrap_or(text);
    Some(Page { code, title, text: text.trim() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_found_however_its_letter_is_written() {
        let found = page("v26").unwrap();
        assert_eq!((found.code, found.title), {
            ("V26", "An endpoint without `containerPort` on a container network")
        });
        assert_eq!(page("V26"), Some(found));
        assert_eq!(page("V99"), None);
    }

    #[test]
    fn a_page_ends_where_the_next_section_or_family_begins() {
        assert!(page("J01").unwrap().text.ends_with("YAML has to be converted first."));
        assert!(page("T24").unwrap().text.ends_with("or remove `overrideEntrypoint`."));
    }

    #[test]
    fn a_misspelt_code_is_told_the_nearest() {
        let nearest = |code| nearest(code).map(|page| page.code);
        assert_eq!(nearest("I2"), Some("I02"));
        assert_eq!(nearest("io2"), Some("I02"));
        assert_eq!(nearest("T108"), Some("T08"));
        assert_eq!(nearest("hostPort"), None);
    }
}
