//! The administrators' files, TOML: read strictly, and what is wrong is told with its place.

use std::ops::Range;

use serde::de::DeserializeOwned;

/// Something wrong with a file. Its text is `LINE:COLUMN: what`, to stand behind the file's name
/// and a colon.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {message}")]
pub struct FileFault {
    /// What.
    pub message: String,
    /// The bytes that it is about.
    pub span: Range<usize>,
    /// The line of the first of them, from 1.
    pub line: usize,
    /// The column of the first of them, from 1, in characters.
    pub column: usize,
}

impl FileFault {
    pub(super) fn new(text: &str, span: Range<usize>, message: String) -> Self {
        let before = text.get(..span.start).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let begun = before.rsplit('\n').next().unwrap_or(before);
        Self { message, span, line, column: begun.chars().count() + 1 }
    }
}

pub(super) fn parse<T: DeserializeOwned>(text: &str) -> Result<T, FileFault> {
    toml::from_str(text).map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        FileFault::new(text, span, error.message().trim_end().replace('\n', " "))
    })
}
