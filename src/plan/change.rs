//! One pod's way: back to what it was, if it has a record; then looked at, planned, edited,
//! checked again and written.

use json_patch::Patch;

use super::complete::Completion;
use super::decide::Skip;
use super::inject::Injector;
use super::is_ours;
use super::look::Wish;
use super::outcome::Outcome;
use super::record::Record;
use super::removal::Removal;
use super::seal::seal;
use super::verdict::{self, Blame};
use crate::document::{Diagnostic, Layout, Node, PatchError, Path, Raw, Severity, Source};
use crate::identity::SpiffeId;
use crate::pod::{Marathon, Pod, Unfinished, validate};

/// What a pod becomes.
pub(super) struct Planned {
    pub(super) outcome: Outcome,
    /// Whose certificate its sidecar gets, if it has one then.
    pub(super) identity: Option<SpiffeId>,
    pub(super) patch: Patch,
    /// The new text, if it is another one.
    pub(super) text: Option<String>,
}

/// Where a pod is written.
#[derive(Clone, Copy)]
pub(super) struct PodText<'t> {
    pub(super) document: &'t str,
    pub(super) raw: Raw<'t>,
}

impl PodText<'_> {
    fn write(&self, tree: &Node<'_>) -> String {
        tree.write(self.document, &Layout::of(self.raw, self.document))
    }

    /// The line on which the pod begins, up to the pod.
    fn line(&self) -> &str {
        let before = &self.document[..self.raw.span().start];
        &before[before.rfind('\n').map_or(0, |newline| newline + 1)..]
    }
}

/// A pod on its way. What there is to say of it gathers in `findings`; where a method gives
/// nothing, an error among them says why.
pub(super) struct PodChange<'c> {
    pub(super) text: PodText<'c>,
    pub(super) at: &'c Path<'c>,
    pub(super) findings: &'c mut Vec<Diagnostic>,
}

