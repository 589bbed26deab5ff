//! A value of the app and where it stands: all that a finding needs.

use crate::document::{Diagnostic, Member, Node, Path};
use crate::pod::finding::{fault, trap};

/// A value at its JSON pointer.
#[derive(Clone, Debug)]
pub(super) struct Place<'n> {
    pub(super) node: &'n Node<'n>,
    pub(super) pointer: String,
}

impl<'n> Place<'n> {
    pub(super) fn new(node: &'n Node<'n>, pointer: String) -> Self {
        Self { node, pointer }
    }

    /// The member `key`, where `null` counts as absent: so Marathon reads apps.
    pub(super) fn get(&self, key: &str) -> Option<Self> {
        let node = self.node.get(key)?;
        Some(Self::new(node, Path::root(&self.pointer).key(key).to_string()))
    }

    /// The elements; none if it is no array.
    pub(super) fn items(&self) -> impl Iterator<Item = Self> {
        self.node.items().iter().enumerate().map(|(index, node)| {
            Self::new(node, Path::root(&self.pointer).index(index).to_string())
        })
    }

    /// How many elements or members it has.
    pub(super) fn len(&self) -> usize {
        self.node.items().len().max(self.node.members().len())
    }

    /// The string, if it is one with something in it.
    pub(super) fn text(&self) -> Option<&'n str> {
        self.node.as_str().filter(|text| !text.is_empty())
    }

    /// A reason to refuse the app.
    pub(super) fn fault(
        &self,
        rule: &'static str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Diagnostic {
        fault(rule, self.node, &Path::root(&self.pointer), message, hint)
    }

    /// Something that is lost.
    pub(super) fn warning(
        &self,
        rule: &'static str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Diagnostic {
        trap(rule, self.node, &Path::root(&self.pointer), message, hint)
    }

    /// Something worth knowing.
    pub(super) fn note(
        &self,
        rule: &'static str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Diagnostic {
        let note = Diagnostic::note(message).rule(rule).span(self.node.span()).hint(hint);
        note.pointer(self.pointer.clone())
    }

    /// A finding about a member as a whole: its key is shown.
    pub(super) fn at_member(&self, member: &Member<'_>, finding: Diagnostic) -> Diagnostic {
        let pointer = Path::root(&self.pointer).key(member.key()).to_string();
        finding.span(member.key_span()).pointer(pointer)
    }
}
