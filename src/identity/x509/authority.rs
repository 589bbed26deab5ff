//! A certificate authority: a key that signs, its certificate, and what leads from there to the
//! root that peers trust.

use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyUsagePurpose, SanType, SerialNumber,
};
use time::OffsetDateTime;

use super::certificate::{Certificate, CertificateError};
use super::key::{KeyError, KeyKind, PrivateKey, PublicKey, PublicKeyAlgorithm};
use super::path::check_path;
use super::text::{hex, rfc3339};
use crate::identity::{ServiceAccount, SpiffeId, TrustDomain};

/// How far a certificate's start lies in the past, for peers whose clocks are late (as istiod
/// does).
pub const BACKDATE: Duration = Duration::from_secs(2 * 60);

/// Randomness in serial numbers; RFC 5280 §4.1.2.2 allows up to 20 bytes.
const SERIAL_BYTES: usize = 16;

/// The attribute `serialNumber` of a name (X.520 §6.2.9).
const SERIAL_NUMBER: [u64; 4] = [2, 5, 4, 5];

/// Why an authority cannot be made, or cannot sign.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthorityError {
    /// No key of its own.
    #[error("the key {0}")]
    Key(#[from] KeyError),
    /// A certificate that cannot be read.
    #[error("{0}")]
    Certificate(#[from] CertificateError),
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
    #[error("what it signs would not be trusted: {reason}")]
    Untrusted {
        /// Why not.
        reason: String,
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

/// What a new authority is called and how long it lives.
#[derive(Clone, Debug)]
pub struct AuthorityProfile<'p> {
    /// The organisation in its name.
    pub organization: &'p str,
    /// How long it is valid from now.
    pub ttl: Duration,
    /// The kind of its key.
    pub key: KeyKind,
    /// How many authorities may stand below it.
    pub path_len: u8,
}

/// What a leaf is for; its key comes from whoever asks.
#[derive(Clone, Debug)]
pub struct LeafProfile<'p> {
    /// The workload.
    pub identity: &'p SpiffeId,
    /// The organisation in its subject; without one the subject is empty.
    pub organization: Option<&'p str>,
    /// How long it is valid from now; shorter where the authority's own certificates end sooner.
    pub ttl: Duration,
}

/// The files of an authority, PEM, as Istio 1.0.5's Citadel takes them.
#[derive(Clone, Copy)]
pub struct AuthorityFiles<'f> {
    /// The key that signs: PKCS#8, PKCS#1 or SEC1.
    pub key: &'f [u8],
    /// Its certificate.
    pub certificate: &'f [u8],
    /// The certificates between that and the root, nearest first; empty where there are none.
    pub chain: &'f [u8],
    /// The root, or several.
    pub roots: &'f [u8],
}

/// An authority that can sign.
#[derive(Debug)]
pub struct Authority {
    issuer: Issuer<'static, PrivateKey>,
    certificate: Certificate,
    /// From its own certificate, if that is no root, towards the root.
    intermediates: Vec<Certificate>,
    roots: Vec<Certificate>,
}

impl Authority {
    /// Makes a self-signed root.
    ///
    /// # Errors
    /// The key cannot be made, or the validity ends beyond the calendar.
    pub fn root(
        profile: &AuthorityProfile<'_>,
        now: OffsetDateTime,
    ) -> Result<Self, AuthorityError> {
        let key = PrivateKey::generate(profile.key)?;
        let params = authority_params(profile, validity(now, profile.ttl, None)?)?;
        let certificate = read(params.self_signed(&key))?;
        let roots = vec![certificate.clone()];
        Self::new(key, certificate, Vec::new(), roots)
    }

