//! Why there is no certificate: in full for the audit log, and as much of it as who asks may know.

use std::io;

use tonic::{Code, Status};

use super::lifetimes::LifetimeError;
use super::limits::Overload;
use crate::citadel::attest::Denied;
use crate::citadel::error::CaError;
use crate::identity::x509::RequestError;

/// Citadel's words for whoever is not known; they say no more, for they may be for an attacker
/// (Istio security/pkg/server/ca).
const UNAUTHENTICATED: &str = "request authenticate failure";

/// Ours for whoever is known and may not.
const FORBIDDEN: &str = "request authorization failure";

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    /// The CSR is none.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// No such life.
    #[error(transparent)]
    Lifetime(#[from] LifetimeError),
    /// Nobody was attested.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The CSR is for somebody else.
    #[error("the CSR asks for {asked}, and the caller is {attested}")]
    OtherIdentity {
        /// What was asked for.
        asked: String,
        /// Who asked.
        attested: String,
    },
    /// There is too much to do.
    #[error(transparent)]
    Overload(#[from] Overload),
    /// The CA did not sign.
    #[error(transparent)]
    Ca(#[from] CaError),
    /// The log took no line.
    #[error("the audit log cannot be written: {0}")]
    Audit(io::Error),
    /// What was waited for did not come.
    #[error("it was not decided in time")]
    Late,
    /// A task of ours ended early.
    #[error("the work was not done: {0}")]
    Lost(#[from] tokio::task::JoinError),
}

impl Refusal {
    /// The code of gRPC.
    pub(super) fn code(&self) -> Code {
        match self {
            Self::Request(_) | Self::Lifetime(_) => Code::InvalidArgument,
            Self::Denied(Denied::Unauthenticated(_)) => Code::Unauthenticated,
            Self::Denied(Denied::Forbidden(_)) | Self::OtherIdentity { .. } => {
                Code::PermissionDenied
            }
            Self::Denied(Denied::Undecided(_)) | Self::Audit(_) => Code::Unavailable,
            Self::Overload(_) => Code::ResourceExhausted,
            Self::Late => Code::DeadlineExceeded,
            Self::Ca(_) | Self::Lost(_) => Code::Internal,
        }
    }

    /// What who asks is told.
    pub(super) fn status(&self) -> Status {
        let words = match self {
            Self::Request(error @ RequestError::AsksForNames(_)) => {
                format!("CSR identity extraction error ({error})")
            }
            Self::Request(error) => format!("CSR parsing error ({error})"),
            Self::Lifetime(error) => format!("CSR signing error ({error})"),
            Self::Denied(Denied::Unauthenticated(_)) => UNAUTHENTICATED.to_owned(),
            Self::Denied(Denied::Forbidden(_)) | Self::OtherIdentity { .. } => FORBIDDEN.to_owned(),
            Self::Denied(Denied::Undecided(_)) => "it cannot be decided now".to_owned(),
            Self::Overload(_) | Self::Late => self.to_string(),
            Self::Ca(_) | Self::Lost(_) => "CSR signing error (the CA cannot sign now)".to_owned(),
            Self::Audit(_) => "nothing can be signed now".to_owned(),
        };
        Status::new(self.code(), words)
    }
}
