//! Why an authority cannot be made, or cannot sign.

use super::certificate::CertificateError;
use super::key::KeyError;
use super::path::PathError;

/// Why an authority cannot be made, or cannot sign.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthorityError {
    /// No key of its own.
    #[error("the key {0}")]
    Key(#[from] KeyError),
    /// The certificate is for a key that is not used here.
    #[error("the key of the certificate {0}")]
    CertifiedKey(#[source] KeyError),
    /// A certificate that cannot be read.
    #[error("{error}")]
    Certificate {
        /// Which file it was in.
        file: AuthorityFile,
        /// What is wrong.
        error: CertificateError,
    },
    /// The key belongs to another certificate.
    #[error("the key does not belong to the certificate {subject:?}")]
    KeyMismatch {
        /// Whose certificate it is.
        subject: String,
    },
    /// A certificate that may not sign others.
    #[error("the certificate {subject:?} may not sign others: it lacks {what}")]
    NotAnAuthority {
        /// Whose certificate it is.
        subject: String,
        /// What it would need.
        what: &'static str,
    },
    /// There are no more certificates of authorities below this one.
    #[error("the certificate {subject:?} allows no intermediate below it")]
    NoRoomBelow {
        /// Whose certificate it is.
        subject: String,
    },
    /// A name that certificates below it could not repeat.
    #[error(
        "the name {subject:?} cannot be repeated in what it signs: it has a part twice, or in an encoding that is not known"
    )]
    NameNotKept {
        /// The name.
        subject: String,
    },
    /// What it signs leads to none of its roots.
    #[error("what it signs would not be trusted: {0}")]
    Untrusted(#[source] PathError),
    /// A certificate that another one signed, and renews.
    #[error("the certificate {subject:?} is no self-signed root: whoever signed it renews it")]
    NoRoot {
        /// Whose certificate it is.
        subject: String,
    },
    /// A renewal by which leaves would outlive their root.
    #[error("the new certificate would end at {ends}, before the one that it follows, {present}")]
    EndsSooner {
        /// When the new one would end.
        ends: String,
        /// When the present one ends.
        present: String,
    },
    /// A certificate of before that has another key, or another name.
    #[error("the certificate {subject:?} of before is not one of its key and name")]
    NoFormer {
        /// Whose certificate it is.
        subject: String,
    },
    /// Validity that no calendar has.
    #[error("the validity goes beyond the year 9999")]
    BeyondCalendar,
    /// Not valid at this time.
    #[error("the certificate {subject:?} {when}; it can sign nothing now")]
    NotValidNow {
        /// Whose certificate it is.
        subject: String,
        /// Since or from when.
        when: String,
    },
    /// The encoder or the cryptographic library failed.
    #[error("a certificate could not be signed: {0}")]
    Signing(String),
}

/// A file of an authority, one of [`AuthorityFiles`](super::AuthorityFiles).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthorityFile {
    /// The key.
    Key,
    /// The certificate that signs.
    Certificate,
    /// Those between.
    Chain,
    /// The roots.
    Roots,
}

impl AuthorityError {
    /// The file that it is about, if it is one.
    pub fn file(&self) -> Option<AuthorityFile> {
        match self {
            Self::Key(_) | Self::KeyMismatch { .. } => Some(AuthorityFile::Key),
            Self::Certificate { file, .. } => Some(*file),
            Self::CertifiedKey(_) | Self::NotAnAuthority { .. } | Self::NameNotKept { .. } => {
                Some(AuthorityFile::Certificate)
            }
            Self::Untrusted(PathError::NoValidRoot(_) | PathError::UnknownIssuer) => {
                Some(AuthorityFile::Roots)
            }
            Self::Untrusted(_) => Some(AuthorityFile::Chain),
            _ => None,
        }
    }
}

impl From<rcgen::Error> for AuthorityError {
    fn from(error: rcgen::Error) -> Self {
        Self::Signing(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_about_the_roots_is_about_the_chain() {
        for (error, file) in [
            (PathError::UnknownIssuer, AuthorityFile::Roots),
            (PathError::NoValidRoot(String::new()), AuthorityFile::Roots),
            (PathError::TooLong, AuthorityFile::Chain),
            (PathError::BadSignature, AuthorityFile::Chain),
        ] {
            assert_eq!(AuthorityError::Untrusted(error).file(), Some(file));
        }
    }
}
