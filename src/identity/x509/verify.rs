//! Whether a bundle would serve its workload.

use time::OffsetDateTime;

use super::bundle::{Bundle, CERT_CHAIN, KEY, ROOT_CERT};
use super::certificate::{Certificate, CertificateError};
use super::key::{KeyError, PrivateKey};
use super::path::{PathError, check_path};
use crate::identity::SpiffeId;

/// What is wrong with a bundle.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A file of certificates that cannot be read.
    #[error("{file} {error}")]
    Certificates {
        /// The file.
        file: &'static str,
        /// What is wrong.
        error: CertificateError,
    },
    /// A key that cannot be read.
    #[error("{KEY} {0}")]
    Key(KeyError),
    /// The leaf is for a key that is not used here.
    #[error("{CERT_CHAIN}: the key of the leaf {0}")]
    LeafKey(KeyError),
    /// The key is that of another certificate.
    #[error("{KEY} does not belong to the first certificate of {CERT_CHAIN}")]
    KeyMismatch,
    /// Among the roots is a certificate that may not sign.
    #[error("{ROOT_CERT} holds {0:?}, which is no CA")]
    RootIsNoCa(String),
    /// Peers would not trust it.
    #[error("{CERT_CHAIN}: {0}")]
    Path(PathError),
    /// Its key may not sign, as TLS needs it.
    #[error("{CERT_CHAIN}: the leaf may not be used for digitalSignature, which TLS needs")]
    KeyUsage,
    /// It is for no workload of a mesh.
    #[error("{CERT_CHAIN}: the leaf is for no workload: {0}")]
    NoIdentity(String),
    /// It is for another workload.
    #[error("{CERT_CHAIN}: the leaf is for {found}, not for {expected}")]
    OtherIdentity {
        /// Whom it is for.
        found: SpiffeId,
        /// Whom it should be for.
        expected: SpiffeId,
    },
}

/// What a good bundle is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Whom it is for.
    pub identity: SpiffeId,
    /// Its first certificate.
    pub leaf: Certificate,
}

/// Checks a bundle at a moment: chain, key, purpose, time, and that it is for `expected`, if that
/// is given.
///
/// # Errors
/// All that is wrong with it.
pub fn verify(
    bundle: &Bundle,
    expected: Option<&SpiffeId>,
    now: OffsetDateTime,
) -> Result<Verified, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut certificates = |file, pem: &[u8]| {
        let read = Certificate::all_from_pem(pem);
        read.map_err(|error| faults.push(Fault::Certificates { file, error })).ok()
    };
    let roots = certificates(ROOT_CERT, &bundle.root_cert);
    let chain = certificates(CERT_CHAIN, &bundle.cert_chain);
    let key =
        PrivateKey::from_pem(&bundle.key).map_err(|error| faults.push(Fault::Key(error))).ok();

    let no_ca = roots.iter().flatten().filter(|root| !root.facts().is_ca);
    faults.extend(no_ca.map(|root| Fault::RootIsNoCa(root.facts().subject.clone())));
    let Some((leaf, intermediates)) = chain.as_deref().and_then(<[_]>::split_first) else {
        return Err(faults);
    };
    match leaf.public_key() {
        Err(error) => faults.push(Fault::LeafKey(error.clone())),
        Ok(public) if key.is_some_and(|key| key.public_key() != *public) => {
            faults.push(Fault::KeyMismatch);
        }
        Ok(_) => {}
    }
    if let Some(roots) = &roots {
        faults.extend(check_path(leaf, intermediates, roots, now).err().map(Fault::Path));
    }
    if !leaf.facts().permits("digitalSignature") {
        faults.push(Fault::KeyUsage);
    }
    match leaf.identity() {
        Err(words) => faults.push(Fault::NoIdentity(words)),
        Ok(identity) => match expected.filter(|expected| **expected != identity) {
            Some(expected) => {
                faults.push(Fault::OtherIdentity { found: identity, expected: expected.clone() });
            }
            None if faults.is_empty() => return Ok(Verified { identity, leaf: leaf.clone() }),
            None => {}
        },
    }
    Err(faults)
}
