//! The public keys that certificates may carry.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use rcgen::PublicKeyData;
use x509_parser::der_parser::oid::Oid;
use x509_parser::oid_registry::{OID_EC_P256, OID_NIST_EC_P384, OID_NIST_EC_P521, OID_SIG_ED25519};
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey as Parsed;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::key::{KeyError, MIN_RSA_BITS};
use super::text::hex;

/// A public key that a certificate may carry: ECDSA on P-256 or P-384, or RSA that is long enough.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    info: rcgen::SubjectPublicKeyInfo,
    algorithm: PublicKeyAlgorithm,
}

/// What a public key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublicKeyAlgorithm {
    /// ECDSA on NIST P-256.
    P256,
    /// ECDSA on NIST P-384.
    P384,
    /// RSA, with its bits.
    Rsa(usize),
}

impl fmt::Display for PublicKeyAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::P256 => f.write_str("P-256"),
            Self::P384 => f.write_str("P-384"),
            Self::Rsa(bits) => write!(f, "RSA-{bits}"),
        }
    }
}

impl PublicKey {
    /// Reads a SubjectPublicKeyInfo (RFC 5280 §4.1.2.7).
    ///
    /// # Errors
    /// It is none, or its key is none that is used here.
    pub fn from_der(der: &[u8]) -> Result<Self, KeyError> {
        let malformed = |error: String| KeyError::Malformed(error);
        let (_, parsed) =
            SubjectPublicKeyInfo::from_der(der).map_err(|error| malformed(error.to_string()))?;
        let algorithm = algorithm(&parsed)?;
        let info = rcgen::SubjectPublicKeyInfo::from_der(der)
            .map_err(|error| malformed(error.to_string()))?;
        Ok(Self { info, algorithm })
    }

    /// What it is.
    pub fn algorithm(&self) -> PublicKeyAlgorithm {
        self.algorithm
    }

    /// The SHA-256 of its SubjectPublicKeyInfo, in hexadecimal.
    pub fn sha256(&self) -> String {
        hex(digest(&SHA256, &self.info.subject_public_key_info()).as_ref())
    }

    /// The key as the certificate's encoder takes it.
    pub(super) fn info(&self) -> &rcgen::SubjectPublicKeyInfo {
        &self.info
    }
}

/// What a SubjectPublicKeyInfo holds, if certificates may carry it.
fn algorithm(key: &SubjectPublicKeyInfo<'_>) -> Result<PublicKeyAlgorithm, KeyError> {
    match key.parsed().map_err(|error| KeyError::Malformed(error.to_string()))? {
        Parsed::RSA(rsa) => match rsa.key_size() {
            bits if bits < MIN_RSA_BITS => Err(KeyError::TooShort(bits)),
            bits => Ok(PublicKeyAlgorithm::Rsa(bits)),
        },
        Parsed::EC(_) if curve(key).is_some_and(|curve| curve == OID_EC_P256) => {
            Ok(PublicKeyAlgorithm::P256)
        }
        Parsed::EC(_) if curve(key).is_some_and(|curve| curve == OID_NIST_EC_P384) => {
            Ok(PublicKeyAlgorithm::P384)
        }
        _ => Err(KeyError::Unsupported),
    }
}

/// What a key is called, whether or not it is used here: that of a curve or of an algorithm that
/// has no name here by its OID.
pub(super) fn key_name(key: &SubjectPublicKeyInfo<'_>) -> String {
    match (algorithm(key), key.parsed()) {
        (Ok(known), _) => known.to_string(),
        (Err(_), Ok(Parsed::RSA(rsa))) => format!("RSA-{}", rsa.key_size()),
        (Err(_), _) if key.algorithm.algorithm == OID_SIG_ED25519 => "Ed25519".to_owned(),
        (Err(_), Ok(Parsed::EC(_))) if curve(key).is_some_and(|it| it == OID_NIST_EC_P521) => {
            "P-521".to_owned()
        }
        (Err(_), _) => curve(key).unwrap_or_else(|| key.algorithm.algorithm.clone()).to_id_string(),
    }
}

/// The curve of an EC key, if it is named.
fn curve<'k>(key: &'k SubjectPublicKeyInfo<'_>) -> Option<Oid<'k>> {
    key.algorithm.parameters.as_ref().and_then(|any| any.as_oid().ok())
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.algorithm)
    }
}
