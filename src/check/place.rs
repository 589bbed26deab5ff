//! A place for every finding: those about what injection adds, or about what is missing, stand at
//! the nearest thing that the document has.

use crate::document::{Diagnostic, Node};

/// The entry of a document that findings are about.
#[derive(Clone, Copy)]
pub(super) struct Around<'e> {
    pub(super) pointer: &'e str,
    /// Its first byte.
    pub(super) start: usize,
    /// None where it cannot be parsed.
    pub(super) tree: Option<&'e Node<'e>>,
}

impl Around<'_> {
    /// Gives a finding the place that it lacks. One about the whole stands at its id.
    pub(super) fn place(&self, finding: &mut Diagnostic) {
        let pointer = finding.pointer.get_or_insert_with(|| self.pointer.to_owned());
        if finding.span.is_none() {
            let id = self.tree.and_then(|tree| tree.get("id")?.span());
            let is_whole = pointer == self.pointer;
            let start = self.nearest(pointer).unwrap_or(self.start);
            finding.span = id.filter(|_| is_whole).or(Some(start..start + 1));
        }
    }

    /// Where the deepest thing begins that the pointer leads through.
    fn nearest(&self, pointer: &str) -> Option<usize> {
        let mut node = self.tree?;
        let below = pointer.strip_prefix(self.pointer).unwrap_or_default();
        for token in below.split('/').skip(1) {
            let key = token.replace("~1", "/").replace("~0", "~");
            let next = match key.parse::<usize>() {
                Ok(index) if !node.items().is_empty() => node.items().get(index),
                _ => node.get(&key),
            };
            match next.filter(|next| next.span().is_some()) {
                Some(next) => node = next,
                None => break,
            }
        }
        node.span().map(|span| span.start)
    }
}
