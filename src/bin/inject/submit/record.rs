//! What has become of a pod so far. It is kept outside of the work on it, so that something can be
//! said of a pod whose work was broken off.

use std::cell::{Cell, OnceCell};
use std::time::Duration;

use marathon_inject::command_line::Exit;
use marathon_inject::marathon::{Error, Failure, Taken, Why};

use super::trouble;

/// What has become of a pod.
#[derive(Debug, Default)]
pub(crate) struct Record {
    /// What is done to it; not known before Marathon was asked.
    pub(crate) action: Cell<Option<Action>>,
    /// Whether a write was begun: until there is an answer, nobody knows whether it was taken.
    pub(crate) sent: Cell<bool>,
    /// Whether what was before is being brought back.
    pub(crate) undoing: Cell<bool>,
    /// What Marathon has taken, or had.
    pub(crate) taken: OnceCell<Taken>,
    /// How it ended.
    pub(crate) end: OnceCell<End>,
    /// How long that took.
    pub(crate) took: Cell<Duration>,
}

/// What is done to a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Create,
    Update,
    /// It is what it should be already, and left alone.
    Leave,
}

/// How the work on a pod ended.
#[derive(Debug)]
pub(crate) enum End {
    /// It is STABLE.
    Stable,
    /// It was submitted, and nobody looked further.
    Submitted,
    /// It was left alone, and nobody looked further.
    Left,
    /// Marathon refused, or could not be reached.
    Marathon(Error),
    /// It did not become STABLE.
    Failed(Failed),
}

/// An end that is no success.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Trouble<'e> {
    Marathon(&'e Error),
    Failed(&'e Failed),
}

/// A pod that did not become STABLE.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) why: Why,
    /// The instance that failed last.
    pub(crate) last: Option<Failure>,
    /// What was seen last, in words.
    pub(crate) seen: String,
    /// Whether what was before is back; nothing if that was not to be.
    pub(crate) undone: Option<Result<(), Undoing>>,
}

/// Why what was before is not back.
#[derive(Debug)]
pub(crate) enum Undoing {
    Marathon(Error),
    TimedOut,
}

impl Record {
    /// Whether the pod was written, and it is not known whether Marathon has taken it.
    pub(crate) fn is_uncertain(&self) -> bool {
        self.sent.get() && self.taken.get().is_none()
    }
}

impl End {
    /// What went wrong, if it is no success.
    pub(crate) fn failure(&self) -> Option<Trouble<'_>> {
        match self {
            Self::Stable | Self::Submitted | Self::Left => None,
            Self::Marathon(error) => Some(Trouble::Marathon(error)),
            Self::Failed(failed) => Some(Trouble::Failed(failed)),
        }
    }
}

impl Trouble<'_> {
    /// The exit code that says so.
    pub(crate) fn exit(self) -> Exit {
        match self {
            Self::Marathon(error) => trouble::exit(error),
            Self::Failed(_) => Exit::Refused,
        }
    }
}
