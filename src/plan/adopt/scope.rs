//! The variables that a container's start can be told to have: the pod's, the container's own over
//! them (Marathon TaskGroupBuilder), and what its start line sets.

use std::collections::{BTreeMap, BTreeSet};

use super::keep::Old;
use super::reading::Place;
use super::shell::{Piece, Word};
use crate::plan::route::escaped;

/// The longest text of a variable, in bytes: Marathon allows a URI 1024.
const LONGEST: usize = 4096;

/// Variables by name.
#[derive(Debug, Default)]
pub(super) struct Scope {
    variables: BTreeMap<String, Variable>,
    /// Those that were asked for.
    pub(super) used: BTreeSet<String>,
}

/// A variable; a secret has no text that could be known.
#[derive(Clone, Debug)]
pub(super) struct Variable {
    pub(super) text: Option<String>,
    pub(super) place: Place,
}

impl Scope {
    /// What the environments of a sidecar and its pod say.
    pub(super) fn new(old: &Old<'_, '_>) -> Self {
        let mut scope = Self::default();
        let container = (old.container().node(), old.pointer("environment"));
        for (node, at) in [(old.pod.node(), format!("{}/environment", old.at)), container] {
            for member in node.get("environment").map_or(&[][..], |all| all.members()) {
                let pointer = format!("{at}/{}", escaped(member.key()));
                let place = Place { span: member.value().span(), pointer };
                scope.set(member.key(), member.value().as_str().map(str::to_owned), place);
            }
        }
        scope
    }

    /// Sets a variable. A text that is too long for any of its uses counts as unknown.
    pub(super) fn set(&mut self, name: &str, text: Option<String>, place: Place) {
        let text = text.filter(|text| text.len() <= LONGEST);
        self.variables.insert(name.to_owned(), Variable { text, place });
    }

    pub(super) fn variable(&mut self, name: &str) -> Option<Variable> {
        self.used.insert(name.to_owned());
        self.variables.get(name).cloned()
    }

    /// The text of a word; else what of it only the shell can tell.
    pub(super) fn resolve(&mut self, word: &Word) -> Result<String, String> {
        let mut text = String::new();
        for piece in &word.pieces {
            text += &self.piece(piece)?;
        }
        Ok(text)
    }

    /// The text of a word, in which what only the shell can tell stays as it is written.
    pub(super) fn render(&mut self, word: &Word) -> String {
        word.pieces
            .iter()
            .map(|piece| self.piece(piece).unwrap_or_else(|unknown| unknown))
            .collect()
    }

    fn piece(&mut self, piece: &Piece) -> Result<String, String> {
        match piece {
            Piece::Text(text) => Ok(text.clone()),
            Piece::Computed(text) => Err(text.clone()),
            Piece::Variable(name) => {
                let text = self.variable(name).and_then(|variable| variable.text);
                text.ok_or_else(|| format!("${{{name}}}"))
            }
        }
    }
}
