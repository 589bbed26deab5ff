//! What a certificate says, read from its encoding.

use std::net::IpAddr;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use serde::Serialize;
use time::OffsetDateTime;
use x509_parser::asn1_rs::{FromDer, Utf8String};
use x509_parser::certificate::X509Certificate;
use x509_parser::error::X509Error;
use x509_parser::extensions::{ExtendedKeyUsage, GeneralName, KeyUsage, ParsedExtension};
use x509_parser::objects::oid_registry;
use x509_parser::time::ASN1Time;

use super::profile::{BACKDATE, TASK_OID};
use super::public_key::key_name;
use super::text::hex;

/// What a certificate says, in words that OpenSSL's users know. What strangers wrote stands as they
/// wrote it: it can hold characters that a terminal obeys.
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
    /// The key, as `P-256`; one that has no such name by its OID.
    pub key: String,
    /// The algorithm of the signature that the issuer made.
    pub signature_algorithm: String,
    /// The id of its key, in hexadecimal.
    pub subject_key_id: Option<String>,
    /// The id of the issuer's key, in hexadecimal.
    pub authority_key_id: Option<String>,
    /// The Mesos task that the certificate was given to, where Citadel attested one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// The SHA-256 of the whole, in hexadecimal.
    pub sha256: String,
}

impl Facts {
    /// How long it was made to live: its validity, without what lay in the past at its beginning.
    pub fn ttl(&self) -> Duration {
        let validity = Duration::try_from(self.not_after - self.not_before).unwrap_or_default();
        validity.saturating_sub(BACKDATE)
    }

    /// Whether less than a fifth of that is left, so that an authority needs a successor (istiod
    /// renews its root then).
    pub fn is_late(&self, now: OffsetDateTime) -> bool {
        self.not_after - now < self.ttl() / 5
    }

    /// Whether its key may be used so; one that names no usage may be used for all (RFC 5280
    /// §4.2.1.3).
    pub(super) fn permits(&self, usage: &str) -> bool {
        self.key_usage.is_empty() || self.key_usage.contains(&usage)
    }

    /// Reads them; the words say what cannot be read.
    pub(super) fn read(parsed: &X509Certificate<'_>) -> Result<Self, String> {
        let words = |error: X509Error| error.to_string();
        let constraints = parsed.basic_constraints().map_err(words)?.map(|found| found.value);
        let names = parsed.subject_alternative_name().map_err(words)?;
        let key_usage = parsed.key_usage().map_err(words)?.map(|found| found.value);
        let extended = parsed.extended_key_usage().map_err(words)?.map(|found| found.value);
        let (subject_key_id, authority_key_id) = key_ids(parsed);
        let names_of = |names: &[GeneralName<'_>]| names.iter().map(general_name).collect();
        Ok(Self {
            subject: parsed.subject().to_string(),
            issuer: parsed.issuer().to_string(),
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
            key: key_name(parsed.public_key()),
            signature_algorithm: signature_algorithm(parsed),
            subject_key_id,
            authority_key_id,
            task: task(parsed),
            sha256: hex(digest(&SHA256, parsed.as_raw()).as_ref()),
        })
    }
}

fn moment(time: ASN1Time) -> Result<OffsetDateTime, String> {
    OffsetDateTime::from_unix_timestamp(time.timestamp()).map_err(|error| error.to_string())
}

fn key_ids(parsed: &X509Certificate<'_>) -> (Option<String>, Option<String>) {
    let mut ids = (None, None);
    for extension in parsed.iter_extensions() {
        match extension.parsed_extension() {
            ParsedExtension::SubjectKeyIdentifier(id) => ids.0 = Some(hex(id.0)),
            ParsedExtension::AuthorityKeyIdentifier(id) => {
                ids.1 = id.key_identifier.as_ref().map(|id| hex(id.0));
            }
            _ => {}
        }
    }
    ids
}

fn task(parsed: &X509Certificate<'_>) -> Option<String> {
    let found = parsed.iter_extensions().find(|extension| extension.oid == TASK_OID)?;
    let (_, text) = Utf8String::from_der(found.value).ok()?;
    Some(text.string())
}

/// A name with its kind before it.
pub(super) fn general_name(name: &GeneralName<'_>) -> String {
    match name {
        GeneralName::URI(uri) => format!("URI:{uri}"),
        GeneralName::DNSName(name) => format!("DNS:{name}"),
        GeneralName::RFC822Name(name) => format!("email:{name}"),
        GeneralName::IPAddress(bytes) => match ip_address(bytes) {
            Some(address) => format!("IP:{address}"),
            None => "IP:?".to_owned(),
        },
        GeneralName::DirectoryName(name) => format!("DirName:{name}"),
        _ => "other".to_owned(),
    }
}

fn ip_address(bytes: &[u8]) -> Option<IpAddr> {
    match <[u8; 4]>::try_from(bytes) {
        Ok(v4) => Some(v4.into()),
        Err(_) => <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from),
    }
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
fn purposes(purposes: &ExtendedKeyUsage<'_>) -> Vec<String> {
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
    oid_registry().get(oid).map_or_else(|| oid.to_id_string(), |entry| entry.sn().to_owned())
}
