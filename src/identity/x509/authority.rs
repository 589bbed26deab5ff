//! A certificate authority: a key that signs, its certificate, and what leads from there to the
//! root that peers trust.

mod files;
mod renewal;
mod trial;

use rcgen::Issuer;
use time::OffsetDateTime;

use super::certificate::Certificate;
use super::error::AuthorityError;
use super::key::PrivateKey;
use super::profile::{AuthorityProfile, LeafProfile, ServerProfile, SignedBy};
use super::public_key::PublicKey;
use super::text::rfc3339;

pub use files::AuthorityFiles;

/// An authority that can sign.
#[derive(Debug)]
pub struct Authority {
    issuer: Issuer<'static, PrivateKey>,
    certificate: Certificate,
    /// From its own certificate, if that is no root, towards the root.
    intermediates: Vec<Certificate>,
    roots: Vec<Certificate>,
    /// The one of the roots that the intermediates lead to; of several, the one that lives longest.
    anchor: Certificate,
    /// Those that its key had before, the last first.
    former: Vec<Certificate>,
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
        let certificate = read_back(&profile.params(now, SignedBy::Itself)?.self_signed(&key)?)?;
        Self::new(key, certificate.clone(), Vec::new(), vec![certificate.clone()], certificate)
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
        let params = profile.params(now, SignedBy::Issuer { ends: self.not_after() })?;
        let certificate = read_back(&params.signed_by(&key, &self.issuer)?)?;
        let mut intermediates = vec![certificate.clone()];
        intermediates.extend(self.intermediates.iter().cloned());
        Self::new(key, certificate, intermediates, self.roots.clone(), self.anchor.clone())
    }

    fn new(
        key: PrivateKey,
        certificate: Certificate,
        intermediates: Vec<Certificate>,
        roots: Vec<Certificate>,
        anchor: Certificate,
    ) -> Result<Self, AuthorityError> {
        let issuer = Issuer::from_ca_cert_der(certificate.der(), key)?;
        Ok(Self { issuer, certificate, intermediates, roots, anchor, former: Vec::new() })
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
        self.certify(leaf, public_key, now)
    }

    /// Signs a certificate for a server's public key.
    ///
    /// # Errors
    /// The authority is not valid now, a name is none of DNS, or the cryptographic library failed.
    pub fn sign_server(
        &self,
        server: &ServerProfile<'_>,
        public_key: &PublicKey,
        now: OffsetDateTime,
    ) -> Result<Certificate, AuthorityError> {
        self.check_valid(now)?;
        let params = server.params(public_key.algorithm(), now, self.not_after())?;
        read_back(&params.signed_by(public_key.info(), &self.issuer)?)
    }

    fn certify(
        &self,
        leaf: &LeafProfile<'_>,
        public_key: &PublicKey,
        now: OffsetDateTime,
    ) -> Result<Certificate, AuthorityError> {
        let params = leaf.params(public_key.algorithm(), now, self.not_after())?;
        read_back(&params.signed_by(public_key.info(), &self.issuer)?)
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

    /// The root that what it signs leads to.
    pub fn anchor(&self) -> &Certificate {
        &self.anchor
    }

    /// Its key.
    pub fn key(&self) -> &PrivateKey {
        self.issuer.key()
    }

    /// When the first of the certificates ends that what it signs depends on: its own, those
    /// between, and the root that they lead to.
    pub fn not_after(&self) -> OffsetDateTime {
        let others = self.intermediates.iter().chain([&self.anchor]);
        let ends = others.map(|certificate| certificate.facts().not_after);
        ends.fold(self.certificate.facts().not_after, Ord::min)
    }

    fn subject(&self) -> String {
        self.certificate.facts().subject.clone()
    }

    /// Checks that it can sign now.
    ///
    /// # Errors
    /// Its certificate has not begun, or one has ended that what it signs depends on.
    pub fn check_valid(&self, now: OffsetDateTime) -> Result<(), AuthorityError> {
        let facts = self.certificate.facts();
        let when = match now {
            now if now < facts.not_before => format!("begins at {}", rfc3339(facts.not_before)),
            now if now > self.not_after() => format!("has ended at {}", rfc3339(self.not_after())),
            _ => return Ok(()),
        };
        Err(AuthorityError::NotValidNow { subject: self.subject(), when })
    }
}

