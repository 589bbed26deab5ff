//! A certificate and what it says.

use std::fmt;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::{PemObject, SectionKind};
use serde::Serialize;
use time::OffsetDateTime;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, KeyUsage};
use x509_parser::prelude::FromDer;
use x509_parser::time::ASN1Time;

use super::key::{KeyError, PublicKey};
use super::text::hex;
use crate::identity::SpiffeId;

/// Why something is no certificate, or none that is used here.
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
    /// A certificate for a key that is not used here.
    #[error("the key of certificate {number} {error}")]
    Key {
        /// Which of the file, from 1.
        number: usize,
        /// What is wrong with its key.
        error: KeyError,
    },
}

/// A certificate (RFC 5280) whose key is one that Envoy takes.
#[derive(Clone)]
pub struct Certificate {
    der: CertificateDer<'static>,
    facts: Facts,
    public_key: PublicKey,
    /// The encoded names, for comparing: two spellings can print alike.
    subject: Vec<u8>,
    issuer: Vec<u8>,
}

/// What a certificate says, in words that OpenSSL's users know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Facts {
    /// The subject's distinguished name; empty where the identity stands in the SAN alone.
    pub subject: String,
    /// The issuer's distinguished name.
    pub issuer: String,
    /// The serial number, in hexadecimal.
    pub serial: String,
    /// Valid from.
    #[serde(with = "time::serde::rfc3339")]
    pub not_before: OffsetDateTime,
    /// Valid until, the last second included.
    #[serde(with = "time::serde::rfc3339")]
    pub not_after: OffsetDateTime,
    /// The subject alternative names, each with its kind before it, as `URI:spiffe://…`.
    pub subject_alt_names: Vec<String>,
    /// Whether who does not understand them must refuse the certificate.
    pub subject_alt_names_critical: bool,
    /// Whether it may sign others.
    pub is_ca: bool,
    /// How many certificates of CAs may stand below it.
    pub path_len: Option<u32>,
    /// What its key may do, as `digitalSignature`.
    pub key_usage: Vec<&'static str>,
    /// What for, as `serverAuth`.
    pub extended_key_usage: Vec<String>,
    /// The key, as `P-256`.
    pub key: String,
    /// The algorithm of the signature that the issuer made.
    pub signature_algorithm: String,
    /// The id of its key, in hexadecimal.
    pub subject_key_id: Option<String>,
    /// The id of the issuer's key, in hexadecimal.
    pub authority_key_id: Option<String>,
    /// The SHA-256 of the whole, in hexadecimal.
    pub sha256: String,
}

impl Certificate {
    /// Reads one certificate.
    ///
    /// # Errors
    /// It is none, or its key is none that is used here.
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
        let public_key = PublicKey::from_der(parsed.public_key().raw)
            .map_err(|error| CertificateError::Key { number, error })?;
        let facts = facts(&parsed, &public_key).map_err(malformed)?;
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
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
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

