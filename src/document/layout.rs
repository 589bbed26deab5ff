//! How a document is laid out: what is added takes over its indentation, its line ends and the
//! way it writes a colon.

use super::Raw;
use super::raw::{closing_quote, floor_char_boundary};

/// The habits of one value's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// How a line ends, where the text has more than one; `None` means all on one line.
    pub(super) newline: Option<&'static str>,
    /// One level of indentation.
    pub(super) unit: String,
    /// What stands between a key and its value.
    pub(super) colon: String,
    /// What stands between two values on one line.
    pub(super) comma: &'static str,
}

impl Layout {
    /// The habits of a value of `document`. Only its own text tells, and the line it begins on:
    /// so they are the same whatever is added to the rest of the document.
    pub fn of(value: Raw<'_>, document: &str) -> Self {
        let text = value.text();
        let colon = colon(text).unwrap_or(": ");
        Self {
            newline: line_end(text),
            unit: indentation(text, &indent_at(document, value.span().start)).to_owned(),
            colon: colon.to_owned(),
            comma: if colon.ends_with(':') { "," } else { ", " },
        }
    }
}

/// A line of which nobody looks further back, in bytes: in a document of one line, the way to its
/// start would be as long for each pod as the document.
const LONG_LINE: usize = 64 * 1024;

/// What stands before `start` on its line; nothing if that line is too long to be laid out.
pub fn line_before(document: &str, start: usize) -> &str {
    let from = floor_char_boundary(document, start.saturating_sub(LONG_LINE));
    match document[from..start].rfind('\n') {
        Some(newline) => &document[from + newline + 1..start],
        None if from == 0 => &document[..start],
        None => "",
    }
}

/// The indentation of the line that a value begins on. A line on which something else ends before
/// tells nothing: what ends there may be edited, unless it is a bracket that begins the line.
pub(super) fn indent_at(document: &str, start: usize) -> String {
    let before = line_before(document, start);
    let blank = blank_of(before);
    let rest = &before[blank.len()..];
    let rest = rest.strip_prefix(['}', ']']).unwrap_or(rest);
    if rest.contains(['}', ']']) { String::new() } else { blank.to_owned() }
}

fn line_end(text: &str) -> Option<&'static str> {
    let newline = text.find('\n')?;
    Some(if text[..newline].ends_with('\r') { "\r\n" } else { "\n" })
}

/// What the first line that is deeper than the one before it has more; `first` is the indentation
/// of the line that the text begins on.
fn indentation<'t>(text: &'t str, first: &str) -> &'t str {
    let mut above = first;
    for line in text.split('\n').skip(1).filter(|line| !line.trim().is_empty()) {
        let blank = blank_of(line);
        match blank.strip_prefix(above) {
            Some(deeper) if !deeper.is_empty() => return deeper,
            _ => above = blank,
        }
    }
    ""
}

/// The white space that a line begins with.
pub(super) fn blank_of(line: &str) -> &str {
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

/// What stands between the first key and its value: a colon and white space on one line. Only an
/// object's first member, or an array's first object, is looked at.
fn colon(text: &str) -> Option<&str> {
    let body = text.trim_start_matches(['[', ' ', '\t', '\r', '\n']).strip_prefix('{')?;
    let key = body.trim_start().strip_prefix('"')?;
    let after = &key[closing_quote(key)? + 1..];
    let length = after.find(|c: char| c != ':' && !c.is_ascii_whitespace())?;
    Some(&after[..length]).filter(|colon| !colon.contains('\n'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Source;

    fn layout(text: &str) -> Layout {
        let source = Source::new("x", text);
        Layout::of(source.root().unwrap(), text)
    }

    #[test]
    fn takes_over_spaces_tabs_and_line_ends() {
        assert_eq!(layout("{\n    \"a\": 1\n}").unit, "    ");
        assert_eq!(layout("{\r\n\t\"a\": 1\r\n}").unit, "\t");
        assert_eq!(layout("{\r\n\t\"a\": 1\r\n}").newline, Some("\r\n"));
    }

    #[test]
    fn a_level_is_what_a_line_has_more_than_the_one_above() {
        assert_eq!(layout("    {\n      \"a\": 1\n    }").unit, "  ");
        assert_eq!(layout("{\n\"a\": [\n\t1\n]}").unit, "\t");
        assert_eq!(layout("{\n\"a\": 1\n}").unit, "");
    }

    #[test]
    fn takes_over_the_colon_even_after_a_key_with_escapes() {
        assert_eq!(layout(r#"{"a\"\\":1}"#).colon, ":");
        assert_eq!(layout(r#"[{"a" : 1}]"#).colon, " : ");
        assert_eq!(layout(r#"{"a": 1}"#).comma, ", ");
        assert_eq!(layout(r#"{"a":1}"#).comma, ",");
    }

    #[test]
    fn one_line_has_no_line_end() {
        assert_eq!(layout(r#"{"a": 1}"#).newline, None);
    }
}
