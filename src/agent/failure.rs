//! Why a try to get a certificate failed.

use std::error::Error;
use std::io;

use tonic::{Code, Status};

use super::credential::Rejected;
use super::roots::InvalidRoots;

/// Why a try failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// No address for the name.
    #[error("the address of {host} cannot be found: {error}")]
    Address {
        /// The name.
        host: String,
        /// Why.
        error: io::Error,
    },
    /// No connection.
    #[error("no connection to Citadel: {0}")]
    Connect(io::Error),
    /// The other end is not Citadel, or did not take our certificate.
    #[error("no TLS connection to Citadel: {0}")]
    Tls(io::Error),
    /// It took too long.
    #[error("Citadel did not answer in time")]
    Late,
    /// It said no, or the connection broke; the words are its own.
    #[error("Citadel says {code:?}: {words:?}")]
    Refused {
        /// The code of gRPC.
        code: Code,
        /// Its words, and what is below them.
        words: String,
    },
    /// The certificate is none that can be used.
    #[error("the certificate that Citadel sent is not taken: {0}")]
    Certificate(#[from] Rejected),
    /// The answer is none.
    #[error("Citadel's answer cannot be used: {0}")]
    Answer(String),
    /// The roots are none.
    #[error(transparent)]
    Roots(#[from] InvalidRoots),
    /// There is no key, or no request for it.
    #[error("no request could be made: {0}")]
    Request(String),
    /// Nothing shows who we are.
    #[error("there is no join token, and no certificate that is valid")]
    Nothing,
}

impl Failure {
    /// One word for metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Address { .. } => "address",
            Self::Connect(_) => "connect",
            Self::Tls(_) => "tls",
            Self::Late => "late",
            Self::Refused { code: Code::Unauthenticated, .. } => "unauthenticated",
            Self::Refused { code: Code::PermissionDenied, .. } => "denied",
            Self::Refused { code: Code::ResourceExhausted, .. } => "exhausted",
            Self::Refused { code: Code::Unavailable, .. } => "unavailable",
            Self::Refused { .. } => "refused",
            Self::Certificate(_) | Self::Answer(_) | Self::Roots(_) => "answer",
            Self::Request(_) => "request",
            Self::Nothing => "nothing",
        }
    }

    /// Whether Citadel knows us and says no, which more tries do not change.
    pub fn is_denial(&self) -> bool {
        matches!(self, Self::Refused { code: Code::PermissionDenied, .. })
    }

    /// Whether Citadel has no such method.
    pub fn is_unimplemented(&self) -> bool {
        matches!(self, Self::Refused { code: Code::Unimplemented, .. })
    }
}

impl From<Status> for Failure {
    fn from(status: Status) -> Self {
        let mut words = status.message().to_owned();
        let mut below = status.source();
        while let Some(error) = below {
            let text = error.to_string();
            if !words.contains(&text) {
                words = format!("{words}: {text}");
            }
            below = error.source();
        }
        Self::Refused { code: status.code(), words }
    }
}
