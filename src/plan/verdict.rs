//! What injection says of a pod, beyond what Marathon's rules and the pod's labels give.

use super::decide::{Skip, foreign};
use super::record::RecordError;
use crate::document::{Diagnostic, Node, Path, Severity};
use crate::pod::{Marathon, Pod, Unfinished, validate};
use crate::settings::{STATUS_LABEL, Settings};

/// What to do about several sidecars.
pub(super) const ALL_BUT_ONE: &str =
    "remove all but one of them; if they are ours and their record is lost, restore that";

/// A pod with somebody else's sidecar is passed over, which must not go unnoticed.
pub(super) fn sidecar_beside(
    skip: &Skip,
    pod: &Pod<'_, '_>,
    settings: &Settings,
    at: &Path<'_>,
) -> Option<Diagnostic> {
    let Skip::ForeignSidecar { container: name, sign } = skip else { return None };
    let sidecars = pod.containers().filter(|container| foreign(container, settings).is_some());
    let names: Vec<_> = sidecars.map(|container| container.name()).collect();
    if let [first, others @ ..] = names.as_slice()
        && let Some(last) = others.last()
    {
        let words = format!(
            "containers {first} and {} are taken for sidecars, so the pod gets none",
            others.join(" and ")
        );
        let warning = at_container(Diagnostic::warning(words).rule("I07"), last, pod, at);
        return Some(warning.hint(ALL_BUT_ONE));
    }
    let words = format!("container {name} is taken for a sidecar ({sign}), so the pod gets none");
    let warning = at_container(Diagnostic::warning(words).rule("I06"), name, pod, at);
    Some(warning.hint("a pod has one sidecar: --adopt puts ours in the place of that container"))
}

/// A pod that was injected has somebody else's sidecar too. `pod` is the one without ours.
pub(super) fn two_sidecars(skip: &Skip, pod: &Pod<'_, '_>, at: &Path<'_>) -> Option<Diagnostic> {
    let Skip::ForeignSidecar { container: name, sign } = skip else { return None };
    let words = format!("this pod has our sidecar, and container {name} is another ({sign})");
    let fault = at_container(Diagnostic::error(words).rule("I07"), name, pod, at);
    Some(fault.hint("remove one of the two; nothing is changed until then"))
}

fn at_container(finding: Diagnostic, name: &str, pod: &Pod<'_, '_>, at: &Path<'_>) -> Diagnostic {
    let found = pod.containers().enumerate().find(|(_, container)| container.name() == name);
    let span = found.and_then(|(_, container)| container.node().get("name")?.span());
    let containers = at.key("containers");
    let pointer = found.map(|(index, _)| containers.index(index).to_string());
    finding.span(span).pointer(pointer.unwrap_or_else(|| at.to_string()))
}

/// A record that nobody can work from.
pub(super) fn damaged(error: &RecordError, pod: &Pod<'_, '_>, at: &Path<'_>) -> Diagnostic {
    let span = pod.label(STATUS_LABEL).and_then(Node::span);
    let pointer = at.key("labels").key(STATUS_LABEL).to_string();
    Diagnostic::error(error.to_string()).rule("I04").span(span).pointer(pointer).hint(
        "restore the label from the injected file's history, or remove it together with what was \
         injected",
    )
}

/// Whose doing it is that an injected pod is invalid.
#[derive(Clone, Copy, Debug)]
pub(super) enum Blame {
    /// What a person edited in an earlier injection.
    Edits,
    Overlays,
    /// The pod's own container of one of our names.
    PartialContainer,
    Ourselves,
}

/// The reasons that Marathon would have to refuse a pod as it is.
pub(super) fn refusals(pod: &Node<'_>, at: &Path<'_>) -> Vec<Diagnostic> {
    let mut faults = validate(pod, at, &Marathon::default(), &Unfinished::default());
    faults.retain(|fault| fault.severity == Severity::Error);
    faults
}

/// A fault that the pod got by injection.
pub(super) fn invalid_result(fault: Diagnostic, blame: Blame) -> Diagnostic {
    let (why, hint) = match blame {
        Blame::Edits => (
            "with what was edited since its injection",
            "correct the edit, or take it out: injection adds again what it replaced",
        ),
        Blame::Overlays => {
            ("with the overlays", "an overlay adds what Marathon refuses; correct it")
        }
        Blame::PartialContainer => (
            "with its own istio-init, istio-agent or istio-proxy",
            "that container says what Marathon refuses; correct it",
        ),
        Blame::Ourselves => ("injected", "this is a bug in inject: please report it with the pod"),
    };
    let rule = fault.rule.map(|rule| format!(" ({rule})")).unwrap_or_default();
    let message = format!("{why} this pod is invalid: {}{rule}", fault.message);
    Diagnostic { message, ..fault }.rule("I25").hint(hint)
}

/// More is added than a record may say, so nobody could take it out again.
pub(super) fn no_record(why: &str, at: &Path<'_>) -> Diagnostic {
    let words = format!("what is added cannot be recorded, and so not be removed: {why}");
    Diagnostic::error(words).rule("I25").pointer(at.to_string()).hint("shorten the overlays")
}

pub(super) fn bug(words: &str) -> Diagnostic {
    Diagnostic::error(format!("bug in inject: {words}"))
        .rule("I26")
        .hint("please report it with the pod; nothing was written")
}