    /// Whether `issuer` bears the name of the one that signed this.
    pub(super) fn names_as_issuer(&self, issuer: &Self) -> bool {
        self.issuer == issuer.subject
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

fn facts(parsed: &X509Certificate<'_>, public_key: &PublicKey) -> Result<Facts, String> {
    let words = |error: x509_parser::error::X509Error| error.to_string();
    let constraints = parsed.basic_constraints().map_err(words)?.map(|found| found.value);
    let names = parsed.subject_alternative_name().map_err(words)?;
    let key_usage = parsed.key_usage().map_err(words)?.map(|found| found.value);
    let extended = parsed.extended_key_usage().map_err(words)?.map(|found| found.value);
    let (subject_key_id, authority_key_id) = key_ids(parsed);
    let names_of = |names: &[GeneralName<'_>]| names.iter().map(general_name).collect();
    Ok(Facts {
        subject: printable(&parsed.subject().to_string()),
        issuer: printable(&parsed.issuer().to_string()),
        serial: hex(parsed.raw_serial()),
        not_before: moment(parsed.validity().not_before)?,
        not_after: moment(parsed.validity().not_after)?,
        subject_alt_names: names
            .as_ref()
            .map_or_else(Vec::new, |names| names_of(&names.value.general_names)),
        subject_alt_names_critical: names.is_some_and(|names| names.critical),
        is_ca: constraints.is_some_and(|constraints| constraints.ca),
        path_len: constraints.and_then(|constraints| constraints.path_len_constraint),
        key_usage: key_usage.map_or_else(Vec::new, usages),
        extended_key_usage: extended.map_or_else(Vec::new, purposes),
        key: public_key.algorithm().to_string(),
        signature_algorithm: signature_algorithm(parsed),
        subject_key_id,
        authority_key_id,
        sha256: hex(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, parsed.as_raw()).as_ref()),
    })
}

/// What strangers wrote must not speak to the terminal.
fn printable(text: &str) -> String {
    text.chars()
        .flat_map(|c| if c.is_control() { c.escape_debug().collect() } else { vec![c] })
        .collect()
}

fn moment(time: ASN1Time) -> Result<OffsetDateTime, String> {
    OffsetDateTime::from_unix_timestamp(time.timestamp()).map_err(|error| error.to_string())
}

fn key_ids(parsed: &X509Certificate<'_>) -> (Option<String>, Option<String>) {
    use x509_parser::extensions::ParsedExtension::{AuthorityKeyIdentifier, SubjectKeyIdentifier};
    let mut ids = (None, None);
    for extension in parsed.iter_extensions() {
        match extension.parsed_extension() {
            SubjectKeyIdentifier(id) => ids.0 = Some(hex(id.0)),
            AuthorityKeyIdentifier(id) => {
                ids.1 = id.key_identifier.as_ref().map(|id| hex(id.0));
            }
            _ => {}
        }
    }
    ids
}

fn general_name(name: &GeneralName<'_>) -> String {
    printable(&match name {
        GeneralName::URI(uri) => format!("URI:{uri}"),
        GeneralName::DNSName(name) => format!("DNS:{name}"),
        GeneralName::RFC822Name(name) => format!("email:{name}"),
        GeneralName::IPAddress([a, b, c, d]) => format!("IP:{a}.{b}.{c}.{d}"),
        GeneralName::IPAddress(bytes) => match <[u8; 16]>::try_from(*bytes) {
            Ok(bytes) => format!("IP:{}", std::net::Ipv6Addr::from(bytes)),
            Err(_) => "IP:?".to_owned(),
        },
        GeneralName::DirectoryName(name) => format!("DirName:{name}"),
        _ => "other".to_owned(),
    })
}

/// RFC 5280 §4.2.1.3.
fn usages(usage: &KeyUsage) -> Vec<&'static str> {
    const NAMES: [&str; 9] = [
        "digitalSignature",
        "nonRepudiation",
        "keyEncipherment",
        "dataEncipherment",
        "keyAgreement",
        "keyCertSign",
        "cRLSign",
        "encipherOnly",
        "decipherOnly",
    ];
    let set = |bit: usize| usage.flags >> bit & 1 == 1;
    NAMES.into_iter().enumerate().filter(|(bit, _)| set(*bit)).map(|(_, name)| name).collect()
}

/// RFC 5280 §4.2.1.12.
fn purposes(purposes: &x509_parser::extensions::ExtendedKeyUsage<'_>) -> Vec<String> {
    let known = [
        (purposes.any, "anyExtendedKeyUsage"),
        (purposes.server_auth, "serverAuth"),
        (purposes.client_auth, "clientAuth"),
        (purposes.code_signing, "codeSigning"),
        (purposes.email_protection, "emailProtection"),
        (purposes.time_stamping, "timeStamping"),
        (purposes.ocsp_signing, "OCSPSigning"),
    ];
    let known = known.into_iter().filter(|(set, _)| *set).map(|(_, name)| name.to_owned());
    known.chain(purposes.other.iter().map(|oid| oid.to_id_string())).collect()
}

fn signature_algorithm(parsed: &X509Certificate<'_>) -> String {
    let oid = &parsed.signature_algorithm.algorithm;
    let registry = x509_parser::objects::oid_registry();
    registry.get(oid).map_or_else(|| oid.to_id_string(), |entry| entry.sn().to_owned())
}
