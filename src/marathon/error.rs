//! What can go wrong between us and Marathon.

use super::refusal::Refusal;

/// Why something could not be done. The words repeat Marathon's own.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The files for TLS are of no use.
    #[error("{file}: {why}")]
    Tls {
        /// The file.
        file: String,
        /// What is wrong with it.
        why: String,
    },
    /// Nothing that could be relied on came back, in spite of all attempts.
    #[error("{url}: {why}")]
    Unreachable {
        /// The URL that was tried last.
        url: String,
        /// What happened.
        why: String,
    },
    /// A write was sent, but neither it was answered nor could be read back what it did.
    #[error("whether Marathon took {id} is not known: {url}: {why}")]
    Uncertain {
        /// The pod.
        id: String,
        /// The URL that was tried last.
        url: String,
        /// What happened.
        why: String,
    },
    /// Who we are was not accepted, or is not known.
    #[error("{url} {why}")]
    Unauthorized {
        /// Who asks for credentials.
        url: String,
        /// What is missing.
        why: String,
    },
    /// Who asks for credentials is not known to be of the cluster whose there are.
    #[error("{url} asks for credentials, and there are none but those of a DC/OS cluster")]
    Withheld {
        /// Who asks for credentials.
        url: String,
    },
    /// Marathon said no.
    #[error("{call}: {} ({})", .refusal.message, .refusal.status)]
    Refused {
        /// What was asked, as `POST /v2/pods`.
        call: String,
        /// What Marathon says.
        refusal: Box<Refusal>,
    },
    /// A pod is not what it was when it was read, and to go on would undo somebody's change.
    #[error("{id} was {what} by somebody else meanwhile")]
    Conflict {
        /// The pod.
        id: String,
        /// What happened to it, as `created`.
        what: &'static str,
    },
}

impl Error {
    /// A refusal of a call.
    pub(super) fn refused(call: String, refusal: Refusal) -> Self {
        Self::Refused { call, refusal: Box::new(refusal) }
    }

    /// Whether Marathon asks to come again later: the pod is locked by a deployment, or too many
    /// are running (Marathon Exception.scala).
    pub fn is_busy(&self) -> bool {
        let Self::Refused { refusal, .. } = self else { return false };
        let locked = refusal.status == 409 && !refusal.deployments.is_empty();
        locked || refusal.status == 403 && refusal.message.starts_with("Max number (")
    }
}
