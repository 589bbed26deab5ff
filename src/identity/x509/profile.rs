//! What certificates look like: the fields of an authority's and of a leaf.

use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose, SanType, SerialNumber,
};
use time::OffsetDateTime;
use x509_parser::asn1_rs::{Oid, ToDer, Utf8String, oid};

use super::error::AuthorityError;
use super::key::KeyKind;
use super::organization::Organization;
use super::public_key::PublicKeyAlgorithm;
use super::text::hex;
use crate::identity::{SpiffeId, Task};

/// How far a certificate's start lies in the past, for peers whose clocks are late (as istiod
/// does).
pub const BACKDATE: Duration = Duration::from_secs(2 * 60);

/// Randomness in serial numbers; RFC 5280 §4.1.2.2 allows up to 20 bytes.
const SERIAL_BYTES: usize = 16;

/// The extension that holds the text of a [`Task`]: an arc of our own (ITU-T X.667), not critical.
const TASK_ARCS: [u64; 3] = [2, 25, 6_410_985_273_314_870_529];
/// The same as it is read.
pub(super) const TASK_OID: Oid<'static> = oid!(2.25.6410985273314870529);

/// The attribute `serialNumber` of a name (X.520 §6.2.9).
const SERIAL_NUMBER: [u64; 4] = [2, 5, 4, 5];

/// What a new authority is called and how long it lives.
#[derive(Clone, Debug)]
pub struct AuthorityProfile<'p> {
    /// The organisation in its name.
    pub organization: &'p Organization,
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
    pub organization: Option<&'p Organization>,
    /// The Mesos task that it is given to, if one was attested: its renewal is for that one alone.
    pub task: Option<&'p Task>,
    /// How long it is valid from now; shorter where the authority's own certificates end sooner.
    pub ttl: Duration,
}

/// What the certificate of a server is for that is no workload.
#[derive(Clone, Debug)]
pub struct ServerProfile<'p> {
    /// The DNS names that clients know it by.
    pub names: &'p [String],
    /// How long it is valid from now; shorter where the authority's own certificates end sooner.
    pub ttl: Duration,
}

/// Whose signature a certificate bears.
#[derive(Clone, Copy)]
pub(super) enum SignedBy {
    /// Its own: that of a root.
    Itself,
    /// That of an issuer; it ends with that at the latest, and names that one's key.
    Issuer {
        /// When what the issuer signs ends.
        ends: OffsetDateTime,
    },
}

impl AuthorityProfile<'_> {
    /// The certificate of such an authority.
    pub(super) fn params(
        &self,
        now: OffsetDateTime,
        signed_by: SignedBy,
    ) -> Result<CertificateParams, AuthorityError> {
        let mut params = params(now, self.ttl, signed_by)?;
        // Roots that bear one name cannot be told apart by peers that look for an issuer by it.
        let number = hex(&random()?);
        params.distinguished_name.push(DnType::OrganizationName, self.organization.as_str());
        params.distinguished_name.push(DnType::CustomDnType(SERIAL_NUMBER.to_vec()), number);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(self.path_len));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        Ok(params)
    }
}

impl LeafProfile<'_> {
    /// The certificate of such a leaf; it ends by `not_beyond`, where its issuer does.
    pub(super) fn params(
        &self,
        key: PublicKeyAlgorithm,
        now: OffsetDateTime,
        not_beyond: OffsetDateTime,
    ) -> Result<CertificateParams, AuthorityError> {
        let mut params = end_entity(self.ttl, key, now, not_beyond)?;
        if let Some(organization) = self.organization {
            params.distinguished_name.push(DnType::OrganizationName, organization.as_str());
        }
        params.subject_alt_names = vec![SanType::URI(self.identity.to_string().try_into()?)];
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        if let Some(task) = self.task {
            let text = Utf8String::from(task.to_string());
            let text = text.to_der_vec().map_err(|error| {
                AuthorityError::Signing(format!("the task cannot be encoded: {error}"))
            })?;
            params.custom_extensions = vec![CustomExtension::from_oid_content(&TASK_ARCS, text)];
        }
        Ok(params)
    }
}

impl ServerProfile<'_> {
    /// The certificate of such a server; it ends by `not_beyond`, where its issuer does.
    pub(super) fn params(
        &self,
        key: PublicKeyAlgorithm,
        now: OffsetDateTime,
        not_beyond: OffsetDateTime,
    ) -> Result<CertificateParams, AuthorityError> {
        let mut params = end_entity(self.ttl, key, now, not_beyond)?;
        let names = self.names.iter().map(|name| Ok(SanType::DnsName(name.as_str().try_into()?)));
        params.subject_alt_names = names.collect::<Result<_, rcgen::Error>>()?;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        Ok(params)
    }
}

/// What the certificates of all have that are no authorities.
fn end_entity(
    ttl: Duration,
    key: PublicKeyAlgorithm,
    now: OffsetDateTime,
    not_beyond: OffsetDateTime,
) -> Result<CertificateParams, AuthorityError> {
    let mut params = params(now, ttl, SignedBy::Issuer { ends: not_beyond })?;
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    if let PublicKeyAlgorithm::Rsa(_) = key {
        params.key_usages.push(KeyUsagePurpose::KeyEncipherment);
    }
    Ok(params)
}

/// What all certificates have: the validity, from a little before now and in whole seconds; a
/// random serial number; the id of the issuer's key, if there is one; and no name as yet.
pub(super) fn params(
    now: OffsetDateTime,
    ttl: Duration,
    signed_by: SignedBy,
) -> Result<CertificateParams, AuthorityError> {
    let now = now.replace_nanosecond(0).expect("zero is a number of nanoseconds");
    let end = time::Duration::try_from(ttl).ok().and_then(|ttl| now.checked_add(ttl));
    let end = end.ok_or(AuthorityError::BeyondCalendar)?;
    let mut params = CertificateParams::default();
    params.not_before = now - BACKDATE;
    params.not_after = end;
    if let SignedBy::Issuer { ends } = signed_by {
        params.not_after = end.min(ends);
        params.use_authority_key_identifier_extension = true;
    }
    params.distinguished_name = DistinguishedName::new();
    let mut serial = random()?;
    // Positive, and of full length.
    serial[0] = serial[0] & 0x7f | 0x40;
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    Ok(params)
}

fn random() -> Result<[u8; SERIAL_BYTES], AuthorityError> {
    let mut bytes = [0; SERIAL_BYTES];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| rcgen::Error::RingUnspecified)?;
    Ok(bytes)
}
