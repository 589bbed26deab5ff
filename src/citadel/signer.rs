//! The CA as a service needs it: open for years, while others take it from one root to the next on
//! disk. What it signs is promised on disk before it is handed out.
//!
//! It signs from memory, which may lag behind the disk. That cuts nobody off: a leaf that is signed
//! from memory ends within the promise that memory knows, and that one was on disk before any later
//! step of a rotation. So `activate` waits until a leaf has ended that was given without the next
//! root, and `retire` until one has ended that the previous authority signed after it was followed
//! by another. A leaf that needs a longer promise is signed under the lock, by what is on disk then
//! and with the roots of then.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use time::OffsetDateTime;

use super::ca::{Citadel, Released, check_leaf, is_renewal_due};
use super::directory::{Access, state_of};
use super::disk::Disk;
use super::error::CaError;
use super::files::at;
use super::state::{Phase, Role};
use crate::identity::x509::{
    Authority, AuthorityError, Certificate, KeyKind, LeafProfile, PrivateKey, PublicKey,
    PublicKeyAlgorithm, ServerProfile,
};
use crate::identity::{SpiffeId, Task, TrustDomain};

/// Nobody has to wait so long for others who write a promise, unless they cannot.
const LONG: Duration = Duration::from_secs(2);

/// The CA in a directory, which it does not hold: others may change it meanwhile.
pub struct Signer {
    path: Utf8PathBuf,
    disk: Arc<dyn Disk + Send + Sync>,
    trust_domain: TrustDomain,
    standing: RwLock<Arc<Standing>>,
    /// Held by whoever reads the directory: what is read later is never followed by what was read
    /// earlier.
    reading: Mutex<()>,
}

/// Where the CA stood when its directory was read last.
struct Standing {
    seen: Seen,
    phase: Phase,
    active: Authority,
    other: Option<Authority>,
    /// No leaf of the active authority may end later.
    promised: Option<OffsetDateTime>,
    roots: Arc<[Certificate]>,
}

/// What tells one file of state from the next, which takes its place by a rename.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Seen {
    inode: u64,
    length: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

/// What is to be signed.
#[derive(Clone, Debug)]
pub struct Ask<'a> {
    /// For whom.
    pub identity: &'a SpiffeId,
    /// The task that it is given to.
    pub task: Option<&'a Task>,
    /// The key.
    pub public_key: &'a PublicKey,
    /// How long it lives; shorter where the authority ends sooner.
    pub ttl: Duration,
}

/// What was signed.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The certificate.
    pub leaf: Certificate,
    /// Those between it and the root.
    pub intermediates: Vec<Certificate>,
    /// All roots that workloads are to trust.
    pub roots: Arc<[Certificate]>,
}

/// What the service itself shows to its clients.
pub struct Serving {
    /// Its certificate, those between, the root, and the certificates that the root had before:
    /// clients that know one of them by its digest find it there.
    pub chain: Vec<Certificate>,
    /// Its key.
    pub key: PrivateKey,
}

impl Signer {
    /// Opens the CA in a directory.
    ///
    /// # Errors
    /// As with [`Citadel::open`], or the CA certifies no workloads.
    pub fn open(
        path: &Utf8Path,
        disk: Arc<dyn Disk + Send + Sync>,
        now: OffsetDateTime,
    ) -> Result<Self, CaError> {
        let citadel = Citadel::open(path, Access::Read, now)?;
        let trust_domain = citadel.trust_domain().clone();
        let standing = Standing::of(citadel, path)?;
        Ok(Self {
            path: path.to_owned(),
            disk,
            trust_domain,
            standing: RwLock::new(Arc::new(standing)),
            reading: Mutex::new(()),
        })
    }

    /// Reads the directory again if it was changed; whether it was. If it was not, this costs
    /// little more than a look at one file; otherwise it waits for whoever changes it, up to ten
    /// seconds, and blocks the thread meanwhile.
    ///
    /// # Errors
    /// It cannot be read; then all goes on as before, and the next call tries again.
    pub fn refresh(&self, now: OffsetDateTime) -> Result<bool, CaError> {
        if Seen::now(&self.path)? == self.standing().seen {
            return Ok(false);
        }
        let _reading = self.reading();
        let citadel = Citadel::open(&self.path, Access::Read, now)?;
        self.keep(citadel)?;
        Ok(true)
    }

