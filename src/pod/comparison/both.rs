//! The same thing in both definitions.

use serde_json::Value;

use crate::document::Node;

/// A thing of what would be submitted, and of what runs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Both<T> {
    pub(super) sent: T,
    pub(super) running: T,
}

/// A value where there is one.
pub(super) type Nodes<'n> = Both<Option<&'n Node<'n>>>;

/// What becomes of it.
pub(super) type Forms = Both<Option<Value>>;

/// Neither has one.
pub(super) const NEITHER: Forms = Both { sent: None, running: None };

impl<T> Both<T> {
    pub(super) fn map<U>(self, mut change: impl FnMut(T) -> U) -> Both<U> {
        Both { sent: change(self.sent), running: change(self.running) }
    }

    pub(super) fn zip<U>(self, other: Both<U>) -> Both<(T, U)> {
        Both { sent: (self.sent, other.sent), running: (self.running, other.running) }
    }

    pub(super) fn as_ref(&self) -> Both<&T> {
        Both { sent: &self.sent, running: &self.running }
    }
}

impl<T> Both<Option<T>> {
    pub(super) fn each<U>(self, mut change: impl FnMut(T) -> U) -> Both<Option<U>> {
        self.map(|thing| thing.map(&mut change))
    }

    /// The one thing, if the other definition has none.
    pub(super) fn lone(&self) -> Option<&T> {
        match (&self.sent, &self.running) {
            (Some(lone), None) | (None, Some(lone)) => Some(lone),
            _ => None,
        }
    }

    pub(super) fn is_neither(&self) -> bool {
        self.sent.is_none() && self.running.is_none()
    }

    pub(super) fn only_sent(self) -> Self {
        Self { running: None, ..self }
    }

    pub(super) fn only_running(self) -> Self {
        Self { sent: None, ..self }
    }
}

impl<'n> Nodes<'n> {
    /// The member `key`, where `null` counts as absent.
    pub(super) fn get(self, key: &str) -> Self {
        self.map(|node| node?.get(key))
    }
}

/// Puts the parts of a value together, on each side where the value itself is.
pub(super) fn gathered<P>(nodes: Nodes<'_>, parts: impl Iterator<Item = Both<Option<P>>>) -> Forms
where
    Value: FromIterator<P>,
{
    let (sent, running): (Vec<_>, Vec<_>) = parts.map(|part| (part.sent, part.running)).unzip();
    let parts = Both { sent, running };
    nodes.zip(parts).map(|(node, parts)| node.map(|_| parts.into_iter().flatten().collect()))
}
