//! A certificate and what it says.

use std::fmt;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::{PemObject, SectionKind};
use time::OffsetDateTime;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use super::facts::Facts;
use super::key::KeyError;
use super::public_key::PublicKey;
use crate::identity::{SpiffeId, Task};

/// Why something is no certificate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// No PEM block of a certificate.
    #[error("holds no PEM certificate")]
    Missing,
    /// Something other than certificates.
    #[error("holds something other than certificates: {0}")]
    Foreign(String),
    /// Not the encoding of a certificate.
    #[error("certificate {number} cannot be read: {reason}")]
    Malformed {
        /// Which of the file, from 1.
        number: usize,
        /// What is wrong.
        reason: String,
    },
}

/// A certificate (RFC 5280), of whatever key.
#[derive(Clone)]
pub struct Certificate {
    der: CertificateDer<'static>,
    facts: Facts,
    public_key: Result<PublicKey, KeyError>,
    /// The encoded names, for comparing: two spellings can print alike.
    subject: Vec<u8>,
    issuer: Vec<u8>,
}

impl Certificate {
    /// Reads one certificate.
    ///
    /// # Errors
    /// It is none.
    pub fn from_der(der: CertificateDer<'static>) -> Result<Self, CertificateError> {
        Self::numbered(der, 1)
    }

    /// Reads all certificates of a PEM file, at least one.
    ///
    /// # Errors
    /// There is none, one cannot be read, or something else is among them.
    pub fn all_from_pem(pem: &[u8]) -> Result<Vec<Self>, CertificateError> {
        let mut all = Vec::new();
        for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(pem) {
            let number = all.len() + 1;
            match section {
                Ok((SectionKind::Certificate, der)) => {
                    all.push(Self::numbered(der.into(), number)?)
                }
                Ok((kind, der)) => {
                    // It may be a private key.
                    drop(zeroize::Zeroizing::new(der));
                    return Err(CertificateError::Foreign(format!("{kind:?}")));
                }
                Err(error) => {
                    return Err(CertificateError::Malformed { number, reason: error.to_string() });
                }
            }
        }
        if all.is_empty() { Err(CertificateError::Missing) } else { Ok(all) }
    }

    fn numbered(der: CertificateDer<'static>, number: usize) -> Result<Self, CertificateError> {
        let malformed = |reason: String| CertificateError::Malformed { number, reason };
        let (rest, parsed) =
            X509Certificate::from_der(&der).map_err(|error| malformed(error.to_string()))?;
        if !rest.is_empty() {
            return Err(malformed("something stands after it".to_owned()));
        }
        let public_key = PublicKey::from_der(parsed.public_key().raw);
        let facts = Facts::read(&parsed).map_err(malformed)?;
        let (subject, issuer) = (parsed.subject().as_raw(), parsed.issuer().as_raw());
        let (subject, issuer) = (subject.to_vec(), issuer.to_vec());
        Ok(Self { facts, public_key, subject, issuer, der })
    }

    /// What it says.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Its encoding.
    pub fn der(&self) -> &CertificateDer<'static> {
        &self.der
    }

    /// The key that it vouches for.
    ///
    /// # Errors
    /// It is none that is used here.
    pub fn public_key(&self) -> Result<&PublicKey, &KeyError> {
        self.public_key.as_ref()
    }

    /// Its encoding as PEM.
    ///
    /// # Panics
    /// It is too large for a computer's memory.
    pub fn to_pem(&self) -> String {
        pem_rfc7468::encode_string("CERTIFICATE", pem_rfc7468::LineEnding::LF, &self.der)
            .expect("a certificate can be encoded")
    }

    /// Whether its issuer has the name of its subject, as that of a root has.
    pub fn is_self_issued(&self) -> bool {
        self.subject == self.issuer
    }

    /// Whether it has begun and not ended.
    pub(super) fn is_valid_at(&self, moment: OffsetDateTime) -> bool {
        (self.facts.not_before..=self.facts.not_after).contains(&moment)
    }

    /// Whether `issuer` bears the name of the one that signed this.
    pub(super) fn names_as_issuer(&self, issuer: &Self) -> bool {
        self.issuer == issuer.subject
    }

    /// The Mesos task that it was given to, where Citadel attested one.
    pub fn task(&self) -> Option<Task> {
        self.facts.task.as_ref()?.parse().ok()
    }

    /// The identity that it is for: the one URI among its names.
    ///
    /// # Errors
    /// There is none, more than one, or one that is no identity; the words say which (SPIFFE
    /// X509-SVID §2: exactly one URI).
    pub fn identity(&self) -> Result<SpiffeId, String> {
        let uris = self.facts.subject_alt_names.iter().filter_map(|name| name.strip_prefix("URI:"));
        match uris.collect::<Vec<_>>()[..] {
            [] => Err("it has no URI among its names".to_owned()),
            [uri] => uri.parse().map_err(|error| format!("{error}")),
            _ => Err("it has more than one URI among its names".to_owned()),
        }
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for Certificate {}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.facts.fmt(f)
    }
}

/// The PEM file of some certificates.
pub fn to_pem<'c>(certificates: impl IntoIterator<Item = &'c Certificate>) -> String {
    certificates.into_iter().map(Certificate::to_pem).collect()
}