    /// The life of the root that signs, from beginning to end, if it is time to renew it.
    pub fn late_root(&self, now: OffsetDateTime) -> Option<Duration> {
        let standing = self.standing();
        is_renewal_due(standing.phase, &standing.active, now)
            .then(|| standing.active.certificate().facts().ttl())
    }

    /// Renews the root if that is due; whether it was. That takes the directory's lock and some
    /// writes, and blocks the thread meanwhile.
    ///
    /// # Errors
    /// The directory cannot be read, or the disk fails; then all goes on as before.
    pub fn renew_root(&self, now: OffsetDateTime) -> Result<bool, CaError> {
        if self.late_root(now).is_none() {
            return Ok(false);
        }
        let _reading = self.reading();
        let mut citadel = Citadel::open(&self.path, Access::Write, now)?;
        self.check_ours(&citadel)?;
        // Somebody else may have been quicker.
        if is_renewal_due(citadel.phase(), citadel.active().authority, now) {
            citadel.renew(None, now, &*self.disk)?;
        }
        self.keep(citadel)?;
        Ok(true)
    }

    /// The trust domain that it vouches for.
    pub fn trust_domain(&self) -> &TrustDomain {
        &self.trust_domain
    }

    /// The roots that workloads are to trust, those of the signing authority first.
    pub fn roots(&self) -> Arc<[Certificate]> {
        Arc::clone(&self.standing().roots)
    }

    /// When what signs ends, or what it depends on: it, and the mesh with it, needs a successor
    /// before.
    pub fn ends_at(&self) -> OffsetDateTime {
        self.standing().active.not_after()
    }

    /// Signs, if that takes neither a lock nor the disk nor the time of an RSA signature; otherwise
    /// `None`, and [`sign`](Self::sign) does it, on a thread that may block.
    ///
    /// # Errors
    /// What is asked for is nothing that this CA gives, or it cannot sign now.
    pub fn sign_at_once(
        &self,
        ask: &Ask<'_>,
        now: OffsetDateTime,
    ) -> Result<Option<Issued>, CaError> {
        let standing = self.standing();
        let key = standing.active.certificate().public_key();
        if key.is_ok_and(|key| matches!(key.algorithm(), PublicKeyAlgorithm::Rsa(_))) {
            return Ok(None);
        }
        self.sign_from_memory(&standing, ask, now)
    }

    /// Signs, and promises on disk what it signed. About once an hour that takes the directory's
    /// lock and a write: it blocks the thread, for some seconds where others hold the lock.
    ///
    /// # Errors
    /// What is asked for is nothing that this CA gives, it cannot sign now, or the disk fails.
    pub fn sign(&self, ask: &Ask<'_>, now: OffsetDateTime) -> Result<Issued, CaError> {
        if let Some(issued) = self.sign_from_memory(&self.standing(), ask, now)? {
            return Ok(issued);
        }
        let asked = Instant::now();
        let _reading = self.reading();
        // Of many that need the same promise the first has made it.
        if let Some(issued) = self.sign_from_memory(&self.standing(), ask, now)? {
            return Ok(issued);
        }
        // Or others hold the directory, and each would wait for it in vain after the other.
        if asked.elapsed() > LONG {
            return Err(CaError::Busy(self.path.clone()));
        }
        let mut citadel = Citadel::open(&self.path, Access::Write, now)?;
        self.check_ours(&citadel)?;
        let leaf = self.leaf(citadel.active().authority, ask, now)?;
        citadel.promise(leaf.facts().not_after, &*self.disk)?;
        let standing = self.keep(citadel)?;
        Ok(standing.issued(leaf))
    }

