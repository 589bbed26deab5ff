//! How a document is laid out: what is added takes over its indentation, its line ends and the
//! way it writes a colon.

use super::Raw;

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
    /// The habits of a whole document.
    pub fn of_document(root: Raw<'_>) -> Self {
        Self::of(root, indentation(root.text()).unwrap_or_default())
    }

    /// The habits of a value within a document whose habits are known: its own line breaks and
    /// colons, the document's indentation.
    pub fn of_value(value: Raw<'_>, document: &Self) -> Self {
        Self::of(value, &document.unit)
    }

    fn of(value: Raw<'_>, unit: &str) -> Self {
        let text = value.text();
        let colon = colon(text).unwrap_or(": ");
        Self {
            newline: line_end(text),
            unit: unit.to_owned(),
            colon: colon.to_owned(),
            comma: if colon.ends_with(':') { "," } else { ", " },
        }
    }
}

fn line_end(text: &str) -> Option<&'static str> {
    let newline = text.find('\n')?;
    Some(if text[..newline].ends_with('\r') { "\r\n" } else { "\n" })
}

/// The white space that the first indented line begins with.
fn indentation(text: &str) -> Option<&str> {
    text.split('\n').skip(1).find_map(|line| {
        let rest = line.trim_start_matches([' ', '\t']);
        let blank = &line[..line.len() - rest.len()];
        (!blank.is_empty() && !rest.trim_end().is_empty()).then_some(blank)
    })
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

fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|byte| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Source;

    fn layout(text: &str) -> Layout {
        let source = Source::new("x", text);
        Layout::of_document(source.root().unwrap())
    }

    #[test]
    fn takes_over_spaces_tabs_and_line_ends() {
        assert_eq!(layout("{\n    \"a\": 1\n}").unit, "    ");
        assert_eq!(layout("{\r\n\t\"a\": 1\r\n}").unit, "\t");
        assert_eq!(layout("{\r\n\t\"a\": 1\r\n}").newline, Some("\r\n"));
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
