//! The public keys that certificates may carry.

use std::fmt;

use x509_parser::prelude::FromDer;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::key::{KeyError, MIN_RSA_BITS};

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

    /// The key as the certificate's encoder takes it.
    pub(super) fn info(&self) -> &rcgen::SubjectPublicKeyInfo {
        &self.info
    }
}

/// What a SubjectPublicKeyInfo holds, if certificates may carry it.
fn algorithm(key: &SubjectPublicKeyInfo<'_>) -> Result<PublicKeyAlgorithm, KeyError> {
    use x509_parser::oid_registry::{OID_EC_P256, OID_NIST_EC_P384};
    use x509_parser::public_key::PublicKey as Parsed;
    let curve = || key.algorithm.parameters.as_ref().and_then(|any| any.as_oid().ok());
    match key.parsed().map_err(|error| KeyError::Malformed(error.to_string()))? {
        Parsed::RSA(rsa) => match rsa.key_size() {
            bits if bits < MIN_RSA_BITS => Err(KeyError::TooShort(bits)),
            bits => Ok(PublicKeyAlgorithm::Rsa(bits)),
        },
        Parsed::EC(_) if curve().is_some_and(|curve| curve == OID_EC_P256) => {
            Ok(PublicKeyAlgorithm::P256)
        }
        Parsed::EC(_) if curve().is_some_and(|curve| curve == OID_NIST_EC_P384) => {
            Ok(PublicKeyAlgorithm::P384)
        }
        _ => Err(KeyError::Unsupported),
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.algorithm)
    }
}
