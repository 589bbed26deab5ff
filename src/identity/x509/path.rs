//! Whether a peer would trust a certificate: the way from a leaf to a root, as TLS peers go it.

use std::cell::RefCell;
use std::cmp::Reverse;
use std::time::Duration;

use rustls_pki_types::{CertificateDer, UnixTime};
use time::OffsetDateTime;
use webpki::{
    ALL_VERIFICATION_ALGS, EndEntityCert, Error, KeyUsage, VerifiedPath, anchor_from_trusted_cert,
};

use super::certificate::Certificate;
use super::key::KeyError;
use super::text::rfc3339;

/// Why a certificate is not to be trusted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// All roots have ended, or none has begun.
    #[error("no root is valid at {0}")]
    NoValidRoot(String),
    /// No certificate at hand signed it.
    #[error("none of the roots signed it, nor any certificate between")]
    UnknownIssuer,
    /// One of the chain has ended.
    #[error("a certificate of the chain has ended at {0}")]
    Ended(String),
    /// One of the chain has not begun.
    #[error("a certificate of the chain begins at {0}")]
    NotBegun(String),
    /// The leaf is a CA's: today's Envoy refuses it.
    #[error("the leaf is the certificate of a CA")]
    LeafIsCa,
    /// A certificate signed that is no CA's.
    #[error("a certificate of the chain signed another, but is not that of a CA")]
    SignerIsNoCa,
    /// A certificate signed whose key is for other things.
    #[error("{0:?} signed a certificate of the chain, but its key may not (keyUsage)")]
    MayNotSign(String),
    /// A certificate signed whose key is not used here.
    #[error("{subject:?} signed a certificate of the chain, but its key {error}")]
    Key {
        /// Whose it is.
        subject: String,
        /// What is wrong with it.
        error: KeyError,
    },
    /// A signer allows fewer certificates below it.
    #[error("the chain is longer than one of its certificates allows (pathlen)")]
    TooLong,
    /// A signature that does not fit.
    #[error("a signature in the chain is wrong")]
    BadSignature,
    /// A signer's name constraints (RFC 5280 §4.2.1.10) leave out a name, or are not understood: the
    /// library understands none on URIs.
    #[error(
        "a certificate of the chain constrains names: to others, or URIs, which peers may refuse"
    )]
    NameConstraints,
    /// Not for this purpose.
    #[error("it is not for {0}")]
    Purpose(&'static str),
    /// Anything else, in the library's words.
    #[error("it would be refused: {0}")]
    Other(String),
}

impl PathError {
    /// The one of two that says more: a root that signed nothing of a chain explains nothing while
    /// another root did.
    pub(super) fn or(self, other: Self) -> Self {
        if self == Self::UnknownIssuer { other } else { self }
    }
}

/// Checks that `leaf` leads over `intermediates` to one of `roots`, as a server's certificate and
/// as a client's, at a moment. Gives the root; of several, the one that lives longest.
///
/// # Errors
/// It does not; the first reason is given.
pub fn check_path<'r>(
    leaf: &Certificate,
    intermediates: &[Certificate],
    roots: &'r [Certificate],
    now: OffsetDateTime,
) -> Result<&'r Certificate, PathError> {
    let mut roots = longest_lived_first(roots);
    roots.retain(|root| root.is_valid_at(now));
    if roots.is_empty() {
        return Err(PathError::NoValidRoot(rfc3339(now)));
    }
    let mut reason = PathError::UnknownIssuer;
    for root in roots {
        match lead(leaf, intermediates, root, now) {
            Ok(()) => return Ok(root),
            Err(error) => reason = reason.or(error),
        }
    }
    Err(reason)
}

/// The order in which roots are tried: of several that would do, the last to end is taken.
pub(super) fn longest_lived_first(roots: &[Certificate]) -> Vec<&Certificate> {
    let mut roots: Vec<_> = roots.iter().collect();
    roots.sort_by_key(|root| Reverse(root.facts().not_after));
    roots
}

