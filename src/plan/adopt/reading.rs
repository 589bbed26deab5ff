//! What was read of a hand-written sidecar: the settings that it carries, its known bugs, and what
//! there is to say of it.

use std::collections::BTreeSet;
use std::ops::Range;

use super::bugs::Bug;
use super::keep::Old;
use crate::document::{Diagnostic, Node, shown};
use crate::settings::Key;

/// The most characters of a message: a line that can be read.
const LONGEST: usize = 200;

/// Where something was said.
#[derive(Clone, Debug, Default)]
pub(super) struct Place {
    pub(super) span: Option<Range<usize>>,
    pub(super) pointer: String,
}

impl Place {
    /// The place of a node at `pointer`.
    pub(super) fn of(node: &Node<'_>, pointer: impl Into<String>) -> Self {
        Self { span: node.span(), pointer: pointer.into() }
    }

    /// A finding at this place. Its words quote what the container runs, which may be anything.
    pub(super) fn mark(&self, finding: Diagnostic) -> Diagnostic {
        let message = shown(&finding.message, LONGEST);
        Diagnostic { message, ..finding }.span(self.span.clone()).pointer(self.pointer.as_str())
    }
}

/// A text, and what said it: a flag, a variable or a member.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub(super) text: String,
    pub(super) by: String,
    pub(super) place: Place,
}

/// Why a sidecar cannot be adopted; pilot-agent is not what runs there, or not as a sidecar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It stands at the edge of the mesh.
    Gateway(String),
    /// Its Envoy is not configured by Pilot alone.
    OwnConfiguration(String),
    /// It belongs to another mesh.
    OtherMesh(String),
    /// How it starts is not understood.
    Start(String),
}

/// What a sidecar says.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// Later ones win.
    pub(super) settings: Vec<(Key, Said)>,
    /// What pilot-agent calls itself in traces and counters.
    pub(super) service_cluster: Option<Said>,
    /// The inbound ports that are captured; an empty list are none.
    pub(super) inbound: Option<Said>,
    /// Each is told once.
    bugs: BTreeSet<Bug>,
    pub(super) findings: Vec<Diagnostic>,
    /// Whether it runs pilot-agent.
    pub(super) runs_agent: bool,
    /// Whether the executor is let past Envoy.
    pub(super) passes_executor: bool,
    /// Where the traffic capture is set.
    pub(super) capture: Option<Place>,
    /// Whether certificates are put in place.
    pub(super) copies_certificates: bool,
}

impl Reading {
    /// Says something of a place.
    pub(super) fn find(&mut self, place: &Place, finding: Diagnostic) {
        self.findings.push(place.mark(finding));
    }

    /// Says that a bug is gone.
    pub(super) fn mended(&mut self, bug: Bug, place: &Place) {
        if self.bugs.insert(bug) {
            self.find(place, bug.note());
        }
    }
}

/// Where `word` stands in what a sidecar runs, as near as can be told.
pub(super) fn place_of(old: &Old<'_, '_>, word: &str) -> Place {
    let container = old.container();
    let command = container.node().get("exec").and_then(|exec| exec.get("command"));
    let Some(command) = command else {
        let span = container.node().get("name").and_then(Node::span);
        return Place { span, pointer: old.pointer("name") };
    };
    if let Some(shell) = command.get("shell") {
        return Place { span: within(shell, word), pointer: old.pointer("exec/command/shell") };
    }
    let argv = command.get("argv").map_or(&[][..], Node::items);
    let pointer = old.pointer("exec/command/argv");
    match argv.iter().position(|item| find(item.as_str().unwrap_or_default(), word).is_some()) {
        Some(index) => Place::of(&argv[index], format!("{pointer}/{index}")),
        None => Place { span: command.span(), pointer },
    }
}

/// The first occurrence of a word in a string as written.
fn within(node: &Node<'_>, word: &str) -> Option<Range<usize>> {
    let span = node.span()?;
    let found = node.text().and_then(|text| find(text, word));
    Some(found.map_or(span.clone(), |start| span.start + start..span.start + start + word.len()))
}

/// Where a word begins that is no part of a longer one.
fn find(text: &str, word: &str) -> Option<usize> {
    let begins = |at: &usize| !text[..*at].ends_with(|c: char| c.is_ascii_alphanumeric());
    let mut found = text.match_indices(word).map(|(at, _)| at);
    found.find(begins).filter(|_| !word.is_empty())
}