    /// Makes an intermediate authority that this one signs, so that its own key can stay offline.
    ///
    /// # Errors
    /// This authority allows none below it, is not valid now, or there is no key.
    pub fn intermediate(
        &self,
        profile: &AuthorityProfile<'_>,
        now: OffsetDateTime,
    ) -> Result<Self, AuthorityError> {
        if self.certificate.facts().path_len == Some(0) {
            return Err(AuthorityError::NoRoomBelow { subject: self.subject() });
        }
        self.check_valid(now)?;
        let key = PrivateKey::generate(profile.key)?;
        let mut params =
            authority_params(profile, validity(now, profile.ttl, Some(self.not_after()))?)?;
        params.use_authority_key_identifier_extension = true;
        let certificate = read(params.signed_by(&key, &self.issuer))?;
        let mut intermediates = vec![certificate.clone()];
        intermediates.extend(self.intermediates.iter().cloned());
        Self::new(key, certificate, intermediates, self.roots.clone())
    }

    /// An authority from its files, all PEM: the key, the signing certificate, the certificates
    /// between that and the root (`ca-cert.pem` itself may be the first, as in Istio's), the roots.
    ///
    /// # Errors
    /// A file cannot be read, the key is another's, or peers would not trust what it signs.
    pub fn from_pem(
        files: &AuthorityFiles<'_>,
        now: OffsetDateTime,
    ) -> Result<Self, AuthorityError> {
        let key = PrivateKey::from_pem(files.key)?;
        let certificate = Certificate::all_from_pem(files.certificate)?.swap_remove(0);
        let chain = match files.chain {
            chain if chain.trim_ascii().is_empty() => Vec::new(),
            chain => Certificate::all_from_pem(chain)?,
        };
        let roots = Certificate::all_from_pem(files.roots)?;
        let mut intermediates = Vec::new();
        for between in [&certificate].into_iter().chain(&chain) {
            if !between.is_self_issued() && !intermediates.contains(between) {
                intermediates.push(between.clone());
            }
        }
        let authority = Self::new(key, certificate, intermediates, roots)?;
        authority.check(now)?;
        Ok(authority)
    }

    fn new(
        key: PrivateKey,
        certificate: Certificate,
        intermediates: Vec<Certificate>,
        roots: Vec<Certificate>,
    ) -> Result<Self, AuthorityError> {
        let issuer = Issuer::from_ca_cert_der(certificate.der(), key).map_err(signing)?;
        Ok(Self { issuer, certificate, intermediates, roots })
    }

    /// Signs a certificate for a workload's public key.
    ///
    /// # Errors
    /// The authority is not valid now, or the cryptographic library failed.
    pub fn sign(
        &self,
        leaf: &LeafProfile<'_>,
        public_key: &PublicKey,
        now: OffsetDateTime,
    ) -> Result<Certificate, AuthorityError> {
        self.check_valid(now)?;
        let mut params = params(validity(now, leaf.ttl, Some(self.not_after()))?)?;
        if let Some(organization) = leaf.organization {
            params.distinguished_name.push(DnType::OrganizationName, organization);
        }
        let uri = leaf.identity.to_string().try_into().map_err(signing)?;
        params.subject_alt_names = vec![SanType::URI(uri)];
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        if let PublicKeyAlgorithm::Rsa(_) = public_key.algorithm() {
            params.key_usages.push(KeyUsagePurpose::KeyEncipherment);
        }
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        params.use_authority_key_identifier_extension = true;
        read(params.signed_by(public_key.info(), &self.issuer))
    }

    /// Its own certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// What a leaf takes along in its chain: all from the leaf's issuer to below the root.
    pub fn intermediates(&self) -> &[Certificate] {
        &self.intermediates
    }

    /// The roots that peers are to trust.
    pub fn roots(&self) -> &[Certificate] {
        &self.roots
    }

    /// Its key.
    pub fn key(&self) -> &PrivateKey {
        self.issuer.key()
    }

    /// When the first of the certificates ends that what it signs depends on.
    pub fn not_after(&self) -> OffsetDateTime {
        let own = [&self.certificate].into_iter().chain(&self.intermediates);
        let first = own.map(|certificate| certificate.facts().not_after).min();
        let last_root = self.roots.iter().map(|root| root.facts().not_after).max();
        first.into_iter().chain(last_root).min().expect("there is always its own certificate")
    }

    fn subject(&self) -> String {
        self.certificate.facts().subject.clone()
    }

