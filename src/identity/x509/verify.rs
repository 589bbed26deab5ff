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
    /// When the first of the certificates ends that it depends on, from the leaf to the root.
    pub not_after: OffsetDateTime,
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
    let path = roots.as_deref().map(|roots| check_path(leaf, intermediates, roots, now));
    let root = path.and_then(|path| path.map_err(|error| faults.push(Fault::Path(error))).ok());
    if !leaf.facts().permits("digitalSignature") {
        faults.push(Fault::KeyUsage);
    }
    match (root, identity(leaf, expected, &mut faults)) {
        (Some(root), Some(identity)) if faults.is_empty() => {
            let ends = intermediates.iter().chain([root]).map(|it| it.facts().not_after);
            let not_after = ends.fold(leaf.facts().not_after, Ord::min);
            Ok(Verified { identity, leaf: leaf.clone(), not_after })
        }
        _ => Err(faults),
    }
}

/// Whom a leaf is for, if that is who is expected.
fn identity(
    leaf: &Certificate,
    expected: Option<&SpiffeId>,
    faults: &mut Vec<Fault>,
) -> Option<SpiffeId> {
    let found = leaf.identity().map_err(|words| faults.push(Fault::NoIdentity(words))).ok()?;
    let Some(expected) = expected.filter(|expected| **expected != found) else {
        return Some(found);
    };
    faults.push(Fault::OtherIdentity { found, expected: expected.clone() });
    None
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rcgen::Issuer;
    use time::macros::datetime;

    use super::*;
    use crate::identity::x509::{Authority, AuthorityProfile, KeyKind, LeafProfile};

    const NOW: OffsetDateTime = datetime!(2026-11-22 15:00 UTC);
    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn a_leaf_that_outlives_its_root_is_good_as_long_as_the_root() {
        let organization = "mesh".parse().unwrap();
        let profile = AuthorityProfile {
            organization: &organization,
            ttl: HOUR,
            key: KeyKind::P256,
            path_len: 0,
        };
        let root = Authority::root(&profile, NOW).unwrap();
        let identity = "spiffe://cluster.local/ns/default/sa/default".parse().unwrap();
        let leaf =
            LeafProfile { identity: &identity, organization: None, task: None, ttl: 3 * HOUR };
        let key = PrivateKey::generate(KeyKind::P256).unwrap();
        let params = leaf.params(key.public_key().algorithm(), NOW, NOW + 3 * HOUR).unwrap();
        let signer = PrivateKey::from_pem(root.key().to_pem().as_bytes()).unwrap();
        let issuer = Issuer::from_ca_cert_der(root.certificate().der(), signer).unwrap();
        let leaf = params.signed_by(&key, &issuer).unwrap();
        let leaf = Certificate::from_der(leaf.der().clone()).unwrap();
        let bundle = Bundle {
            root_cert: root.certificate().to_pem().into_bytes(),
            cert_chain: leaf.to_pem().into_bytes(),
            key: key.to_pem().as_bytes().to_vec().into(),
        };
        let good = verify(&bundle, Some(&identity), NOW).unwrap();
        assert_eq!(good.leaf.facts().not_after, NOW + 3 * HOUR);
        assert_eq!(good.not_after, NOW + HOUR);
    }
}