impl PodChange<'_> {
    /// Takes out what was injected.
    pub(super) fn remove(mut self, tree: Node<'_>) -> Option<Planned> {
        let Some(record) = self.record(&Pod::new(&tree))? else {
            return Some(Planned::nothing(Outcome::NotInjected));
        };
        let removal = Removal::new(&tree, &record);
        let mut tree = tree;
        let text = self.restore(&mut tree, &removal)?;
        drop(tree);
        Some(Planned {
            outcome: Outcome::Removed(None),
            identity: None,
            patch: removal.patch,
            text: Some(text),
        })
    }

    /// Leaves the pod as it is, unless Marathon would refuse it.
    pub(super) fn keep(self, tree: &Node<'_>) -> Option<Planned> {
        let found = validate(tree, self.at, &Marathon::default(), &Unfinished::default());
        let is_valid = found.iter().all(|finding| finding.severity < Severity::Error);
        self.findings.extend(found);
        is_valid.then(|| Planned::nothing(Outcome::Kept))
    }

    /// Injects the pod, or brings its injection up to date.
    pub(super) fn inject(mut self, tree: Node<'_>, injector: &Injector) -> Option<Planned> {
        let Some(record) = self.record(&Pod::new(&tree)) else {
            injector.look_at_refused(&tree, self.at, self.findings);
            return None;
        };
        let Some(record) = record else {
            return self.inject_first(tree, injector);
        };
        let edited = seal(&tree, &record.added) != record.seal;
        let removal = Removal::new(&tree, &record);
        let mut tree = tree;
        let original = self.restore(&mut tree, &removal)?;
        // Looked at where a person wrote it, for the places; planned on the text it had.
        let wish = injector.look(&Pod::new(&tree), self.at, self.findings)?;
        drop(tree);
        if let Some(Skip::ForeignSidecar { container, .. }) = &wish.skip {
            self.findings.push(verdict::two_sidecars(container, self.at));
            return None;
        }
        if edited {
            self.findings.push(verdict::edit_is_lost(self.at));
        }
        self.inject_again(injector, &wish, removal.patch, original)
    }

    fn inject_first(mut self, tree: Node<'_>, injector: &Injector) -> Option<Planned> {
        let wish = injector.look(&Pod::new(&tree), self.at, self.findings)?;
        if let Some(skip) = wish.skip {
            return Some(Planned::nothing(Outcome::Skipped(skip)));
        }
        let (patch, text) = self.fresh(tree, injector, &wish)?;
        let identity = Some(wish.settings.identity());
        Some(Planned { outcome: Outcome::Injected, identity, patch, text: Some(text) })
    }

    /// Injects the text that the pod had, which `removal` gives.
    fn inject_again(
        &mut self,
        injector: &Injector,
        wish: &Wish<'_>,
        removal: Patch,
        original: String,
    ) -> Option<Planned> {
        if let Some(skip) = wish.skip.clone() {
            return Some(Planned {
                outcome: Outcome::Removed(Some(skip)),
                identity: None,
                patch: removal,
                text: Some(original),
            });
        }
        let line = self.text.line();
        let before = Source::new("", [line, &original].concat());
        let raw = before.part(line.len()).map_err(|fault| self.findings.push(*fault)).ok()?;
        let tree = raw.tree(self.at).map_err(|faults| self.findings.extend(faults)).ok()?;
        let mut found = Vec::new();
        let text = PodText { document: before.text(), raw };
        let mut change = PodChange { text, at: self.at, findings: &mut found };
        let fresh = change.fresh(tree, injector, wish);
        // Their places are in the text as it was, which nobody sees.
        found.iter_mut().for_each(|finding| (finding.span, finding.related) = (None, None));
        self.findings.append(&mut found);
        let (patch, new) = fresh?;
        let identity = Some(wish.settings.identity());
        if new == self.text.raw.text() {
            return Some(Planned { identity, ..Planned::nothing(Outcome::UpToDate) });
        }
        let patch = Patch(removal.0.into_iter().chain(patch.0).collect());
        Some(Planned { outcome: Outcome::Updated, identity, patch, text: Some(new) })
    }

    /// Injects a pod that has no record and is to be injected.
    fn fresh(
        &mut self,
        tree: Node<'_>,
        injector: &Injector,
        wish: &Wish<'_>,
    ) -> Option<(Patch, String)> {
        let blame = blame(injector, &Pod::new(&tree));
        let Completion { operations, added, around } =
            injector.complete(&Pod::new(&tree), &wish.settings, &wish.service);
        let completion = Patch(operations);
        let mut tree = tree;
        self.done(tree.apply(&completion))?;
        let record = Record {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            hash: injector.hash(&wish.settings),
            seal: seal(&tree, &added),
            added,
            around,
        };
        let status = Patch(vec![record.to_operation()]);
        self.done(tree.apply(&status))?;
        let mut faults = validate(&tree, self.at, &Marathon::default(), &Unfinished::default());
        faults.retain(|fault| fault.severity == Severity::Error);
        if !faults.is_empty() {
            let faults = faults.into_iter().map(|fault| verdict::invalid_result(fault, blame));
            self.findings.extend(faults);
            return None;
        }
        let text = self.text.write(&tree);
        drop(tree);
        Some((Patch(completion.0.into_iter().chain(status.0).collect()), text))
    }

    /// The pod's record, if it has one.
    fn record(&mut self, pod: &Pod<'_, '_>) -> Option<Option<Record>> {
        let damaged = |error| verdict::damaged(&error, pod, self.at);
        Record::of(pod).map_err(|error| self.findings.push(damaged(error))).ok()
    }

    /// Brings the tree back to what it was, and gives its text.
    fn restore<'a>(&mut self, tree: &mut Node<'a>, removal: &'a Removal) -> Option<String> {
        self.done(removal.apply(tree))?;
        Some(self.text.write(tree))
    }

    /// A patch that does not fit the pod it was made for is nobody's fault but ours.
    fn done(&mut self, applied: Result<(), PatchError>) -> Option<()> {
        let bug = |error| verdict::bug(&format!("the patch does not fit the pod: {error}"));
        applied.map_err(|error| self.findings.push(bug(error))).ok()
    }
}

/// Whose doing it would be if the result were invalid.
fn blame(injector: &Injector, pod: &Pod<'_, '_>) -> Blame {
    if injector.has_overlays() {
        Blame::Overlays
    } else if pod.containers().any(|container| is_ours(container.name())) {
        Blame::PartialContainer
    } else {
        Blame::Ourselves
    }
}

impl Planned {
    fn nothing(outcome: Outcome) -> Self {
        Self { outcome, identity: None, patch: Patch(Vec::new()), text: None }
    }
}
