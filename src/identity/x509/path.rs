//! Whether a peer would trust a certificate: the way from a leaf to a root, as TLS peers go it.

use std::time::Duration;

use rustls_pki_types::{CertificateDer, TrustAnchor, UnixTime};
use time::OffsetDateTime;
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, KeyUsage, anchor_from_trusted_cert};

use super::certificate::Certificate;
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
    /// A signer allows fewer certificates below it.
    #[error("the chain is longer than one of its certificates allows (pathlen)")]
    TooLong,
    /// A signature that does not fit.
    #[error("a signature in the chain is wrong")]
    BadSignature,
    /// Not for this purpose.
    #[error("it is not for {0}")]
    Purpose(&'static str),
    /// Anything else, in the library's words.
    #[error("it would be refused: {0}")]
    Other(String),
}

/// Checks that `leaf` leads over `intermediates` to one of `roots`, as a server's certificate and
/// as a client's, at a moment.
///
/// # Errors
/// It does not; the first reason is given.
pub fn check_path(
    leaf: &Certificate,
    intermediates: &[Certificate],
    roots: &[Certificate],
    now: OffsetDateTime,
) -> Result<(), PathError> {
    let valid = |root: &&Certificate| {
        let facts = root.facts();
        (facts.not_before..=facts.not_after).contains(&now)
    };
    let anchors = roots.iter().filter(valid).map(|root| anchor_from_trusted_cert(root.der()));
    let anchors = anchors.collect::<Result<Vec<TrustAnchor<'_>>, _>>().map_err(words)?;
    if anchors.is_empty() {
        return Err(PathError::NoValidRoot(rfc3339(now)));
    }
    let intermediates: Vec<CertificateDer<'_>> =
        intermediates.iter().map(|certificate| certificate.der().clone()).collect();
    let leaf = EndEntityCert::try_from(leaf.der()).map_err(words)?;
    let time = UnixTime::since_unix_epoch(since_epoch(now));
    for (purpose, name) in [
        (KeyUsage::server_auth(), "servers (serverAuth)"),
        (KeyUsage::client_auth(), "clients (clientAuth)"),
    ] {
        leaf.verify_for_usage(
            ALL_VERIFICATION_ALGS,
            &anchors,
            &intermediates,
            time,
            purpose,
            None,
            None,
        )
        .map_err(|error| match error {
            webpki::Error::RequiredEkuNotFoundContext(_) => PathError::Purpose(name),
            error => words(error),
        })?;
    }
    Ok(())
}

fn since_epoch(moment: OffsetDateTime) -> Duration {
    Duration::from_secs(u64::try_from(moment.unix_timestamp()).unwrap_or_default())
}

fn words(error: webpki::Error) -> PathError {
    use webpki::Error;
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
        other => PathError::Other(other.to_string()),
    }
}
