//! One pod's way: back to what it was, if it has a record; then looked at, planned, edited,
//! checked again and written.

use std::borrow::Cow;

use json_patch::Patch;

use super::complete::Completion;
use super::decide::{Skip, decide};
use super::inject::Injector;
use super::record::Record;
use super::removal::Removal;
use super::seal::seal;
use super::{Outcome, bypass, is_ours, labels, ports, service};
use crate::document::{Diagnostic, Layout, Node, Path, Raw, Severity, Source};
use crate::pod::{Marathon, Pod, Unfinished, validate};
use crate::settings::{STATUS_LABEL, Settings};

/// What a pod becomes.
pub(super) struct Planned {
    pub(super) outcome: Outcome,
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

/// What a look at a pod told: how it is to be injected, or why not.
struct Wish<'s> {
    skip: Option<Skip>,
    settings: Cow<'s, Settings>,
    service: String,
}

/// Takes out what was injected. Faults go to `findings`, and then there is no plan.
pub(super) fn remove(
    tree: Node<'_>,
    text: &PodText<'_>,
    at: &Path<'_>,
    findings: &mut Vec<Diagnostic>,
) -> Option<Planned> {
    let Some(record) = record(&Pod::new(&tree), at, findings)? else {
        return Some(Planned::nothing(Outcome::NotInjected));
    };
    let removal = Removal::new(&tree, &record);
    let mut tree = tree;
    let text = restored(&mut tree, &removal, text, findings)?;
    drop(tree);
    Some(Planned { outcome: Outcome::Removed(None), patch: removal.patch, text: Some(text) })
}

impl Injector {
    /// Injects a pod, or brings its injection up to date. Faults go to `findings`, and then there
    /// is no plan.
    pub(super) fn inject(
        &self,
        tree: Node<'_>,
        text: &PodText<'_>,
        at: &Path<'_>,
        findings: &mut Vec<Diagnostic>,
    ) -> Option<Planned> {
        let Some(record) = record(&Pod::new(&tree), at, findings) else {
            self.look_at_malformed(&tree, at, findings);
            return None;
        };
        let Some(record) = record else {
            return self.first_time(tree, text, at, findings);
        };
        let edited = seal(&tree, &record.added) != record.seal;
        let removal = Removal::new(&tree, &record);
        let mut tree = tree;
        let original = restored(&mut tree, &removal, text, findings)?;
        // Looked at where a person wrote it, for the places; planned on the text it had.
        let wish = self.look(&Pod::new(&tree), at, findings)?;
        drop(tree);
        if let Some(Skip::ForeignSidecar { container, .. }) = &wish.skip {
            findings.push(two_sidecars(container, at));
            return None;
        }
        if edited {
            findings.push(edit_is_lost(at));
        }
        self.again(removal, &original, text, at, &wish, findings)
    }

    /// What there is to say of a pod that is refused already: all its faults are told together.
    pub(super) fn look_at_malformed(
        &self,
        tree: &Node<'_>,
        at: &Path<'_>,
        findings: &mut Vec<Diagnostic>,
    ) {
        findings.extend(labels::heed(&self.settings, &Pod::new(tree), at).1);
        findings.extend(validate(tree, at, &Marathon::default(), &self.unfinished()));
    }

    fn first_time(
        &self,
        tree: Node<'_>,
        text: &PodText<'_>,
        at: &Path<'_>,
        findings: &mut Vec<Diagnostic>,
    ) -> Option<Planned> {
        let wish = self.look(&Pod::new(&tree), at, findings)?;
        if let Some(skip) = wish.skip {
            return Some(Planned::nothing(Outcome::Skipped(skip)));
        }
        let (patch, text) = self.fresh(tree, text, at, &wish, findings)?;
        Some(Planned { outcome: Outcome::Injected, patch, text: Some(text) })
    }

