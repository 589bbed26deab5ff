//! A CA at work: it certifies workloads, and goes from one root to the next.

mod renewal;

use std::time::Duration;

use camino::Utf8Path;
use time::OffsetDateTime;

use super::directory::{Access, Directory, refuse_occupied};
use super::disk::Disk;
use super::error::CaError;
use super::rotation::{Patience, RotationError};
use super::state::{AuthorityId, Phase, Role, Stage, State};
use crate::identity::x509::{
    Authority, Bundle, Certificate, Facts, KeyKind, LeafProfile, Organization, rfc3339,
};
use crate::identity::{SpiffeId, TrustDomain};

pub(super) use renewal::is_renewal_due;

/// The shortest life of a leaf: shorter ones would end on their way to the pod.
pub const MIN_LEAF_TTL: Duration = Duration::from_secs(60);

/// The longest life of a leaf, 90 days, as Citadel's `--max-workload-cert-ttl`.
pub const MAX_LEAF_TTL: Duration = Duration::from_secs(90 * 24 * 3600);

/// A bundle that is asked for.
#[derive(Clone, Debug)]
pub struct BundleRequest<'r> {
    /// For whom.
    pub identity: &'r SpiffeId,
    /// The organisation in the leaf's subject; without one the subject is empty.
    pub organization: Option<&'r Organization>,
    /// How long the leaf lives, between [`MIN_LEAF_TTL`] and [`MAX_LEAF_TTL`]; shorter where the
    /// authority ends sooner.
    pub ttl: Duration,
    /// The kind of its key.
    pub key: KeyKind,
}

/// The CA in a directory. It holds the directory until it is dropped.
#[derive(Debug)]
pub struct Citadel {
    directory: Directory,
    state: State,
    active: Authority,
    other: Option<Authority>,
}

/// An authority's part in the CA.
#[derive(Debug)]
pub struct Member<'c> {
    /// Its id, which names its directory.
    pub id: &'c AuthorityId,
    /// The authority.
    pub authority: &'c Authority,
    /// When the last leaf ends that it signed; `None` if it signed none.
    pub leaves_until: Option<OffsetDateTime>,
}

impl Citadel {
    /// Makes the directory of a CA.
    ///
    /// # Errors
    /// Something is there already, the authority is not valid now, or the disk fails; then nothing
    /// was made.
    pub fn create(
        path: &Utf8Path,
        trust_domain: TrustDomain,
        role: Role,
        authority: &Authority,
        now: OffsetDateTime,
        disk: &dyn Disk,
    ) -> Result<(), CaError> {
        authority.check_valid(now)?;
        let state = State::new(trust_domain, role, AuthorityId::of(authority.certificate()));
        Directory::create(path, &state, authority, disk)
    }

    /// Checks that a new CA can be made at a place.
    ///
    /// # Errors
    /// Something is there already.
    pub fn refuse_occupied(path: &Utf8Path) -> Result<(), CaError> {
        refuse_occupied(path)
    }

    /// Opens the CA in a directory.
    ///
    /// # Errors
    /// It cannot be read whole, or others than its owner can read it.
    pub fn open(path: &Utf8Path, access: Access, now: OffsetDateTime) -> Result<Self, CaError> {
        let directory = Directory::open(path, access)?;
        let state = directory.state()?;
        let active = directory.authority(&state.active().id, now)?;
        let other = state.other().map(|other| directory.authority(&other.id, now)).transpose()?;
        Ok(Self { directory, state, active, other })
    }

    /// The trust domain that it vouches for.
    pub fn trust_domain(&self) -> &TrustDomain {
        &self.state.trust_domain
    }

    /// What it is for.
    pub fn role(&self) -> Role {
        self.state.role
    }

    /// How far the way to a new root has come.
    pub fn phase(&self) -> Phase {
        self.state.phase()
    }

