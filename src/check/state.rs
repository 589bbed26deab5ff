//! How a pod stands, as data, as a word for programs and as words for people.

use std::fmt;

use crate::plan::{Differences, Outcome, Skip};

/// How an entry of a document stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// The pod has the sidecar that injection would give it.
    UpToDate,
    /// The pod has a sidecar of ours, and injection would give it another one, with these
    /// differences.
    Stale(Differences),
    /// The pod is to have a sidecar, and has none.
    NotInjected,
    /// The pod is to have no sidecar, and has none of ours.
    Exempt(Skip),
    /// The pod is to have no sidecar, and has one of ours.
    SidecarTooMuch(Skip),
    /// It is no pod; the words say what.
    NotAPod(&'static str),
    /// The pod has faults that keep it from being injected.
    Refused,
}

impl State {
    /// How something stands of which injection would make that.
    pub(super) fn before(outcome: Outcome) -> Self {
        match outcome {
            Outcome::UpToDate => Self::UpToDate,
            Outcome::Updated(differences) => Self::Stale(differences),
            Outcome::Skipped(skip) => Self::Exempt(skip),
            Outcome::Removed(Some(skip)) => Self::SidecarTooMuch(skip),
            Outcome::PassedThrough(what) => Self::NotAPod(what),
            Outcome::Refused => Self::Refused,
            Outcome::Injected | Outcome::Adopted { .. } => Self::NotInjected,
            // Nothing that injection makes of a pod.
            Outcome::Removed(None) | Outcome::NotInjected | Outcome::Kept => Self::NotInjected,
        }
    }

    /// Whether the pod is one of the mesh, or is to be.
    pub fn is_in_the_mesh(&self) -> bool {
        matches!(self, Self::UpToDate | Self::Stale(_) | Self::NotInjected)
    }

    /// The state in one word, for programs. It never changes.
    pub fn word(&self) -> &'static str {
        match self {
            Self::UpToDate => "up-to-date",
            Self::Stale(_) => "stale",
            Self::NotInjected => "not-injected",
            Self::Exempt(_) => "exempt",
            Self::SidecarTooMuch(_) => "sidecar-too-much",
            Self::NotAPod(_) => "not-a-pod",
            Self::Refused => "refused",
        }
    }

    /// What injection would change of a sidecar.
    pub fn differences(&self) -> Option<&Differences> {
        if let Self::Stale(differences) = self { Some(differences) } else { None }
    }

    /// Why it is so, where the word leaves that open.
    pub fn reason(&self) -> Option<String> {
        match self {
            Self::Exempt(skip) | Self::SidecarTooMuch(skip) => Some(skip.to_string()),
            Self::NotAPod(what) => Some((*what).to_owned()),
            Self::UpToDate | Self::Stale(_) | Self::NotInjected | Self::Refused => None,
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UpToDate => f.write_str("injected, up to date"),
            Self::Stale(differences) => write!(f, "stale: {differences}"),
            Self::NotInjected => f.write_str("not injected"),
            Self::Exempt(skip) => write!(f, "exempt: {skip}"),
            Self::SidecarTooMuch(skip) => write!(f, "has a sidecar that it is not to have: {skip}"),
            Self::NotAPod(what) => write!(f, "passed over: {what}"),
            Self::Refused => f.write_str("refused"),
        }
    }
}
