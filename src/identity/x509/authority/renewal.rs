//! A root that goes on: a new certificate for the same key. Its serial number and validity are new,
//! all else is as before, so that what was signed under the one leads to the other.

use std::time::Duration;

use rcgen::string::{Ia5String, PrintableString};
use rcgen::{CertificateParams, CustomExtension, DistinguishedName, DnType, DnValue, IsCa};
use time::OffsetDateTime;
use x509_parser::asn1_rs::Tag;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::X509Extension;
use x509_parser::oid_registry::OID_X509_EXT_AUTHORITY_KEY_IDENTIFIER;
use x509_parser::prelude::FromDer;
use x509_parser::x509::{AttributeTypeAndValue, X509Name};

use super::{Authority, read_back};
use crate::identity::x509::certificate::Certificate;
use crate::identity::x509::error::AuthorityError;
use crate::identity::x509::key::PrivateKey;
use crate::identity::x509::profile::{SignedBy, params};
use crate::identity::x509::text::rfc3339;

impl Authority {
    /// Whether its own certificate is the root that what it signs leads to.
    pub fn is_root(&self) -> bool {
        self.certificate == self.anchor
    }

    /// The certificates that its key had before, the last first. Peers are not to trust them any
    /// more: of two roots of one name and key some take the one that has ended.
    pub fn former(&self) -> &[Certificate] {
        &self.former
    }

    /// The same authority, which knows the certificates that its key had before.
    ///
    /// # Errors
    /// One is of another key, or another name.
    pub fn preceded_by(self, former: Vec<Certificate>) -> Result<Self, AuthorityError> {
        let own = |it: &&Certificate| {
            it.public_key() == self.certificate.public_key()
                && it.names_as_issuer(&self.certificate)
        };
        match former.iter().find(|it| !own(it)) {
            Some(other) => Err(AuthorityError::NoFormer { subject: other.facts().subject.clone() }),
            None => Ok(Self { former, ..self }),
        }
    }

    /// This root with a new certificate, which lives for `ttl` from now.
    ///
    /// # Errors
    /// It is no self-signed root, its name cannot be repeated, the new certificate would end before
    /// the present one, or it cannot be signed.
    pub fn renewed(&self, ttl: Duration, now: OffsetDateTime) -> Result<Self, AuthorityError> {
        if !self.is_root() {
            return Err(AuthorityError::NoRoot { subject: self.subject() });
        }
        let key = PrivateKey::from_pem(self.key().to_pem().as_bytes())?;
        let new = read_back(&self.anew(ttl, now)?.self_signed(&key)?)?;
        if !new.names_as_issuer(&self.certificate) {
            return Err(self.name_not_kept());
        }
        let (ends, present) = (new.facts().not_after, self.certificate.facts().not_after);
        if ends < present {
            let (ends, present) = (rfc3339(ends), rfc3339(present));
            return Err(AuthorityError::EndsSooner { ends, present });
        }
        let roots =
            self.roots.iter().map(|root| if self.certificate == *root { &new } else { root });
        let (roots, between) = (roots.cloned().collect(), self.intermediates.clone());
        let mut former = vec![self.certificate.clone()];
        former.extend(self.former.iter().cloned());
        former.retain(|it| it.facts().not_after >= now);
        let mut renewed = Self::new(key, new.clone(), between, roots, new)?.preceded_by(former)?;
        renewed.check(now)?;
        Ok(renewed)
    }

    /// Its certificate with another serial number and validity. Whose key signed it, it need not
    /// say of itself (RFC 5280 §4.2.1.1); where the old one did, that could be by its serial number.
    fn anew(
        &self,
        ttl: Duration,
        now: OffsetDateTime,
    ) -> Result<CertificateParams, AuthorityError> {
        let (_, present) = X509Certificate::from_der(self.certificate.der())
            .map_err(|error| AuthorityError::Signing(error.to_string()))?;
        let mut params = params(now, ttl, SignedBy::Itself)?;
        params.distinguished_name = name(present.subject()).ok_or_else(|| self.name_not_kept())?;
        // All extensions are among those copied, those that make a CA too.
        params.is_ca = IsCa::NoCa;
        let kept = present.extensions().iter();
        let kept = kept.filter(|it| it.oid != OID_X509_EXT_AUTHORITY_KEY_IDENTIFIER);
        let kept = kept.map(|it| extension(it).ok_or(rcgen::Error::CouldNotParseCertificate));
        params.custom_extensions = kept.collect::<Result<_, _>>()?;
        Ok(params)
    }

    fn name_not_kept(&self) -> AuthorityError {
        AuthorityError::NameNotKept { subject: self.subject() }
    }
}

/// The same name, if it has an encoding that is known.
fn name(of: &X509Name<'_>) -> Option<DistinguishedName> {
    let mut name = DistinguishedName::new();
    for part in of.iter_attributes() {
        let kind = part.attr_type().iter()?.collect::<Vec<_>>();
        name.push(DnType::from_oid(&kind), value(part)?);
    }
    Some(name)
}

fn value(part: &AttributeTypeAndValue<'_>) -> Option<DnValue> {
    let text = part.as_str().ok()?;
    match part.attr_value().tag() {
        Tag::Utf8String => Some(DnValue::Utf8String(text.to_owned())),
        Tag::PrintableString => PrintableString::try_from(text).ok().map(DnValue::PrintableString),
        Tag::Ia5String => Ia5String::try_from(text).ok().map(DnValue::Ia5String),
        _ => None,
    }
}

