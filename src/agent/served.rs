//! What Envoy is given at the moment, and which roots it has heard of: a new certificate follows
//! its roots.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use time::OffsetDateTime;
use tokio::sync::watch;
use tokio::time::timeout;

use super::credential::Credential;
use super::roots::Roots;

/// How long a new certificate waits for those who have not answered to new roots.
const PATIENCE: Duration = Duration::from_secs(2);

/// What there is at one moment.
#[derive(Clone, Debug, Default)]
pub(super) struct Snapshot {
    /// The certificate with its key.
    pub credential: Option<Arc<Credential>>,
    /// Whom to trust.
    pub roots: Option<Arc<Roots>>,
}

impl Snapshot {
    /// The certificate, while it is of use: Envoy would take an ended one without a word.
    pub(super) fn valid(&self, now: OffsetDateTime) -> Option<&Arc<Credential>> {
        self.credential.as_ref().filter(|credential| credential.life().holds(now))
    }
}

/// What there is now; whoever serves it is told when it changes.
#[derive(Debug, Default)]
pub(super) struct Served {
    now: watch::Sender<Snapshot>,
    /// The version of the roots that each of those answered to last who are sent them.
    seen: watch::Sender<BTreeMap<u64, Option<String>>>,
    next: AtomicU64,
}

impl Served {
    /// What there is, and then each change.
    pub(super) fn watch(&self) -> watch::Receiver<Snapshot> {
        self.now.subscribe()
    }

    /// What there is.
    pub(super) fn snapshot(&self) -> Snapshot {
        self.now.borrow().clone()
    }

    /// Gives out new roots, and comes back when all who are sent them have answered, or have had
    /// time enough.
    pub(super) async fn put_roots(&self, roots: Arc<Roots>) {
        let same = |old: &Arc<Roots>| old.version() == roots.version();
        if self.now.borrow().roots.as_ref().is_some_and(same) {
            return;
        }
        let version = roots.version().to_owned();
        self.now.send_modify(|now| now.roots = Some(roots));
        let mut seen = self.seen.subscribe();
        let all = seen.wait_for(|all| all.values().all(|seen| seen.as_ref() == Some(&version)));
        // What has not answered by now must not hold up what the others need.
        let _ = timeout(PATIENCE, all).await;
    }

    /// Gives out a new certificate.
    pub(super) fn put_credential(&self, credential: Arc<Credential>) {
        self.now.send_modify(|now| now.credential = Some(credential));
    }

    /// One more that is sent the roots, until the witness is dropped.
    pub(super) fn witness(self: &Arc<Self>) -> Witness {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        self.seen.send_modify(|all| drop(all.insert(id, None)));
        Witness { id, served: Arc::clone(self) }
    }
}

/// Somebody who is sent the roots.
#[derive(Debug)]
pub(super) struct Witness {
    id: u64,
    served: Arc<Served>,
}

impl Witness {
    /// It answered to roots of this version, whether or not it took them.
    pub(super) fn saw(&self, version: &str) {
        self.served.seen.send_modify(|all| drop(all.insert(self.id, Some(version.to_owned()))));
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.served.seen.send_modify(|all| drop(all.remove(&self.id)));
    }
}
