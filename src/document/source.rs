//! A document's text and name, and the way from a byte offset to a line and a column.

use std::ops::Range;
use std::sync::OnceLock;

use super::raw::floor_char_boundary;
use super::{Diagnostic, Raw};

/// The largest input that is read, in bytes: far above any real group of pods, injected or not, and
/// far below what would exhaust a machine that reads an endless stream.
pub const MAX_BYTES: usize = 512 * 1024 * 1024;

const BYTE_ORDER_MARK: &str = "\u{feff}";

/// A document as it was read: its name for people and its text.
#[derive(Debug)]
pub struct Source {
    name: String,
    text: String,
    /// Where each line starts; made when the first place is asked for.
    lines: OnceLock<Vec<usize>>,
    /// How many characters there are before each [`STRIDE`] bytes; made likewise.
    characters: OnceLock<Vec<usize>>,
}

/// A line can be all of a document: its characters are not counted again for each place on it.
const STRIDE: usize = 1024;

/// A place for people: line and column count from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The line, counted from 1.
    pub line: usize,
    /// The column in characters, counted from 1.
    pub column: usize,
}

impl Source {
    /// A source from text that is known to be UTF-8.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            text: text.into(),
            lines: OnceLock::new(),
            characters: OnceLock::new(),
        }
    }

    /// A source from bytes as they were read.
    ///
    /// # Errors
    /// The bytes are not UTF-8, which JSON must be (RFC 8259 §8.1). The error comes with a source
    /// that has the offending bytes replaced, so that the place can be shown.
    pub fn from_bytes(
        name: impl Into<String>,
        bytes: Vec<u8>,
    ) -> Result<Self, (Self, Box<Diagnostic>)> {
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Self::new(name, text)),
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                let bytes = error.into_bytes();
                let wide = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
                let hint = if wide {
                    "this looks like UTF-16; save the file as UTF-8"
                } else {
                    "JSON is UTF-8 text (RFC 8259 §8.1); save the file as UTF-8"
                };
                let text = String::from_utf8_lossy(&bytes).into_owned();
                let fault = Diagnostic::error("the input is not valid UTF-8")
                    .rule("J03")
                    .span(at..at + 1)
                    .hint(hint);
                Err((Self::new(name, text), Box::new(fault)))
            }
        }
    }

    /// The name shown to people: a path, or `<stdin>`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole text, a byte order mark included.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The document's value, checked for syntax but not yet looked into. A byte order mark before
    /// it is passed over (RFC 8259 §8.1 allows that) and stays in the text.
    ///
    /// # Errors
    /// The text is not exactly one JSON value.
    pub fn root(&self) -> Result<Raw<'_>, Box<Diagnostic>> {
        let body = self.text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&self.text);
        self.part(self.text.len() - body.len())
    }

    /// The value that begins at `start` and is the rest of the text.
    ///
    /// # Errors
    /// The rest of the text is not exactly one JSON value.
    pub fn part(&self, start: usize) -> Result<Raw<'_>, Box<Diagnostic>> {
        Raw::parse(&self.text[start..], start)
    }

    /// Where a byte offset is, for people.
    pub fn position(&self, offset: usize) -> Position {
        let line = self.line_at(offset);
        let mut start = self.line_starts()[line];
        let offset = floor_char_boundary(&self.text, offset);
        if self.text[start..offset].starts_with(BYTE_ORDER_MARK) {
            start += BYTE_ORDER_MARK.len();
        }
        let column = self.characters_before(offset) - self.characters_before(start) + 1;
        Position { line: line + 1, column }
    }

    /// The span of the line that holds a byte offset, without its line ending.
    pub(super) fn line_span(&self, offset: usize) -> Range<usize> {
        let line = self.line_at(offset);
        let starts = self.line_starts();
        let end = starts.get(line + 1).copied().unwrap_or(self.text.len());
        let text = &self.text[starts[line]..end];
        starts[line]..starts[line] + text.trim_end_matches(['\n', '\r']).len()
    }

    /// How many characters begin before a byte offset.
    fn characters_before(&self, offset: usize) -> usize {
        let strides = self.characters.get_or_init(|| {
            let counts = self.text.as_bytes().chunks(STRIDE).scan(0, |before, chunk| {
                let count = *before;
                *before += begun(chunk);
                Some(count)
            });
            counts.collect()
        });
        let stride = (offset / STRIDE).min(strides.len().saturating_sub(1));
        let before = strides.get(stride).copied().unwrap_or_default();
        before + begun(&self.text.as_bytes()[stride * STRIDE..offset])
    }

    fn line_at(&self, offset: usize) -> usize {
        self.line_starts().partition_point(|start| *start <= offset) - 1
    }

    fn line_starts(&self) -> &[usize] {
        self.lines.get_or_init(|| {
            let after = self.text.match_indices('\n').map(|(newline, _)| newline + 1);
            std::iter::once(0).chain(after).collect()
        })
    }
}

/// How many characters begin in these bytes of UTF-8: all bytes but those that go on with one.
fn begun(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| !matches!(byte, 0x80..=0xbf)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_from_one() {
        let source = Source::new("x", "{\n  \"é\": 1}");
        assert_eq!(source.position(0), Position { line: 1, column: 1 });
        let one = source.text().find('1').unwrap();
        assert_eq!(source.position(one), Position { line: 2, column: 8 });
    }

    #[test]
    fn columns_are_counted_in_long_lines_as_in_short_ones() {
        let line = "aé名☃".repeat(STRIDE);
        let source = Source::new("x", format!("[\n{line}"));
        for (before, (offset, _)) in line.char_indices().enumerate() {
            assert_eq!(source.position(2 + offset), Position { line: 2, column: before + 1 });
        }
    }

    #[test]
    fn a_byte_order_mark_is_no_column_and_no_fault() {
        let source = Source::new("x", "\u{feff}[1]");
        assert_eq!(source.root().unwrap().text(), "[1]");
        assert_eq!(source.position(3), Position { line: 1, column: 1 });
    }

    #[test]
    fn bytes_that_are_no_utf8_are_refused_at_their_place() {
        let (source, fault) = Source::from_bytes("x", b"{\"a\": \"\xff\"}".to_vec()).unwrap_err();
        assert_eq!(source.position(fault.span.unwrap().start).column, 8);
    }
}
