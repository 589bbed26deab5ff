//! A certificate that was looked at before it is used: its key, its chain, whom it is for.

use std::fmt;
use std::time::Duration;

use time::OffsetDateTime;

use super::schedule::Life;
use crate::identity::SpiffeId;
use crate::identity::x509::{Bundle, Certificate, Verified, check_path, verify};

/// A key and its certificate, of use when it came.
pub struct Credential {
    bundle: Bundle,
    intermediates: Vec<Certificate>,
    verified: Verified,
    received: OffsetDateTime,
}

/// Why a certificate is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Rejected(String);

impl Credential {
    /// Takes a bundle that came at a moment, if it is good now: the key is that of the leaf, the
    /// chain leads to the bundle's own roots, and it is for `expected` if that is given.
    ///
    /// # Errors
    /// It is not good; all reasons are given.
    pub fn accept(
        bundle: Bundle,
        expected: Option<&SpiffeId>,
        received: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Result<Self, Rejected> {
        let verified = verify(&bundle, expected, now).map_err(|faults| {
            let words: Vec<_> = faults.iter().map(ToString::to_string).collect();
            Rejected(words.join("; "))
        })?;
        let mut intermediates = Certificate::all_from_pem(&bundle.cert_chain)
            .map_err(|error| Rejected(error.to_string()))?;
        intermediates.remove(0);
        Ok(Self { bundle, intermediates, verified, received })
    }

    /// Whom it is for.
    pub fn identity(&self) -> &SpiffeId {
        &self.verified.identity
    }

    /// The certificate itself.
    pub fn leaf(&self) -> &Certificate {
        &self.verified.leaf
    }

    /// The key, the chain, and the roots with which it came.
    pub fn bundle(&self) -> &Bundle {
        &self.bundle
    }

    /// From when to when it is of use: until the first certificate of its chain ends.
    pub fn life(&self) -> Life {
        Life {
            begins: self.verified.leaf.facts().not_before,
            received: self.received,
            ends: self.verified.not_after,
        }
    }

    /// How long it still is of use, if at all.
    pub fn left(&self, now: OffsetDateTime) -> Option<Duration> {
        let life = self.life();
        life.holds(now).then(|| Duration::try_from(life.ends - now).unwrap_or_default())
    }

    /// Whether those who trust `roots`, and nobody else, accept it.
    pub fn leads_to(&self, roots: &[Certificate], now: OffsetDateTime) -> bool {
        check_path(self.leaf(), &self.intermediates, roots, now).is_ok()
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.verified.leaf.fmt(f)
    }
}