fn extension(of: &X509Extension<'_>) -> Option<CustomExtension> {
    let kind = of.oid.iter()?.collect::<Vec<_>>();
    let mut extension = CustomExtension::from_oid_content(&kind, of.value.to_vec());
    extension.set_criticality(of.critical);
    Some(extension)
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use time::macros::datetime;

    use super::*;
    use crate::identity::x509::{AuthorityProfile, KeyKind, LeafProfile, Organization, check_path};
    use crate::identity::{ServiceAccount, SpiffeId, TrustDomain};

    const NOW: OffsetDateTime = datetime!(2026-11-22 15:00 UTC);
    const HOUR: Duration = Duration::from_secs(3600);

    static MESH: LazyLock<Organization> = LazyLock::new(|| "mesh".parse().unwrap());

    fn profile(key: KeyKind, path_len: u8) -> AuthorityProfile<'static> {
        AuthorityProfile { organization: &MESH, ttl: 10 * HOUR, key, path_len }
    }

    fn root(key: KeyKind) -> Authority {
        Authority::root(&profile(key, 1), NOW).unwrap()
    }

    fn leaf(authority: &Authority, now: OffsetDateTime) -> Certificate {
        let key = PrivateKey::generate(KeyKind::P256).unwrap().public_key();
        let identity = SpiffeId::new(TrustDomain::default(), ServiceAccount::default());
        let leaf = LeafProfile { identity: &identity, organization: None, task: None, ttl: HOUR };
        authority.sign(&leaf, &key, now).unwrap()
    }

    #[test]
    fn a_renewed_root_differs_in_serial_number_and_validity_alone() {
        for key in [KeyKind::P256, KeyKind::Rsa2048] {
            let old = root(key);
            let new = old.renewed(20 * HOUR, NOW + HOUR).unwrap();
            let (before, mut after) =
                (old.certificate().facts(), new.certificate().facts().clone());
            assert_eq!(after.not_before, before.not_before + HOUR);
            assert_eq!(after.not_after, NOW + 21 * HOUR);
            assert_ne!(after.serial, before.serial);
            assert_ne!(after.sha256, before.sha256);
            after.serial.clone_from(&before.serial);
            after.sha256.clone_from(&before.sha256);
            (after.not_before, after.not_after) = (before.not_before, before.not_after);
            assert_eq!(after, *before);
            assert_eq!(new.key().public_key(), old.key().public_key());
            assert_eq!(new.roots(), std::slice::from_ref(new.certificate()));
        }
    }

    #[test]
    fn what_either_signed_leads_to_the_other() {
        let old = root(KeyKind::P256);
        let between = old.intermediate(&profile(KeyKind::P256, 0), NOW).unwrap();
        let new = old.renewed(20 * HOUR, NOW).unwrap();
        for (signer, roots) in
            [(&old, new.roots()), (&new, old.roots()), (&between, new.roots()), (&new, new.roots())]
        {
            let found = check_path(&leaf(signer, NOW), signer.intermediates(), roots, NOW);
            assert_eq!(found, Ok(&roots[0]));
        }
        let late = NOW + 12 * HOUR;
        assert!(check_path(&leaf(&new, late), &[], old.roots(), late).is_err());
        assert!(check_path(&leaf(&new, late), &[], new.roots(), late).is_ok());
    }

    #[test]
    fn only_a_root_is_renewed_and_only_to_live_longer() {
        let root = root(KeyKind::P256);
        let between = root.intermediate(&profile(KeyKind::P256, 0), NOW).unwrap();
        let refused = between.renewed(20 * HOUR, NOW).unwrap_err();
        assert!(matches!(refused, AuthorityError::NoRoot { .. }), "{refused}");
        let refused = root.renewed(9 * HOUR, NOW).unwrap_err();
        assert!(matches!(refused, AuthorityError::EndsSooner { .. }), "{refused}");
        assert!(root.renewed(10 * HOUR, NOW).is_ok());
    }

    #[test]
    fn a_root_that_has_ended_is_renewed_all_the_same() {
        let late = NOW + 11 * HOUR;
        let new = root(KeyKind::P256).renewed(10 * HOUR, late).unwrap();
        assert_eq!(new.check_valid(late), Ok(()));
        assert_eq!(new.former(), []);
    }

    #[test]
    fn the_certificates_of_before_are_known_until_they_end() {
        let first = root(KeyKind::P256);
        let second = first.renewed(20 * HOUR, NOW + 8 * HOUR).unwrap();
        assert_eq!(second.former(), first.roots());
        let third = second.renewed(20 * HOUR, NOW + 9 * HOUR).unwrap();
        assert_eq!(third.former(), [second.roots(), first.roots()].concat());
        let third = second.renewed(20 * HOUR, NOW + 11 * HOUR).unwrap();
        assert_eq!(third.former(), second.roots());
    }

    #[test]
    fn no_certificate_of_another_stood_before() {
        let (one, other) = (root(KeyKind::P256), root(KeyKind::P256));
        let leaf = leaf(&one, NOW);
        for stranger in [other.certificate(), &leaf] {
            let one = one.renewed(10 * HOUR, NOW).unwrap();
            let refused = one.preceded_by(vec![stranger.clone()]).unwrap_err();
            assert!(matches!(refused, AuthorityError::NoFormer { .. }), "{refused}");
        }
    }

    #[test]
    fn a_root_is_late_in_the_last_fifth_of_its_life() {
        let root = root(KeyKind::P256);
        let facts = root.certificate().facts();
        assert_eq!(facts.ttl(), 10 * HOUR);
        assert!(!facts.is_late(NOW + 8 * HOUR));
        assert!(facts.is_late(NOW + 8 * HOUR + Duration::from_secs(1)));
        assert!(facts.is_late(NOW + 11 * HOUR));
    }
}