    /// The authority that signs.
    pub fn active(&self) -> Member<'_> {
        let signer = self.state.active();
        Member { id: &signer.id, authority: &self.active, leaves_until: signer.leaves_until }
    }

    /// The authority that is trusted beside it: the next or the previous one.
    pub fn other(&self) -> Option<Member<'_>> {
        let (signer, authority) = (self.state.other()?, self.other.as_ref()?);
        Some(Member { id: &signer.id, authority, leaves_until: signer.leaves_until })
    }

    /// When the next step of the rotation can be taken; `None` if at any time.
    pub fn due(&self) -> Option<OffsetDateTime> {
        self.state.rotation.due()
    }

    /// Checks that a rotation can begin, before anything is made for it.
    ///
    /// # Errors
    /// One is under way, or there can be none.
    pub fn check_can_prepare(&self) -> Result<(), CaError> {
        self.check_signing()?;
        match self.phase() {
            Phase::Stable => Ok(()),
            _ => Err(self.state.rotation.not_next("prepare").into()),
        }
    }

    /// When the last bundle ends that this CA made; `None` if it made none.
    pub fn bundles_until(&self) -> Option<OffsetDateTime> {
        let signers = [Some(self.state.active()), self.state.other()];
        signers.into_iter().flatten().filter_map(|signer| signer.leaves_until).max()
    }

    /// What a step that was cut short left in the directory; the next step removes it.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub fn leftovers(&self) -> Result<Vec<String>, CaError> {
        self.directory.leftovers(&self.state)
    }

    /// The roots that workloads are to trust, those of the signing authority first.
    pub fn roots(&self) -> Vec<Certificate> {
        let mut roots: Vec<Certificate> = Vec::new();
        for root in [&self.active].into_iter().chain(&self.other).flat_map(Authority::roots) {
            if !roots.contains(root) {
                roots.push(root.clone());
            }
        }
        roots
    }

    /// Makes a bundle. Before it leaves the process, its end is to be [promised](Self::promise).
    ///
    /// # Errors
    /// What is asked for is nothing that this CA gives, or it cannot sign now.
    pub fn issue(
        &self,
        request: &BundleRequest<'_>,
        now: OffsetDateTime,
    ) -> Result<(Bundle, Certificate), CaError> {
        self.check_signing()?;
        check_leaf(self.trust_domain(), request.identity, request.ttl)?;
        let profile = LeafProfile {
            identity: request.identity,
            organization: request.organization,
            task: None,
            ttl: request.ttl,
        };
        Ok(Bundle::issue(&self.active, &self.roots(), &profile, request.key, now)?)
    }

    /// Writes down that leaves of the signing authority live until `moment`, so that no rotation
    /// cuts them off.
    ///
    /// # Errors
    /// The disk fails; then the leaves must not be handed out.
    pub fn promise(&mut self, moment: OffsetDateTime, disk: &dyn Disk) -> Result<(), CaError> {
        let mut state = self.state.clone();
        if state.active_mut().promise(moment) {
            self.directory.put_state(&state, disk)?;
            self.state = state;
        }
        Ok(())
    }

    /// Takes `next` in as the next authority: from now on bundles carry its root too.
    ///
    /// # Errors
    /// Another step of a rotation is next, `next` cannot be what follows, or the disk fails; then
    /// all is as it was.
    pub fn prepare(
        &mut self,
        next: Authority,
        now: OffsetDateTime,
        disk: &dyn Disk,
    ) -> Result<(), CaError> {
        self.check_can_prepare()?;
        let id = AuthorityId::of(next.certificate());
        let rotation = self.state.rotation.clone().prepare(id)?;
        self.check_successor(&next, rotation.due(), now)?;
        self.step_to(&next, rotation, disk)?;
        self.other = Some(next);
        Ok(())
    }

    /// Lets the next authority sign.
    ///
    /// # Errors
    /// It is not time, the next authority is not valid now, or the disk fails; then all is as it
    /// was.
    pub fn activate(
        &mut self,
        patience: Patience,
        now: OffsetDateTime,
        disk: &dyn Disk,
    ) -> Result<(), CaError> {
        let rotation = self.state.rotation.clone().activate(patience, now)?;
        // No haste is worth an authority that can sign nothing.
        self.other.as_ref().map_or(Ok(()), |next| next.check_valid(now))?;
        self.directory.sweep(&self.state, disk)?;
        self.step(rotation, disk)?;
        if let Some(next) = self.other.as_mut() {
            std::mem::swap(&mut self.active, next);
        }
        Ok(())
    }

    /// Gives up the previous authority, and removes its key; also one that was given up before and
    /// whose key outlived that.
    ///
    /// # Errors
    /// It is not time, or the disk fails; then all is as it was, but for the key if that could not
    /// be removed: the step can be taken again.
    pub fn retire(
        &mut self,
        patience: Patience,
        now: OffsetDateTime,
        disk: &dyn Disk,
    ) -> Result<(), CaError> {
        let rotation = self.state.rotation.clone().retire(patience, now);
        self.give_up_other(rotation, disk)
    }

    /// Gives up the next authority, which has signed nothing, and removes its key.
    ///
    /// # Errors
    /// There is none, or the disk fails; then all is as it was, but for the key if that could not
    /// be removed: the step can be taken again.
    pub fn cancel(&mut self, disk: &dyn Disk) -> Result<(), CaError> {
        let rotation = self.state.rotation.clone().cancel();
        self.give_up_other(rotation, disk)
    }

    /// Leaves one authority, and nothing of any other.
    fn give_up_other(
        &mut self,
        rotation: Result<Stage, RotationError>,
        disk: &dyn Disk,
    ) -> Result<(), CaError> {
        match rotation {
            Ok(rotation) => self.step(rotation, disk)?,
            Err(_) if self.phase() == Phase::Stable && !self.leftovers()?.is_empty() => {}
            Err(error) => return Err(error.into()),
        }
        self.other = None;
        self.directory.sweep(&self.state, disk)
    }

    /// Its authorities, of which it lets go with its directory.
    pub(super) fn release(self) -> Released {
        Released { active: self.active, other: self.other }
    }

    fn check_signing(&self) -> Result<(), CaError> {
        match self.role() {
            Role::Signing => Ok(()),
            Role::OfflineRoot => Err(CaError::OfflineRoot),
        }
    }

    /// Checks that an authority can follow, from `due` on.
    fn check_successor(
        &self,
        next: &Authority,
        due: Option<OffsetDateTime>,
        now: OffsetDateTime,
    ) -> Result<(), CaError> {
        next.check_valid(now)?;
        if next.certificate() == self.active.certificate() {
            return Err(CaError::SameAuthority);
        }
        let (ends, due) = (next.not_after(), due.unwrap_or(now));
        if ends < due {
            return Err(CaError::EndsTooSoon { ends: rfc3339(ends), due: rfc3339(due) });
        }
        let known = |root: &&Certificate| {
            self.active.roots().iter().any(|known| mistakable(root.facts(), known.facts()))
        };
        match next.roots().iter().find(known) {
            Some(root) => Err(CaError::SameName { subject: root.facts().subject.clone() }),
            None => Ok(()),
        }
    }

    /// Takes a step after which there is a new authority.
    fn step_to(
        &mut self,
        new: &Authority,
        rotation: Stage,
        disk: &dyn Disk,
    ) -> Result<(), CaError> {
        self.directory.sweep(&self.state, disk)?;
        self.directory.put_authority(&AuthorityId::of(new.certificate()), new, disk)?;
        let taken = self.step(rotation, disk);
        if taken.is_err() {
            // The first error is the reason; what cannot be removed, the next step removes.
            drop(self.directory.sweep(&self.state, disk));
        }
        taken
    }

    fn step(&mut self, rotation: Stage, disk: &dyn Disk) -> Result<(), CaError> {
        let mut state = self.state.clone();
        state.rotation = rotation;
        self.directory.put_state(&state, disk)?;
        self.state = state;
        Ok(())
    }
}

/// The authorities of a CA whose directory is no longer held.
pub(super) struct Released {
    /// The one that signs.
    pub(super) active: Authority,
    /// The one that is trusted beside it.
    pub(super) other: Option<Authority>,
}

/// Checks that a leaf is one that a CA gives.
pub(super) fn check_leaf(
    trust_domain: &TrustDomain,
    identity: &SpiffeId,
    ttl: Duration,
) -> Result<(), CaError> {
    if identity.trust_domain() != trust_domain {
        let (identity, trust_domain) = (identity.clone(), trust_domain.clone());
        return Err(CaError::ForeignIdentity { identity, trust_domain });
    }
    if !(MIN_LEAF_TTL..=MAX_LEAF_TTL).contains(&ttl) {
        return Err(CaError::LeafTtl(ttl));
    }
    Ok(())
}

/// Whether peers could take one root for the other: they look for an issuer by its name, and tell
/// issuers of one name apart by the ids of their keys.
fn mistakable(one: &Facts, other: &Facts) -> bool {
    let (a, b) = (&one.subject_key_id, &other.subject_key_id);
    let told_apart = a.is_some() && b.is_some() && a != b;
    one.sha256 != other.sha256 && one.subject == other.subject && !told_apart
}
