//! A CA at work: it certifies workloads, and goes from one root to the next.

use std::time::Duration;

use camino::Utf8Path;
use time::OffsetDateTime;

use super::directory::{Access, Directory, refuse_occupied};
use super::disk::Disk;
use super::error::CaError;
use super::rotation::Patience;
use super::state::{AuthorityId, Phase, Stage, State};
use crate::identity::x509::{Authority, Bundle, Certificate, KeyKind, LeafProfile};
use crate::identity::{SpiffeId, TrustDomain};

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
    pub organization: Option<&'r str>,
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
    /// Something is there already, or the disk fails; then nothing was made.
    pub fn create(
        path: &Utf8Path,
        trust_domain: TrustDomain,
        authority: &Authority,
        disk: &dyn Disk,
    ) -> Result<(), CaError> {
        let state = State::new(trust_domain, AuthorityId::of(authority.certificate()));
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

    /// Checks that a rotation can begin.
    ///
    /// # Errors
    /// One is under way.
    pub fn check_stable(&self) -> Result<(), CaError> {
        match self.phase() {
            Phase::Stable => Ok(()),
            _ => Err(self.state.rotation.not_next("prepare").into()),
        }
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
        if request.identity.trust_domain() != self.trust_domain() {
            return Err(CaError::ForeignIdentity {
                identity: request.identity.clone(),
                trust_domain: self.trust_domain().clone(),
            });
        }
        if !(MIN_LEAF_TTL..=MAX_LEAF_TTL).contains(&request.ttl) {
            return Err(CaError::LeafTtl(request.ttl));
        }
        let profile = LeafProfile {
            identity: request.identity,
            organization: request.organization,
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
    /// Another step of a rotation is next, or the disk fails; then all is as it was.
    pub fn prepare(&mut self, next: Authority, disk: &dyn Disk) -> Result<(), CaError> {
        let id = AuthorityId::of(next.certificate());
        let rotation = self.state.rotation.clone().prepare(id.clone())?;
        if next.certificate() == self.active.certificate() {
            return Err(CaError::SameAuthority);
        }
        self.directory.sweep(&self.state, disk)?;
        self.directory.put_authority(&id, &next, disk)?;
        let prepared = self.step(rotation, disk);
        match prepared {
            Ok(()) => self.other = Some(next),
            // The first error is the reason; what cannot be removed, the next step removes.
            Err(_) => drop(self.directory.sweep(&self.state, disk)),
        }
        prepared
    }

    /// Lets the next authority sign.
    ///
    /// # Errors
    /// It is not time, or the disk fails; then all is as it was.
    pub fn activate(
        &mut self,
        patience: Patience,
        now: OffsetDateTime,
        disk: &dyn Disk,
    ) -> Result<(), CaError> {
        let rotation = self.state.rotation.clone().activate(patience, now)?;
        self.directory.sweep(&self.state, disk)?;
        self.step(rotation, disk)?;
        if let Some(next) = self.other.as_mut() {
            std::mem::swap(&mut self.active, next);
        }
        Ok(())
    }

    /// Gives up the previous authority, and destroys its key; also one that was given up before and
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
        match self.state.rotation.clone().retire(patience, now) {
            Ok(rotation) => self.step(rotation, disk)?,
            Err(_) if self.phase() == Phase::Stable && !self.leftovers()?.is_empty() => {}
            Err(error) => return Err(error.into()),
        }
        self.other = None;
        self.directory.sweep(&self.state, disk)
    }

    fn step(&mut self, rotation: Stage, disk: &dyn Disk) -> Result<(), CaError> {
        let mut state = self.state.clone();
        state.rotation = rotation;
        self.directory.put_state(&state, disk)?;
        self.state = state;
        Ok(())
    }
}
