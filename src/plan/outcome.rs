//! What became of a thing in a document, as data and in the words of a report.

use std::fmt;

use super::decide::Skip;
use super::difference::Differences;

/// What became of a thing in a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The pod got its sidecar.
    Injected,
    /// The pod got its sidecar, in place of one that somebody wrote by hand.
    Adopted {
        /// The container that was that sidecar.
        container: String,
    },
    /// The pod had a sidecar of ours, which now differs in this.
    Updated(Differences),
    /// The pod has the sidecar that it would get.
    UpToDate,
    /// The sidecar was taken out; injection does so where the pod is now one to skip.
    Removed(Option<Skip>),
    /// The pod is not to have a sidecar, and has none of ours.
    Skipped(Skip),
    /// The pod has no record, so there is nothing to take out.
    NotInjected,
    /// The pod was to be left as it is.
    Kept,
    /// It is no pod; the words say what.
    PassedThrough(&'static str),
    /// The pod has faults.
    Refused,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Injected => f.write_str("injected"),
            Self::Adopted { container } => write!(f, "injected in place of container {container}"),
            Self::Updated(differences) => write!(f, "updated: {differences}"),
            Self::UpToDate => f.write_str("up to date"),
            Self::Removed(None) => f.write_str("removed"),
            Self::Removed(Some(skip)) => write!(f, "sidecar removed: {skip}"),
            Self::Skipped(skip) => write!(f, "skipped: {skip}"),
            Self::Kept => f.write_str("taken as it is"),
            Self::NotInjected => f.write_str("not injected"),
            Self::PassedThrough(what) => write!(f, "passed through: {what}"),
            Self::Refused => f.write_str("refused"),
        }
    }
}
