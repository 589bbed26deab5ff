//! Whether an authority from files is one: it is tried before it is taken.

use time::OffsetDateTime;

use super::Authority;
use crate::identity::x509::error::AuthorityError;
use crate::identity::x509::key::{KeyKind, PrivateKey};
use crate::identity::x509::path::{PathError, check_path, longest_lived_first};
use crate::identity::x509::profile::{BACKDATE, LeafProfile};
use crate::identity::x509::public_key::PublicKey;
use crate::identity::{ServiceAccount, SpiffeId, TrustDomain};

impl Authority {
    /// Checks its own certificate, and all of it by its fruit: a certificate that it signs must lead
    /// to one of its roots, which from then on is its anchor.
    pub(super) fn check(&mut self, now: OffsetDateTime) -> Result<(), AuthorityError> {
        self.check_own_certificate()?;
        let key = PrivateKey::generate(KeyKind::P256)?.public_key();
        let roots: Vec<_> = longest_lived_first(&self.roots).into_iter().cloned().collect();
        let mut reason = PathError::UnknownIssuer;
        for root in roots {
            self.anchor = root;
            match self.try_anchor(&key, now)? {
                Ok(()) => return Ok(()),
                Err(error) => reason = reason.or(error),
            }
        }
        Err(AuthorityError::Untrusted(reason))
    }

    fn check_own_certificate(&self) -> Result<(), AuthorityError> {
        let facts = self.certificate.facts();
        match self.certificate.public_key() {
            Err(error) => return Err(AuthorityError::CertifiedKey(error.clone())),
            Ok(key) if *key != self.key().public_key() => {
                return Err(AuthorityError::KeyMismatch { subject: self.subject() });
            }
            Ok(_) => {}
        }
        let lacks = |what| AuthorityError::NotAnAuthority { subject: self.subject(), what };
        if !facts.is_ca {
            return Err(lacks("CA:TRUE"));
        }
        if !facts.permits("keyCertSign") {
            return Err(lacks("keyCertSign"));
        }
        Ok(())
    }

    /// Whether what it signs for a key leads to the anchor. Where it has ended, or not begun, that is asked of
    /// a time when it was valid.
    fn try_anchor(
        &self,
        key: &PublicKey,
        now: OffsetDateTime,
    ) -> Result<Result<(), PathError>, AuthorityError> {
        let now = now.min(self.not_after()).max(self.certificate.facts().not_before);
        let identity = SpiffeId::new(TrustDomain::default(), ServiceAccount::default());
        let profile =
            LeafProfile { identity: &identity, organization: None, task: None, ttl: BACKDATE };
        let trial = self.certify(&profile, key, now)?;
        if !trial.names_as_issuer(&self.certificate) {
            return Err(AuthorityError::NameNotKept { subject: self.subject() });
        }
        let anchor = std::slice::from_ref(&self.anchor);
        Ok(check_path(&trial, &self.intermediates, anchor, now).map(drop))
    }
}
