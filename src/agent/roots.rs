//! The roots that a workload trusts.

use aws_lc_rs::digest::{SHA256, digest};
use time::OffsetDateTime;

use super::credential::Credential;
use crate::identity::x509::{Certificate, hex, to_pem};

/// Roots, in the order in which they came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roots {
    certificates: Vec<Certificate>,
    pem: String,
    version: String,
}

/// Why some certificates are no roots to trust.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the roots are of no use: {0}")]
pub struct InvalidRoots(String);

impl Roots {
    /// Reads them, PEM.
    ///
    /// # Errors
    /// It holds something else, a certificate that is no CA's, or none that is valid now.
    pub fn parse(pem: &[u8], now: OffsetDateTime) -> Result<Self, InvalidRoots> {
        let certificates = Certificate::all_from_pem(pem)
            .map_err(|error| InvalidRoots(format!("the file {error}")))?;
        if let Some(stranger) = certificates.iter().find(|root| !root.facts().is_ca) {
            return Err(InvalidRoots(format!("{:?} is no CA", stranger.facts().subject)));
        }
        if !certificates.iter().any(|root| is_valid(root, now)) {
            return Err(InvalidRoots("none of them is valid now".to_owned()));
        }
        Ok(Self::new(certificates))
    }

    fn new(mut certificates: Vec<Certificate>) -> Self {
        let mut seen = Vec::new();
        certificates.retain(|root| {
            let is_new = !seen.contains(&root.facts().sha256);
            seen.push(root.facts().sha256.clone());
            is_new
        });
        let pem = to_pem(&certificates);
        let version = hex(digest(&SHA256, pem.as_bytes()).as_ref());
        Self { certificates, pem, version }
    }

    /// The certificates.
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// The same as PEM.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// What no other roots are called: the SHA-256 of their PEM.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// These, and of `former` ones those without which peers that have what we have would not
    /// accept `credential`.
    pub fn keeping(&self, former: &Self, credential: &Credential, now: OffsetDateTime) -> Self {
        if credential.leads_to(&self.certificates, now) {
            return self.clone();
        }
        let needed = former
            .certificates
            .iter()
            .filter(|root| credential.leads_to(std::slice::from_ref(*root), now));
        Self::new(self.certificates.iter().chain(needed).cloned().collect())
    }
}

/// Whether a certificate has begun and not ended.
pub(super) fn is_valid(certificate: &Certificate, now: OffsetDateTime) -> bool {
    (certificate.facts().not_before..=certificate.facts().not_after).contains(&now)
}

#[cfg(test)]
pub(super) mod tests {
    use std::time::Duration;

    use time::macros::datetime;

    use super::*;
    use crate::identity::x509::{
        Authority, AuthorityProfile, Bundle, KeyKind, LeafProfile, PrivateKey,
    };

    pub(in crate::agent) const NOW: OffsetDateTime = datetime!(2026-11-22 15:00 UTC);
    const HOUR: Duration = Duration::from_secs(3600);

    pub(in crate::agent) fn authority() -> Authority {
        let organization = "mesh".parse().unwrap();
        let (key, ttl) = (KeyKind::P256, HOUR);
        let profile = AuthorityProfile { organization: &organization, ttl, key, path_len: 0 };
        Authority::root(&profile, NOW).unwrap()
    }

    pub(in crate::agent) fn roots(of: &[&Authority]) -> Roots {
        let pem = to_pem(of.iter().map(|authority| authority.certificate()));
        Roots::parse(pem.as_bytes(), NOW).unwrap()
    }

    pub(in crate::agent) fn credential(authority: &Authority) -> Credential {
        let identity = "spiffe://cluster.local/ns/default/sa/default".parse().unwrap();
        let leaf = LeafProfile { identity: &identity, organization: None, task: None, ttl: HOUR };
        let trusted = authority.roots();
        let made = Bundle::issue(authority, trusted, &leaf, KeyKind::P256, NOW).unwrap();
        Credential::accept(made.0, None, NOW, NOW).unwrap()
    }

    #[test]
    fn what_a_certificate_needs_is_kept_and_no_more() {
        let (one, other, third) = (authority(), authority(), authority());
        let former = roots(&[&third, &one]);
        let new = roots(&[&other]);
        assert_eq!(new.keeping(&former, &credential(&one), NOW), roots(&[&other, &one]));
        assert_eq!(new.keeping(&former, &credential(&other), NOW), new);
    }

    #[test]
    fn roots_are_called_by_what_they_are() {
        let (one, other) = (authority(), authority());
        assert_eq!(roots(&[&one]).version(), roots(&[&one, &one]).version());
        assert_ne!(roots(&[&one, &other]).version(), roots(&[&one]).version());
    }

    #[test]
    fn what_could_vouch_for_nobody_is_no_root() {
        let one = authority();
        let leaf = credential(&one).leaf().to_pem();
        let mixed = format!("{}{leaf}", one.certificate().to_pem());
        let key = PrivateKey::generate(KeyKind::P256).unwrap().to_pem();
        for pem in ["", &leaf, &mixed, &key] {
            let refused = Roots::parse(pem.as_bytes(), NOW).unwrap_err().to_string();
            assert!(!refused.contains("PRIVATE"), "{refused}");
        }
        let late = Roots::parse(one.certificate().to_pem().as_bytes(), NOW + 2 * HOUR);
        assert_eq!(
            late.unwrap_err().to_string(),
            "the roots are of no use: none of them is valid now"
        );
    }
}
