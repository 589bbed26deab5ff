//! What injection says of a pod, beyond what Marathon's rules and the pod's labels give.

use super::decide::Skip;
use super::record::RecordError;
use crate::document::{Diagnostic, Node, Path};
use crate::pod::Pod;
use crate::settings::STATUS_LABEL;

/// A pod with somebody else's sidecar is passed over, which must not go unnoticed.
pub(super) fn sidecar_beside(skip: &Skip, pod: &Pod<'_, '_>, at: &Path<'_>) -> Option<Diagnostic> {
    let Skip::ForeignSidecar { container: name, sign } = skip else { return None };
    let (index, container) =
        pod.containers().enumerate().find(|(_, container)| container.name() == name)?;
    let node = container.node().get("name")?;
    let words = format!("container {name} is taken for a sidecar ({sign}), so the pod gets none");
    let pointer = at.key("containers").index(index).to_string();
    let warning = Diagnostic::warning(words).span(node.span()).pointer(pointer);
    Some(warning.hint("a pod has one sidecar: remove that container to have ours"))
}

pub(super) fn two_sidecars(container: &str, at: &Path<'_>) -> Diagnostic {
    Diagnostic::error(format!("this pod has our sidecar, and container {container} is another"))
        .pointer(at.to_string())
        .hint("remove one of the two; nothing is changed until then")
}

pub(super) fn edit_is_lost(at: &Path<'_>) -> Diagnostic {
    Diagnostic::warning("what injection added here was edited since; the edit is replaced")
        .pointer(at.to_string())
        .hint(
            "an overlay keeps such a change, and so does a container istio-proxy or istio-init \
             of the pod's own, with only the members that are to differ",
        )
}

/// A record that nobody can work from.
pub(super) fn damaged(error: &RecordError, pod: &Pod<'_, '_>, at: &Path<'_>) -> Diagnostic {
    let span = pod.label(STATUS_LABEL).and_then(Node::span);
    let pointer = at.key("labels").key(STATUS_LABEL).to_string();
    Diagnostic::error(error.to_string()).span(span).pointer(pointer).hint(
        "restore the label from the injected file's history, or remove it together with what was \
         injected",
    )
}

/// Whose doing it is that an injected pod is invalid.
#[derive(Clone, Copy, Debug)]
pub(super) enum Blame {
    Overlays,
    /// The pod's own container of one of our names.
    PartialContainer,
    Ourselves,
}

/// A fault that the pod got by injection.
pub(super) fn invalid_result(fault: Diagnostic, blame: Blame) -> Diagnostic {
    let (why, hint) = match blame {
        Blame::Overlays => {
            ("with the overlays", "an overlay adds what Marathon refuses; correct it")
        }
        Blame::PartialContainer => (
            "with its own istio-init or istio-proxy",
            "that container says what Marathon refuses; correct it",
        ),
        Blame::Ourselves => ("injected", "this is a bug in inject: please report it with the pod"),
    };
    Diagnostic { message: format!("{why} this pod is invalid: {}", fault.message), ..fault }
        .hint(hint)
}

pub(super) fn bug(words: &str) -> Diagnostic {
    Diagnostic::error(format!("bug in inject: {words}"))
        .hint("please report it with the pod; nothing was written")
}
