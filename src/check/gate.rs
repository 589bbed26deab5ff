//! What keeps a pod from passing: it has no sidecar, an old one, or one that it is not to have.

use super::state::State;
use crate::document::Diagnostic;

/// Where in a pipeline the documents are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// As people write them: they are injected on the way to Marathon, so a pod may have no sidecar
    /// yet.
    Written,
    /// As they go to Marathon.
    Deployed,
}

/// The finding of a pod in this state, if it does not pass.
pub(super) fn verdict(state: &State, stage: Stage) -> Option<Diagnostic> {
    Some(match state {
        State::NotInjected if stage == Stage::Deployed => {
            Diagnostic::error("the pod is not injected").rule("I01").hint(
                "`inject -i`, given what this check was given, injects it; the label \
                     sidecar.istio.io/inject exempts it",
            )
        }
        State::Stale(differences) => {
            Diagnostic::error(format!("the sidecar is not what injection gives now: {differences}"))
                .rule("I02")
                .hint("`inject -i` brings it up to date, with the settings of this check")
        }
        State::SidecarTooMuch(skip) => {
            Diagnostic::error(format!("the pod is to have no sidecar, and has one: {skip}"))
                .rule("I03")
                .hint("`inject -i` takes it out")
        }
        _ => return None,
    })
}