    /// Makes a certificate for the service itself, by these DNS names. It needs no promise: whoever
    /// retires an authority finds the service with a certificate of the other one as soon as that
    /// has read the directory. Until then clients may know the previous root alone, so that while
    /// there is one the certificate comes from there.
    ///
    /// # Errors
    /// The CA cannot sign now, or a name is none.
    pub fn serving(
        &self,
        names: &[String],
        ttl: Duration,
        now: OffsetDateTime,
    ) -> Result<Serving, CaError> {
        let standing = self.standing();
        let authority = standing.known_longest(now);
        let key = PrivateKey::generate(KeyKind::P256).map_err(AuthorityError::from)?;
        let profile = ServerProfile { names, ttl };
        let leaf = authority.sign_server(&profile, &key.public_key(), now)?;
        let intermediates = authority.intermediates().iter().cloned();
        let former = authority.former().iter().filter(|it| it.facts().not_after >= now);
        let roots = [authority.anchor()].into_iter().chain(former).cloned();
        let chain = [leaf].into_iter().chain(intermediates).chain(roots);
        Ok(Serving { chain: chain.collect(), key })
    }

    fn standing(&self) -> Arc<Standing> {
        Arc::clone(&self.standing.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn reading(&self) -> MutexGuard<'_, ()> {
        self.reading.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Signs from now on as the directory says that was just read, and lets go of that.
    fn keep(&self, citadel: Citadel) -> Result<Arc<Standing>, CaError> {
        self.check_ours(&citadel)?;
        let standing = Arc::new(Standing::of(citadel, &self.path)?);
        *self.standing.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&standing);
        Ok(standing)
    }

    /// Checks that the directory is not that of another mesh.
    fn check_ours(&self, citadel: &Citadel) -> Result<(), CaError> {
        if *citadel.trust_domain() == self.trust_domain {
            return Ok(());
        }
        let (was, is) = (&self.trust_domain, citadel.trust_domain());
        let reason = format!("it is a CA for {is} now, and was one for {was}");
        Err(CaError::State { path: state_of(&self.path), reason })
    }

    /// Signs, if what is promised already suffices.
    fn sign_from_memory(
        &self,
        standing: &Standing,
        ask: &Ask<'_>,
        now: OffsetDateTime,
    ) -> Result<Option<Issued>, CaError> {
        let leaf = self.leaf(&standing.active, ask, now)?;
        let promised = standing.promised.is_some_and(|until| leaf.facts().not_after <= until);
        Ok(promised.then(|| standing.issued(leaf)))
    }

    fn leaf(
        &self,
        authority: &Authority,
        ask: &Ask<'_>,
        now: OffsetDateTime,
    ) -> Result<Certificate, CaError> {
        check_leaf(&self.trust_domain, ask.identity, ask.ttl)?;
        let profile = LeafProfile {
            identity: ask.identity,
            organization: None,
            task: ask.task,
            ttl: ask.ttl,
        };
        Ok(authority.sign(&profile, ask.public_key, now)?)
    }
}

impl Standing {
    /// That of a CA whose directory is held.
    fn of(citadel: Citadel, path: &Utf8Path) -> Result<Self, CaError> {
        if citadel.role() != Role::Signing {
            return Err(CaError::OfflineRoot);
        }
        let (phase, roots) = (citadel.phase(), citadel.roots().into());
        let promised = citadel.active().leaves_until;
        // Before others may change it.
        let seen = Seen::now(path)?;
        let Released { active, other } = citadel.release();
        Ok(Self { seen, phase, active, other, promised, roots })
    }

    fn issued(&self, leaf: Certificate) -> Issued {
        let intermediates = self.active.intermediates().to_vec();
        Issued { leaf, intermediates, roots: Arc::clone(&self.roots) }
    }

    /// The authority whose root all know who ask.
    fn known_longest(&self, now: OffsetDateTime) -> &Authority {
        let previous = self.other.as_ref().filter(|_| self.phase == Phase::Activated);
        previous.filter(|previous| previous.check_valid(now).is_ok()).unwrap_or(&self.active)
    }
}

impl Seen {
    fn now(dir: &Utf8Path) -> Result<Self, CaError> {
        let path = state_of(dir);
        Ok(Self::of(&path.metadata().map_err(at(&path))?))
    }

    fn of(metadata: &Metadata) -> Self {
        Self {
            inode: metadata.ino(),
            length: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}