    fn check_valid(&self, now: OffsetDateTime) -> Result<(), AuthorityError> {
        let facts = self.certificate.facts();
        let when = match now {
            now if now < facts.not_before => format!("begins at {}", rfc3339(facts.not_before)),
            now if now > self.not_after() => format!("has ended at {}", rfc3339(self.not_after())),
            _ => return Ok(()),
        };
        Err(AuthorityError::NotValidNow { subject: self.subject(), when })
    }

    /// Checks all of it by its fruit: a certificate that it signs must lead to its roots. Where it
    /// has ended, or not begun, that is asked of a time when it was valid.
    fn check(&self, now: OffsetDateTime) -> Result<(), AuthorityError> {
        let facts = self.certificate.facts();
        if self.key().public_key() != *self.certificate.public_key() {
            return Err(AuthorityError::KeyMismatch { subject: self.subject() });
        }
        let lacks = |what| AuthorityError::NotAnAuthority { subject: self.subject(), what };
        if !facts.is_ca {
            return Err(lacks("CA:TRUE"));
        }
        if !facts.key_usage.is_empty() && !facts.key_usage.contains(&"keyCertSign") {
            return Err(lacks("keyCertSign"));
        }
        let now = now.min(self.not_after()).max(facts.not_before);
        let identity = SpiffeId::new(TrustDomain::default(), ServiceAccount::default());
        let profile = LeafProfile { identity: &identity, organization: None, ttl: BACKDATE };
        let key = PrivateKey::generate(KeyKind::P256)?;
        let trial = self.sign(&profile, &key.public_key(), now)?;
        if !trial.names_as_issuer(&self.certificate) {
            return Err(AuthorityError::NameNotKept { subject: self.subject() });
        }
        check_path(&trial, &self.intermediates, &self.roots, now)
            .map_err(|error| AuthorityError::Untrusted { reason: error.to_string() })
    }
}

fn authority_params(
    profile: &AuthorityProfile<'_>,
    validity: (OffsetDateTime, OffsetDateTime),
) -> Result<CertificateParams, AuthorityError> {
    let mut params = params(validity)?;
    // Roots that bear one name cannot be told apart by peers that look for an issuer by it.
    let number = hex(&random()?);
    params.distinguished_name.push(DnType::OrganizationName, profile.organization);
    params.distinguished_name.push(DnType::CustomDnType(SERIAL_NUMBER.to_vec()), number);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(profile.path_len));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

/// What all certificates have: the validity, a random serial number, and no name as yet.
fn params(
    (not_before, not_after): (OffsetDateTime, OffsetDateTime),
) -> Result<CertificateParams, AuthorityError> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    (params.not_before, params.not_after) = (not_before, not_after);
    let mut serial = random()?;
    // Positive, and of full length.
    serial[0] = serial[0] & 0x7f | 0x40;
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    Ok(params)
}

/// The validity from a little before now, in whole seconds.
fn validity(
    now: OffsetDateTime,
    ttl: Duration,
    not_beyond: Option<OffsetDateTime>,
) -> Result<(OffsetDateTime, OffsetDateTime), AuthorityError> {
    let now = now.replace_nanosecond(0).expect("zero is a number of nanoseconds");
    let end = time::Duration::try_from(ttl).ok().and_then(|ttl| now.checked_add(ttl));
    let end = end.ok_or(AuthorityError::BeyondCalendar)?;
    Ok((now - BACKDATE, not_beyond.map_or(end, |limit| end.min(limit))))
}

fn random() -> Result<[u8; SERIAL_BYTES], AuthorityError> {
    let mut bytes = [0; SERIAL_BYTES];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| signing(rcgen::Error::RingUnspecified))?;
    Ok(bytes)
}

/// A certificate just signed, read back: what is given on is what others will read.
fn read(signed: Result<rcgen::Certificate, rcgen::Error>) -> Result<Certificate, AuthorityError> {
    Ok(Certificate::from_der(signed.map_err(signing)?.into())?)
}

fn signing(error: rcgen::Error) -> AuthorityError {
    AuthorityError::Signing(error.to_string())
}