    fn again(
        &self,
        removal: Removal,
        original: &str,
        text: &PodText<'_>,
        at: &Path<'_>,
        wish: &Wish<'_>,
        findings: &mut Vec<Diagnostic>,
    ) -> Option<Planned> {
        if let Some(skip) = wish.skip.clone() {
            let (patch, text) = (removal.patch, Some(original.to_owned()));
            return Some(Planned { outcome: Outcome::Removed(Some(skip)), patch, text });
        }
        let line = text.line();
        let before = Source::new("", [line, original].concat());
        let raw = before.part(line.len()).map_err(|fault| findings.push(*fault)).ok()?;
        let tree = raw.tree(at).map_err(|faults| findings.extend(faults)).ok()?;
        let before = PodText { document: before.text(), raw };
        let known = findings.len();
        let fresh = self.fresh(tree, &before, at, wish, findings);
        // Their places are in the text as it was, which nobody sees.
        findings[known..]
            .iter_mut()
            .for_each(|finding| (finding.span, finding.related) = (None, None));
        let (patch, new) = fresh?;
        if new == text.raw.text() {
            return Some(Planned::nothing(Outcome::UpToDate));
        }
        let patch = Patch(removal.patch.0.into_iter().chain(patch.0).collect());
        Some(Planned { outcome: Outcome::Updated, patch, text: Some(new) })
    }

    /// Validates a pod without a record, reads its labels and decides.
    fn look<'s>(
        &'s self,
        pod: &Pod<'_, '_>,
        at: &Path<'_>,
        findings: &mut Vec<Diagnostic>,
    ) -> Option<Wish<'s>> {
        let before = findings.len();
        let (settings, found) = labels::heed(&self.settings, pod, at);
        findings.extend(found);
        let skip = decide(pod, &settings, at).unwrap_or_else(|fault| {
            findings.push(*fault);
            None
        });
        findings.extend(skip.as_ref().and_then(|skip| sidecar_beside(skip, pod, at)));
        let wanted = skip.is_none();
        let service = wanted.then(|| service::service(pod, at)).transpose();
        if wanted {
            findings.extend(ports::conflicts(pod, &settings, at));
            findings.extend(bypass::bypasses(pod, at));
        }
        let unfinished = if wanted { self.unfinished() } else { Unfinished::default() };
        findings.extend(validate(pod.node(), at, &Marathon::default(), &unfinished));
        let service = service.unwrap_or_else(|fault| {
            // An id that Marathon refuses is told once.
            if findings[before..].iter().all(|finding| finding.pointer != fault.pointer) {
                findings.push(*fault);
            }
            None
        });
        // As people read the file.
        findings[before..]
            .sort_by_key(|finding| finding.span.as_ref().map_or(usize::MAX, |span| span.start));
        let fine = findings[before..].iter().all(|finding| finding.severity < Severity::Error);
        fine.then(|| Wish { skip, settings, service: service.unwrap_or_default().into_owned() })
    }

    /// Injects a pod that has no record and is to be injected.
    fn fresh(
        &self,
        tree: Node<'_>,
        text: &PodText<'_>,
        at: &Path<'_>,
        wish: &Wish<'_>,
        findings: &mut Vec<Diagnostic>,
    ) -> Option<(Patch, String)> {
        let Completion { operations, added, around } =
            self.complete(&Pod::new(&tree), &wish.settings, &wish.service);
        let completion = Patch(operations);
        let partial = Pod::new(&tree).containers().any(|container| is_ours(container.name()));
        let mut tree = tree;
        applied(&mut tree, &completion, findings)?;
        let record = Record {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            hash: self.hash(&wish.settings),
            seal: seal(&tree, &added),
            added,
            around,
        };
        let status = Patch(vec![record.to_operation()]);
        applied(&mut tree, &status, findings)?;
        let faults = validate(&tree, at, &Marathon::default(), &Unfinished::default());
        let errors = faults.into_iter().filter(|fault| fault.severity == Severity::Error);
        let known = findings.len();
        findings.extend(errors.map(|fault| self.explained(fault, partial)));
        if findings.len() > known {
            return None;
        }
        let text = text.write(&tree);
        drop(tree);
        Some((Patch(completion.0.into_iter().chain(status.0).collect()), text))
    }

    /// A fault that the pod got by injection: the overlays', its own container's, or else ours.
    fn explained(&self, fault: Diagnostic, partial: bool) -> Diagnostic {
        let (why, hint) = if self.has_overlays() {
            ("with the overlays", "an overlay adds what Marathon refuses; correct it")
        } else if partial {
            ("with its own istio-init or istio-proxy", "that container says what Marathon refuses")
        } else {
            ("injected", "this is a bug in inject: please report it with the pod")
        };
        Diagnostic { message: format!("{why} this pod is invalid: {}", fault.message), ..fault }
            .hint(hint)
    }
}

