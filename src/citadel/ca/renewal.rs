//! The renewal of a root: a new certificate for the same key, in one step that nobody has to wait
//! for. A root that ends takes its mesh along; one whose key is in the wrong hands, or too weak, needs
//! a successor instead.
//!
//! Nobody is cut off by it. What was signed under the old certificate leads to the new one, and the
//! other way round. From then on bundles carry the new one alone: of two roots of one name and key
//! some peers take the one that has ended. Whoever has the old one alone has a leaf that ends before
//! it, and comes for another, and for the new root with it, in time.
//!
//! Pods know the root by the SHA-256 of its certificate, and their tasks enrol for years after they
//! were submitted. So the old one is kept as long as it is valid, to be shown to them.

use std::time::Duration;

use time::OffsetDateTime;

use super::Citadel;
use crate::citadel::disk::Disk;
use crate::citadel::error::CaError;
use crate::citadel::state::{AuthorityId, Phase};
use crate::identity::x509::Authority;

impl Citadel {
    /// Gives the root a new certificate, for the same key, that lives for `ttl`; without one as long
    /// as the present one was made to.
    ///
    /// # Errors
    /// It is not self-signed, a rotation is under way, the new certificate would end before the
    /// present one, or the disk fails; then all is as it was.
    pub fn renew(
        &mut self,
        ttl: Option<Duration>,
        now: OffsetDateTime,
        disk: &dyn Disk,
    ) -> Result<(), CaError> {
        self.check_signing()?;
        let ttl = ttl.unwrap_or_else(|| self.active.certificate().facts().ttl());
        let renewed = self.active.renewed(ttl, now)?;
        let id = AuthorityId::of(renewed.certificate());
        let rotation = self.state.rotation.clone().renew(id)?;
        self.step_to(&renewed, rotation, disk)?;
        self.active = renewed;
        // What cannot be removed is the same key once more; the next step removes it.
        drop(self.directory.sweep(&self.state, disk));
        Ok(())
    }
}

/// Whether it is time for that: in the last fifth of the life of a root that can be renewed.
pub(in crate::citadel) fn is_renewal_due(
    phase: Phase,
    active: &Authority,
    now: OffsetDateTime,
) -> bool {
    phase == Phase::Stable && active.is_root() && active.certificate().facts().is_late(now)
}