/// Checks the way to this root, for both purposes.
fn lead(
    leaf: &Certificate,
    intermediates: &[Certificate],
    root: &Certificate,
    now: OffsetDateTime,
) -> Result<(), PathError> {
    let anchors = [anchor_from_trusted_cert(root.der()).map_err(words)?];
    let between: Vec<CertificateDer<'_>> =
        intermediates.iter().map(|certificate| certificate.der().clone()).collect();
    let leaf = EndEntityCert::try_from(leaf.der()).map_err(words)?;
    let time = UnixTime::since_unix_epoch(since_epoch(now));
    for (purpose, name) in [
        (KeyUsage::server_auth(), "servers (serverAuth)"),
        (KeyUsage::client_auth(), "clients (clientAuth)"),
    ] {
        // The library has no errors for these reasons; it goes on to other ways.
        let refused = RefCell::new(None);
        let verify_path = |path: &VerifiedPath<'_>| {
            check_issuers(path, intermediates, root).map_err(|reason| {
                refused.replace(Some(reason));
                Error::UnknownIssuer
            })
        };
        leaf.verify_for_usage(
            ALL_VERIFICATION_ALGS,
            &anchors,
            &between,
            time,
            purpose,
            None,
            Some(&verify_path),
        )
        .map_err(|error| match (refused.take(), error) {
            (Some(reason), _) => reason,
            (None, Error::RequiredEkuNotFoundContext(_)) => PathError::Purpose(name),
            (None, error) => words(error),
        })?;
    }
    Ok(())
}

/// Checks what the library does not: whether the issuers on a way have keys that are used here and
/// may sign certificates (RFC 5280 §4.2.1.3), and whether the root allows as many below it (§4.2.1.9).
fn check_issuers(
    path: &VerifiedPath<'_>,
    intermediates: &[Certificate],
    root: &Certificate,
) -> Result<(), PathError> {
    let between: Vec<_> = path
        .intermediate_certificates()
        .filter_map(|found| intermediates.iter().find(|ours| *ours.der() == found.der()))
        .collect();
    between.iter().chain([&root]).try_for_each(|issuer| check_issuer(issuer))?;
    let counted = between.iter().filter(|certificate| !certificate.is_self_issued()).count();
    match root.facts().path_len {
        Some(allowed) if usize::try_from(allowed).is_ok_and(|allowed| counted > allowed) => {
            Err(PathError::TooLong)
        }
        _ => Ok(()),
    }
}

fn check_issuer(issuer: &Certificate) -> Result<(), PathError> {
    let facts = issuer.facts();
    if let Err(error) = issuer.public_key() {
        return Err(PathError::Key { subject: facts.subject.clone(), error: error.clone() });
    }
    if !facts.is_ca {
        return Err(PathError::SignerIsNoCa);
    }
    if !facts.permits("keyCertSign") {
        return Err(PathError::MayNotSign(facts.subject.clone()));
    }
    Ok(())
}

fn since_epoch(moment: OffsetDateTime) -> Duration {
    Duration::from_secs(u64::try_from(moment.unix_timestamp()).unwrap_or_default())
}

fn words(error: Error) -> PathError {
    let moment = |time: UnixTime| {
        let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
        OffsetDateTime::from_unix_timestamp(seconds).map_or_else(|_| seconds.to_string(), rfc3339)
    };
    match error {
        Error::UnknownIssuer => PathError::UnknownIssuer,
        Error::CertExpired { not_after, .. } => PathError::Ended(moment(not_after)),
        Error::CertNotValidYet { not_before, .. } => PathError::NotBegun(moment(not_before)),
        Error::CaUsedAsEndEntity => PathError::LeafIsCa,
        Error::EndEntityUsedAsCa => PathError::SignerIsNoCa,
        Error::PathLenConstraintViolated => PathError::TooLong,
        Error::InvalidSignatureForPublicKey => PathError::BadSignature,
        Error::NameConstraintViolation | Error::MalformedNameConstraint => {
            PathError::NameConstraints
        }
        other => PathError::Other(other.to_string()),
    }
}