/// A certificate just signed, read back: what is given on is what others will read.
fn read_back(signed: &rcgen::Certificate) -> Result<Certificate, AuthorityError> {
    Certificate::from_der(signed.der().clone())
        .map_err(|error| AuthorityError::Signing(error.to_string()))
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;
    use std::time::Duration;

    use time::macros::datetime;

    use super::*;
    use crate::identity::x509::{KeyKind, Organization, PathError, to_pem};
    use crate::identity::{ServiceAccount, SpiffeId, TrustDomain};

    const NOW: OffsetDateTime = datetime!(2026-11-22 15:00:00.5 UTC);
    const HOUR: Duration = Duration::from_secs(3600);

    static MESH: LazyLock<Organization> = LazyLock::new(|| "mesh".parse().unwrap());

    fn profile(ttl: Duration, path_len: u8) -> AuthorityProfile<'static> {
        AuthorityProfile { organization: &MESH, ttl, key: KeyKind::P256, path_len }
    }

    fn root(ttl: Duration, path_len: u8) -> Authority {
        Authority::root(&profile(ttl, path_len), NOW).unwrap()
    }

    fn identity() -> SpiffeId {
        SpiffeId::new(TrustDomain::default(), ServiceAccount::default())
    }

    fn sign(authority: &Authority, ttl: Duration) -> Certificate {
        let key = PrivateKey::generate(KeyKind::P256).unwrap().public_key();
        let profile = LeafProfile { identity: &identity(), organization: None, task: None, ttl };
        authority.sign(&profile, &key, NOW).unwrap()
    }

    /// An authority from files of these.
    fn reread(
        key: &PrivateKey,
        certificate: &Certificate,
        chain: &[Certificate],
        roots: &[Certificate],
    ) -> Result<Authority, AuthorityError> {
        reread_at(NOW, key, certificate, chain, roots)
    }

    fn reread_at(
        now: OffsetDateTime,
        key: &PrivateKey,
        certificate: &Certificate,
        chain: &[Certificate],
        roots: &[Certificate],
    ) -> Result<Authority, AuthorityError> {
        Authority::from_pem(
            &AuthorityFiles {
                key: key.to_pem().as_bytes(),
                certificate: certificate.to_pem().as_bytes(),
                chain: to_pem(chain).as_bytes(),
                roots: to_pem(roots).as_bytes(),
            },
            now,
        )
    }

    #[test]
    fn a_leaf_begins_a_little_before_now_and_lives_as_long_as_is_asked() {
        let leaf = sign(&root(24 * HOUR, 0), HOUR);
        assert_eq!(leaf.facts().not_before, datetime!(2026-11-22 14:58:00 UTC));
        assert_eq!(leaf.facts().not_after, datetime!(2026-11-22 16:00:00 UTC));
    }

    #[test]
    fn a_leaf_ends_with_its_signer_at_the_latest() {
        let authority = root(HOUR, 0);
        let leaf = sign(&authority, 24 * HOUR);
        assert_eq!(leaf.facts().not_after, authority.certificate().facts().not_after);
    }

    #[test]
    fn two_roots_of_one_organisation_bear_different_names() {
        let (one, other) = (root(HOUR, 0), root(HOUR, 0));
        let subject = |root: &Authority| root.certificate().facts().subject.clone();
        assert!(subject(&one).starts_with("O=mesh, serialNumber="), "{}", subject(&one));
        assert_ne!(subject(&one), subject(&other));
    }

    #[test]
    fn no_intermediate_stands_below_one_that_allows_none() {
        let intermediate = root(HOUR, 1).intermediate(&profile(HOUR, 0), NOW).unwrap();
        for authority in [root(HOUR, 0), intermediate] {
            let refused = authority.intermediate(&profile(HOUR, 0), NOW).unwrap_err();
            assert!(matches!(refused, AuthorityError::NoRoomBelow { .. }), "{refused}");
        }
    }

    #[test]
    fn an_authority_signs_only_while_it_is_valid() {
        let authority = root(HOUR, 0);
        let key = authority.key().public_key();
        let profile =
            LeafProfile { identity: &identity(), organization: None, task: None, ttl: HOUR };
        for moment in [NOW - HOUR, NOW + 2 * HOUR] {
            let refused = authority.sign(&profile, &key, moment).unwrap_err();
            assert!(matches!(refused, AuthorityError::NotValidNow { .. }), "{refused}");
        }
    }

    #[test]
    fn an_authority_is_the_same_after_a_journey_as_files_even_when_it_has_ended() {
        let intermediate = root(HOUR, 1).intermediate(&profile(HOUR, 0), NOW).unwrap();
        for authority in [root(HOUR, 0), intermediate] {
            let again = reread(
                authority.key(),
                authority.certificate(),
                authority.intermediates(),
                authority.roots(),
            )
            .unwrap();
            assert_eq!(again.certificate(), authority.certificate());
            assert_eq!(again.intermediates(), authority.intermediates());
        }
        let ended = Authority::root(&profile(HOUR, 0), NOW - 24 * HOUR).unwrap();
        assert!(reread(ended.key(), ended.certificate(), &[], ended.roots()).is_ok());
    }

    #[test]
    fn a_key_of_another_certificate_is_refused() {
        let (authority, other) = (root(HOUR, 0), root(HOUR, 0));
        let refused =
            reread(other.key(), authority.certificate(), &[], authority.roots()).unwrap_err();
        assert!(matches!(refused, AuthorityError::KeyMismatch { .. }), "{refused}");
    }

    #[test]
    fn a_leaf_is_no_authority() {
        let authority = root(HOUR, 0);
        let key = PrivateKey::generate(KeyKind::P256).unwrap();
        let profile =
            LeafProfile { identity: &identity(), organization: None, task: None, ttl: HOUR };
        let leaf = authority.sign(&profile, &key.public_key(), NOW).unwrap();
        let refused = reread(&key, &leaf, &[], authority.roots()).unwrap_err();
        assert!(matches!(refused, AuthorityError::NotAnAuthority { .. }), "{refused}");
    }

    #[test]
    fn an_intermediate_that_leads_to_another_root_is_refused() {
        let intermediate = root(HOUR, 1).intermediate(&profile(HOUR, 0), NOW).unwrap();
        let (key, other) = (intermediate.key(), root(HOUR, 1));
        let refused = reread(key, intermediate.certificate(), &[], other.roots()).unwrap_err();
        assert!(
            matches!(refused, AuthorityError::Untrusted(PathError::UnknownIssuer)),
            "{refused}"
        );
    }

    #[test]
    fn a_leaf_ends_with_the_root_that_it_leads_to_and_not_with_another() {
        let (short, long) = (root(24 * HOUR, 1), root(999 * HOUR, 1));
        let roots = [long.certificate().clone(), short.certificate().clone()];
        let below = profile(240 * HOUR, 0);
        let key = PrivateKey::generate(below.key).unwrap();
        // As others make it, who let it live beyond its root.
        let params = below.params(NOW, SignedBy::Issuer { ends: NOW + 240 * HOUR }).unwrap();
        let own = read_back(&params.signed_by(&key, &short.issuer).unwrap()).unwrap();
        let end = short.certificate().facts().not_after;
        for now in [NOW, NOW + 48 * HOUR] {
            let authority = reread_at(now, &key, &own, &[], &roots).unwrap();
            assert_eq!(authority.not_after(), end);
            assert_eq!(authority.check_valid(now).is_ok(), now < end);
        }
        let authority = reread(&key, &own, &[], &roots).unwrap();
        assert_eq!(sign(&authority, 720 * HOUR).facts().not_after, end);
    }

    #[test]
    fn a_validity_beyond_the_calendar_is_refused() {
        let forever = Duration::from_secs(u64::MAX);
        for ttl in [forever, Duration::from_secs(8_000 * 365 * 24 * 3600)] {
            let refused = Authority::root(&profile(ttl, 0), NOW).unwrap_err();
            assert_eq!(refused, AuthorityError::BeyondCalendar);
        }
    }
}