impl Planned {
    fn nothing(outcome: Outcome) -> Self {
        Self { outcome, patch: Patch(Vec::new()), text: None }
    }
}

/// The pod's record, if it has one; `None` if that is damaged.
fn record(
    pod: &Pod<'_, '_>,
    at: &Path<'_>,
    findings: &mut Vec<Diagnostic>,
) -> Option<Option<Record>> {
    match Record::of(pod) {
        Ok(record) => Some(record),
        Err(error) => {
            let span = pod.label(STATUS_LABEL).and_then(Node::span);
            let pointer = at.key("labels").key(STATUS_LABEL).to_string();
            findings.push(Diagnostic::error(error.to_string()).span(span).pointer(pointer).hint(
                "restore the label from the injected file's history, or remove it together \
                     with what was injected",
            ));
            None
        }
    }
}

/// Brings the tree back to what it was, and gives its text.
fn restored<'a>(
    tree: &mut Node<'a>,
    removal: &'a Removal,
    text: &PodText<'_>,
    findings: &mut Vec<Diagnostic>,
) -> Option<String> {
    match removal.apply(tree) {
        Ok(()) => Some(text.write(tree)),
        Err(error) => {
            findings.push(bug(&format!("the removal does not fit the pod: {error}")));
            None
        }
    }
}

/// A pod with somebody else's sidecar is passed over, which must not go unnoticed.
fn sidecar_beside(skip: &Skip, pod: &Pod<'_, '_>, at: &Path<'_>) -> Option<Diagnostic> {
    let Skip::ForeignSidecar { container: name, sign } = skip else { return None };
    let (index, container) =
        pod.containers().enumerate().find(|(_, container)| container.name() == name)?;
    let node = container.node().get("name")?;
    let words = format!("container {name} is taken for a sidecar ({sign}), so the pod gets none");
    let pointer = at.key("containers").index(index).to_string();
    let warning = Diagnostic::warning(words).span(node.span()).pointer(pointer);
    Some(warning.hint("a pod has one sidecar: remove that container to have ours"))
}

fn two_sidecars(container: &str, at: &Path<'_>) -> Diagnostic {
    Diagnostic::error(format!("this pod has our sidecar, and container {container} is another"))
        .pointer(at.to_string())
        .hint("remove one of the two; nothing is changed until then")
}

fn edit_is_lost(at: &Path<'_>) -> Diagnostic {
    Diagnostic::warning("what injection added here was edited since; the edit is replaced")
        .pointer(at.to_string())
        .hint(
            "an overlay keeps such a change, and so does a container istio-proxy or istio-init \
             of the pod's own, with only the members that are to differ",
        )
}

fn applied<'a>(
    tree: &mut Node<'a>,
    patch: &'a Patch,
    findings: &mut Vec<Diagnostic>,
) -> Option<()> {
    let bug = |error| bug(&format!("the patch does not fit the pod: {error}"));
    tree.apply(patch).map_err(|error| findings.push(bug(error))).ok()
}

fn bug(words: &str) -> Diagnostic {
    Diagnostic::error(format!("bug in inject: {words}"))
        .hint("please report it with the pod; nothing was written")
}
