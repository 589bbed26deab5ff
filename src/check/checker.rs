//! One document after the other, each entry of it looked at with all that is known by then.

use std::cmp::Reverse;
use std::ops::Range;

use super::gate::{self, Stage};
use super::names::Names;
use super::place::Around;
use super::previous::Previous;
use super::state::State;
use crate::document::{Diagnostic, Node, Path, Source};
use crate::identity::SpiffeId;
use crate::plan::{Change, Injector, Rewritten, SERVICE_LABEL, rewrite};
use crate::pod::{Entry, Pod, What, entries};

/// An entry of a document that was checked.
#[derive(Debug)]
pub struct Checked {
    /// Its JSON pointer.
    pub pointer: String,
    /// Its id, where it has one.
    pub id: Option<String>,
    /// How it stands.
    pub state: State,
    /// Whose bundle its sidecar gets, of a pod that has one or is to have one.
    pub identity: Option<SpiffeId>,
    /// What there is to say of it, in the order of the file. Each has a code, a span, a pointer and
    /// a hint.
    pub findings: Vec<Diagnostic>,
    head: Head,
}

impl Checked {
    /// Adds what there is to say of it as a whole.
    pub fn add(&mut self, finding: Diagnostic) {
        self.findings.push(self.head.place(finding));
        in_order(&mut self.findings);
    }
}

/// The place of what concerns a pod as a whole: its id, or its first byte where it has none.
#[derive(Debug)]
struct Head {
    span: Range<usize>,
    pointer: String,
}

impl Head {
    fn of(tree: Option<&Node<'_>>, at: &Path<'_>, start: usize) -> Self {
        match tree.and_then(|tree| tree.get("id")?.span()) {
            Some(span) => Self { span, pointer: at.key("id").to_string() },
            None => Self { span: start..start + 1, pointer: at.to_string() },
        }
    }

    fn place(&self, finding: Diagnostic) -> Diagnostic {
        finding.span(self.span.clone()).pointer(self.pointer.as_str())
    }
}

/// A document that was checked.
#[derive(Debug, Default)]
pub struct Document {
    /// Its entries, as far as they could be told apart.
    pub entries: Vec<Checked>,
    /// What is wrong with the document itself, which is then none for Marathon.
    pub faults: Vec<Diagnostic>,
}

/// Checks documents. It remembers what their pods must not share.
#[derive(Debug)]
pub struct Checker<'i> {
    injector: &'i Injector,
    stage: Stage,
    previous: Previous,
    names: Names,
}

impl<'i> Checker<'i> {
    /// A checker that holds pods against what this injector would make of them.
    pub fn new(injector: &'i Injector, stage: Stage, previous: Previous) -> Self {
        Self { injector, stage, previous, names: Names::default() }
    }

    /// Checks a document. A finding about two documents stands in the later one.
    pub fn check(&mut self, source: &Source) -> Document {
        let root = match source.root() {
            Ok(root) => root,
            Err(fault) => return Document { faults: vec![*fault], ..Document::default() },
        };
        let mut raw = entries(root).0.into_iter();
        let mut checked = Vec::new();
        let rewritten = rewrite(source, Change::Inject(self.injector), |rewritten| {
            checked.extend(raw.next().map(|entry| self.entry(source, &entry, rewritten)));
            Ok(())
        });
        Document { entries: checked, faults: rewritten.err().unwrap_or_default() }
    }

    fn entry(&mut self, source: &Source, entry: &Entry<'_>, rewritten: Rewritten) -> Checked {
        let Rewritten { pointer, id, outcome, identity, place, mut findings, .. } = rewritten;
        let at = Path::root(&pointer);
        let state = State::before(outcome);
        let tree = tree(entry, &at);
        let head = Head::of(tree.as_ref(), &at, place.start);
        findings.extend(gate::verdict(&state, self.stage).map(|verdict| head.place(verdict)));
        if let Some(tree) = &tree {
            findings.extend(self.pod(&Pod::new(tree), &state, source.name(), &at));
        }
        let around = Around { pointer: &pointer, start: place.start, tree: tree.as_ref() };
        findings.iter_mut().for_each(|finding| around.place(finding));
        findings.iter_mut().for_each(explain);
        in_order(&mut findings);
        drop(tree);
        Checked { pointer, id, state, identity, findings, head }
    }

    /// What is to be said of a pod beyond what injection says.
    fn pod(
        &mut self,
        pod: &Pod<'_, '_>,
        state: &State,
        file: &str,
        at: &Path<'_>,
    ) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        found.extend(self.names.id(pod, file, at));
        if state.is_in_the_mesh() {
            found.extend(self.injector.exposure(pod, at));
        }
        // Pilot sees every pod that has the label, whatever runs in it.
        if state.is_in_the_mesh() || pod.label(SERVICE_LABEL).is_some() {
            found.extend(self.names.services(pod, file, at));
            found.extend(self.previous.changed(pod, at));
        }
        found
    }
}

/// A pod's tree, if it can be parsed; what is no pod is not looked into.
fn tree<'a>(entry: &Entry<'a>, at: &Path<'_>) -> Option<Node<'a>> {
    if entry.what == What::Pod { entry.raw.tree_and_faults(at).0 } else { None }
}

/// Gives a finding the hint that it lacks, as one about what adoption puts right.
fn explain(finding: &mut Diagnostic) {
    let Some(rule) = finding.rule else { return };
    finding.hint.get_or_insert_with(|| format!("`inject check --explain {rule}` says more"));
}

/// As people read the file; of several about one place, the gravest first.
fn in_order(findings: &mut [Diagnostic]) {
    findings.sort_by_key(|finding| {
        (finding.span.as_ref().map(|span| span.start), Reverse(finding.severity))
    });
}
