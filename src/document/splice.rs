//! New text over parts of a document, streamed: a large document is never held twice.

use std::io::{self, Write};
use std::ops::Range;

use json_patch::Patch;

use super::{Diagnostic, Layout, PatchError, Source};

/// Writes a document to `out` with parts of it replaced, in order.
#[derive(Debug)]
pub struct Splice<'s, W> {
    document: &'s str,
    done: usize,
    out: W,
}

impl<'s, W: Write> Splice<'s, W> {
    /// Begins at the start of `document`.
    pub fn new(document: &'s str, out: W) -> Self {
        Self { document, done: 0, out }
    }

    /// Copies up to `place`, then writes `text` in its stead. Places come in order.
    ///
    /// # Errors
    /// Those of the output.
    pub fn replace(&mut self, place: Range<usize>, text: &str) -> io::Result<()> {
        self.out.write_all(&self.document.as_bytes()[self.done..place.start])?;
        self.done = place.end;
        self.out.write_all(text.as_bytes())
    }

    /// Copies the rest and gives the output back.
    ///
    /// # Errors
    /// Those of the output.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.write_all(&self.document.as_bytes()[self.done..])?;
        Ok(self.out)
    }
}

/// The text of `source` with `patch` applied in place: what the patch does not touch stays byte
/// for byte.
///
/// # Errors
/// The source is no JSON document or one above 16 MiB, or the patch does not fit it.
pub fn apply_to_text(source: &Source, patch: &Patch) -> Result<String, Vec<Diagnostic>> {
    let root = source.root().map_err(|fault| vec![*fault])?;
    let mut tree = root.tree_of_all()?;
    tree.apply(patch).map_err(|error| vec![misfit(&error)])?;
    let text = tree.write(source.text(), &Layout::of(root, source.text()));
    let span = root.span();
    Ok([&source.text()[..span.start], &text, &source.text()[span.end..]].concat())
}

fn misfit(error: &PatchError) -> Diagnostic {
    let fault = Diagnostic::error(error.to_string()).rule("J10");
    fault.hint("a patch fits only the document that it was made for")
}
