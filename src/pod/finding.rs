//! How a finding about a pod is put together: always with a rule, a place and what to do.

use std::fmt;

use crate::document::{Diagnostic, Node, Path, shown};

/// The most of somebody's text that a message repeats, in characters.
const SHOWN: usize = 100;

/// Somebody's text within a message.
pub(super) struct Shown<'t>(pub(super) &'t str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown(self.0, SHOWN))
    }
}

/// A reason for Marathon to refuse the pod.
pub(super) fn fault(
    rule: &'static str,
    node: &Node<'_>,
    at: &Path<'_>,
    message: impl Into<String>,
    hint: impl Into<String>,
) -> Diagnostic {
    placed(Diagnostic::error(message), rule, node, at, hint)
}

/// Something that Marathon accepts and that does not do what it says.
pub(super) fn trap(
    rule: &'static str,
    node: &Node<'_>,
    at: &Path<'_>,
    message: impl Into<String>,
    hint: impl Into<String>,
) -> Diagnostic {
    placed(Diagnostic::warning(message), rule, node, at, hint)
}

fn placed(
    diagnostic: Diagnostic,
    rule: &'static str,
    node: &Node<'_>,
    at: &Path<'_>,
    hint: impl Into<String>,
) -> Diagnostic {
    diagnostic.rule(rule).span(node.span()).pointer(at.to_string()).hint(hint)
}

/// Shows the place that a repeated value was first written at.
pub(super) fn first_at(diagnostic: Diagnostic, first: &Node<'_>) -> Diagnostic {
    match first.span() {
        Some(span) => diagnostic.related(span, "first used here"),
        None => diagnostic,
    }
}

/// The later ones of equal keys, each with the first one, in their order.
pub(super) fn repeated<K: Ord, T: Copy>(items: impl Iterator<Item = (K, T)>) -> Vec<(T, T)> {
    let mut sorted: Vec<(K, usize, T)> =
        items.enumerate().map(|(order, (key, item))| (key, order, item)).collect();
    if sorted.len() < 2 {
        return Vec::new();
    }
    sorted.sort_unstable_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
    let mut pairs = Vec::new();
    let mut first = 0;
    for at in 1..sorted.len() {
        if sorted[at].0 == sorted[first].0 {
            pairs.push((sorted[at].1, sorted[first].2, sorted[at].2));
        } else {
            first = at;
        }
    }
    pairs.sort_unstable_by_key(|(order, ..)| *order);
    pairs.into_iter().map(|(_, first, again)| (first, again)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_later_one_comes_with_the_first() {
        let items = ["b", "a", "b", "c", "a", "b"];
        let pairs = repeated(items.iter().enumerate().map(|(at, key)| (*key, at)));
        assert_eq!(pairs, [(0, 2), (1, 4), (0, 5)]);
    }
}
