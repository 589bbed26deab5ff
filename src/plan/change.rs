//! One pod's way: back to what it was, if it has a record; then looked at, planned, edited,
//! checked again and written.

use json_patch::Patch;

use super::account;
use super::adopt::Adoption;
use super::complete::Completion;
use super::decide::Skip;
use super::difference::Differences;
use super::edited::Edited;
use super::inject::Injector;
use super::is_added;
use super::look::{TakenOut, Wish};
use super::outcome::Outcome;
use super::record::Record;
use super::removal::Removal;
use super::seal::Seal;
use super::verdict::{self, Blame};
use crate::document::{
    Diagnostic, Layout, Node, PatchError, Path, Raw, Severity, Source, line_before,
};
use crate::identity::SpiffeId;
use crate::pod::{Marathon, Pod, Unfinished, validate};
use crate::settings::Settings;

/// Marathon's rule that containers have each a name of their own.
const NAMESAKE: &str = "V18";

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
    pub(super) fn write(&self, tree: &Node<'_>) -> String {
        tree.write(self.document, &Layout::of(self.raw, self.document))
    }

    /// The line on which the pod begins, up to the pod.
    fn line(&self) -> &str {
        line_before(self.document, self.raw.span().start)
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
        if record.has_namesake(&Pod::new(&tree)) {
            let faults = verdict::refusals(&tree, self.at).into_iter();
            self.findings.extend(faults.filter(|fault| fault.rule == Some(NAMESAKE)));
            return None;
        }
        let (patch, text) = self.take_out(tree, &record)?;
        let outcome = Outcome::Removed(None);
        Some(Planned { outcome, identity: None, patch, text: Some(text) })
    }

    /// The pod without what was injected, but with what a person added to that.
    fn take_out(&mut self, tree: Node<'_>, record: &Record) -> Option<(Patch, String)> {
        let edits = record.seal.edits(&tree, &record.added);
        if !edits.edits.is_empty() {
            self.fits(record, &Pod::new(&tree))?;
        }
        let (removal, mounted) = Removal::but_additions(&tree, record, &edits);
        self.findings.extend(account::removed(&tree, record, &edits, &mounted, self.at));
        let mut tree = tree;
        let text = self.restore(&mut tree, &removal)?;
        drop(tree);
        Some((removal.patch, text))
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
        match record {
            None => self.inject_first(tree, injector),
            Some(record) if record.has_namesake(&Pod::new(&tree)) => {
                injector.look_at_refused(&tree, self.at, self.findings);
                None
            }
            Some(record) => self.inject_injected(tree, &record, injector),
        }
    }

    fn inject_injected(
        mut self,
        tree: Node<'_>,
        record: &Record,
        injector: &Injector,
    ) -> Option<Planned> {
        let is_edited = Seal::of(&tree, &record.added) != record.seal;
        if is_edited {
            self.fits(record, &Pod::new(&tree))?;
        }
        let was = is_edited.then(|| tree.clone());
        let removal = Removal::of_all(&tree, record);
        let mut edited = was.as_ref().map(|was| Edited::new(was, record, self.at));
        let taken_out = TakenOut {
            mounted: edited.as_ref().map(Edited::mounts).unwrap_or_default(),
            volumes: record.volumes().collect(),
        };
        let (original, wish) = self.look_without(tree, &removal, &taken_out, injector)?;
        if let Some(skip) = wish.skip.clone() {
            let (patch, text) = match was {
                Some(was) => {
                    let (patch, text) = self.take_out(was, record)?;
                    self.check_rest(&text)?;
                    (patch, text)
                }
                None => (removal.patch, original),
            };
            let outcome = Outcome::Removed(Some(skip));
            return Some(Planned { outcome, identity: None, patch, text: Some(text) });
        }
        if let Some(fault) = edited.as_ref().and_then(Edited::too_many) {
            self.findings.push(fault);
            return None;
        }
        let planned = self.inject_again(injector, &wish, edited.as_mut(), removal.patch, &original);
        self.findings.extend(edited.into_iter().flat_map(Edited::findings));
        planned
    }

    /// The text that the pod had, and a look at it. Looked at where a person wrote it, for the
    /// places; it is planned on the text.
    fn look_without<'a, 's>(
        &mut self,
        mut tree: Node<'a>,
        removal: &'a Removal,
        taken_out: &TakenOut,
        injector: &'s Injector,
    ) -> Option<(String, Wish<'s>)> {
        let original = self.restore(&mut tree, removal)?;
        let pod = Pod::new(&tree);
        let wish = injector.look(&pod, self.at, Some(taken_out), self.findings)?;
        let skip = wish.skip.as_ref();
        if let Some(fault) = skip.and_then(|skip| verdict::two_sidecars(skip, &pod, self.at)) {
            self.findings.push(fault);
            return None;
        }
        Some((original, wish))
    }

    fn inject_first(mut self, tree: Node<'_>, injector: &Injector) -> Option<Planned> {
        let before = self.findings.len();
        let wish = injector.look(&Pod::new(&tree), self.at, None, self.findings)?;
        match wish.skip {
            Some(Skip::ForeignSidecar { .. }) if injector.adoption == Adoption::On => {
                let found = self.findings.split_off(before);
                self.adopt(tree, injector, &wish, found)
            }
            Some(skip) => {
                let (pod, settings) = (Pod::new(&tree), &wish.settings);
                self.findings.extend(verdict::sidecar_beside(&skip, &pod, settings, self.at));
                Some(Planned::nothing(Outcome::Skipped(skip)))
            }
            None => {
                let (patch, text) = self.fresh(tree, injector, &wish, None)?;
                let identity = wish.settings.bundle_identity();
                Some(Planned { outcome: Outcome::Injected, identity, patch, text: Some(text) })
            }
        }
    }

    /// Injects the text that the pod had, which `removal` gives.
    fn inject_again(
        &mut self,
        injector: &Injector,
        wish: &Wish<'_>,
        edited: Option<&mut Edited<'_, '_>>,
        removal: Patch,
        original: &str,
    ) -> Option<Planned> {
        let (patch, new) = self.fresh_on(original, injector, wish, edited)?;
        let identity = wish.settings.bundle_identity();
        if new == self.text.raw.text() {
            return Some(Planned { identity, ..Planned::nothing(Outcome::UpToDate) });
        }
        let patch = Patch(removal.0.into_iter().chain(patch.0).collect());
        let outcome = Outcome::Updated(Differences::between(self.text.raw.text(), &new));
        Some(Planned { outcome, identity, patch, text: Some(new) })
    }

    /// Injects another text of the pod, which has no record.
    pub(super) fn fresh_on(
        &mut self,
        text: &str,
        injector: &Injector,
        wish: &Wish<'_>,
        edited: Option<&mut Edited<'_, '_>>,
    ) -> Option<(Patch, String)> {
        let line = self.text.line();
        let before = Source::new("", [line, text].concat());
        let raw = before.part(line.len()).map_err(|fault| self.findings.push(*fault)).ok()?;
        let tree = raw.tree(self.at).map_err(|faults| self.findings.extend(faults)).ok()?;
        let mut found = Vec::new();
        let text = PodText { document: before.text(), raw };
        let mut change = PodChange { text, at: self.at, findings: &mut found };
        let is_edited = edited.is_some();
        let fresh = change.fresh(tree, injector, wish, edited);
        // Their places are in the other text, which nobody sees; those of edits are in this one.
        if !is_edited {
            found.iter_mut().for_each(|finding| (finding.span, finding.related) = (None, None));
        }
        self.findings.append(&mut found);
        fresh
    }

    /// Injects a pod that has no record and is to be injected. What a person edited in an earlier
    /// injection of it lies over this one.
    fn fresh(
        &mut self,
        tree: Node<'_>,
        injector: &Injector,
        wish: &Wish<'_>,
        mut edited: Option<&mut Edited<'_, '_>>,
    ) -> Option<(Patch, String)> {
        let blame = blame(injector, &Pod::new(&tree), &wish.settings, edited.is_some());
        let Completion { operations, added, around } =
            injector.complete(&Pod::new(&tree), &wish.settings, &wish.service);
        let completion = Patch(operations);
        let mut tree = tree;
        self.done(tree.apply(&completion))?;
        let record = Record {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            hash: injector.hash(&wish.settings),
            overlays: injector.overlays_digest().map(str::to_owned),
            seal: Seal::of(&tree, &added),
            added,
            around,
        };
        if let Some(why) = record.fault() {
            self.findings.push(verdict::no_record(&why, self.at));
            return None;
        }
        let mut last = vec![record.to_operation()];
        if let Some(edited) = edited.as_deref_mut() {
            last.extend(edited.operations(&tree));
        }
        let last = Patch(last);
        self.done(tree.apply(&last))?;
        self.check_result(&tree, blame, edited.as_deref())?;
        let text = self.text.write(&tree);
        drop(tree);
        Some((Patch(completion.0.into_iter().chain(last.0).collect()), text))
    }

    /// Nothing that Marathon would refuse is written.
    fn check_result(
        &mut self,
        tree: &Node<'_>,
        blame: Blame,
        edited: Option<&Edited<'_, '_>>,
    ) -> Option<()> {
        let faults = verdict::refusals(tree, self.at);
        let is_valid = faults.is_empty();
        self.findings.extend(faults.into_iter().map(|fault| match edited {
            Some(edited) => edited.invalid_result(fault, tree, blame),
            None => verdict::invalid_result(fault, blame),
        }));
        is_valid.then_some(())
    }

    /// What a person added to an injection that is no longer wanted can be a part of a container:
    /// that is for him to take out.
    fn check_rest(&mut self, text: &str) -> Option<()> {
        let rest = Source::new("", text);
        let raw = rest.root().map_err(|fault| self.findings.push(*fault)).ok()?;
        let tree = raw.tree(self.at).map_err(|faults| self.findings.extend(faults)).ok()?;
        let faults = verdict::refusals(&tree, self.at);
        let is_valid = faults.is_empty();
        // Their places are in the other text, which nobody sees.
        let start = self.text.raw.span().start;
        self.findings.extend(faults.into_iter().map(|fault| {
            let fault = Diagnostic { related: None, ..fault };
            verdict::invalid_result(fault, Blame::Edits).span(start..start + 1)
        }));
        is_valid.then_some(())
    }

    /// The pod's record, if it has one.
    fn record(&mut self, pod: &Pod<'_, '_>) -> Option<Option<Record>> {
        let damaged = |error| verdict::damaged(&error, pod, self.at);
        Record::of(pod).map_err(|error| self.findings.push(damaged(error))).ok()
    }

    fn fits(&mut self, record: &Record, pod: &Pod<'_, '_>) -> Option<()> {
        let damaged = |error| verdict::damaged(&error, pod, self.at);
        record.check(pod).map_err(|error| self.findings.push(damaged(error))).ok()
    }

    /// Brings the tree back to what it was, and gives its text.
    fn restore<'a>(&mut self, tree: &mut Node<'a>, removal: &'a Removal) -> Option<String> {
        self.done(removal.apply(tree))?;
        Some(self.text.write(tree))
    }

    /// A patch that does not fit the pod it was made for is nobody's fault but ours.
    pub(super) fn done(&mut self, applied: Result<(), PatchError>) -> Option<()> {
        let bug = |error| verdict::bug(&format!("the patch does not fit the pod: {error}"));
        applied.map_err(|error| self.findings.push(bug(error))).ok()
    }
}

/// Whose doing it would be if the result were invalid.
fn blame(injector: &Injector, pod: &Pod<'_, '_>, settings: &Settings, is_edited: bool) -> Blame {
    if injector.has_overlays() {
        Blame::Overlays
    } else if pod.containers().any(|container| is_added(container.name(), settings)) {
        Blame::PartialContainer
    } else if is_edited {
        Blame::Edits
    } else {
        Blame::Ourselves
    }
}

impl Planned {
    pub(super) fn nothing(outcome: Outcome) -> Self {
        Self { outcome, identity: None, patch: Patch(Vec::new()), text: None }
    }
}
