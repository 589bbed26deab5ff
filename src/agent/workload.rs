//! What the workload has, a certificate and the roots that it trusts. Each change goes to the disk
//! first, then to Envoy: new roots, then the certificate that may need them.

use std::sync::Arc;

use time::OffsetDateTime;
use tokio::sync::{Mutex, Notify};
use tracing::{error, info, warn};

use super::credential::Credential;
use super::metrics::Metrics;
use super::roots::Roots;
use super::served::Served;
use super::store::Store;
use super::trust::Trust;
use crate::identity::x509::rfc3339;

/// What the workload has, and whoever changes it.
#[derive(Debug)]
pub(super) struct Workload {
    served: Arc<Served>,
    store: Store,
    metrics: Arc<Metrics>,
    /// How Citadel is known as long as there is no certificate.
    pinned: Trust,
    /// Held through a change; how many times Citadel has told its roots by themselves.
    changing: Mutex<Told>,
    /// Rung when a certificate is to be renewed before its time.
    pub renew: Notify,
}

/// What Citadel told of its roots, apart from certificates.
#[derive(Debug, Default)]
struct Told {
    times: u64,
    roots: Option<Roots>,
}

/// A moment in the story of the roots.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark(u64);

impl Workload {
    /// One without a certificate, or with that of an earlier run.
    pub(super) fn new(
        served: Arc<Served>,
        store: Store,
        metrics: Arc<Metrics>,
        pinned: Trust,
    ) -> Arc<Self> {
        let (changing, renew) = (Mutex::default(), Notify::new());
        Arc::new(Self { served, store, metrics, pinned, changing, renew })
    }

    /// Takes up what an earlier run left. That there is nothing of use is no error.
    pub(super) async fn resume(&self, task: Option<&str>, now: OffsetDateTime) {
        match self.store.load(task, now) {
            Ok(Some((credential, roots))) => {
                info!(identity = %credential.identity(), "goes on with the certificate of before");
                self.give(Arc::new(credential), Arc::new(roots)).await;
            }
            Ok(None) => {}
            Err(reason) => warn!("what an earlier run left is not used: {reason}"),
        }
    }

    /// The disk.
    pub(super) fn store(&self) -> &Store {
        &self.store
    }

    /// The certificate, of use or not.
    pub(super) fn credential(&self) -> Option<Arc<Credential>> {
        self.served.snapshot().credential
    }

    /// How Citadel is known now: by the roots that came, and as long as there is no certificate that
    /// is valid, also as at the beginning.
    pub(super) fn trust(&self, now: OffsetDateTime) -> Trust {
        let snapshot = self.served.snapshot();
        let mut trust = match snapshot.valid(now) {
            Some(_) => Trust::default(),
            None => self.pinned.clone(),
        };
        trust.roots.extend(snapshot.roots);
        trust
    }

    /// Where the story of the roots stands, for [`renewed`](Self::renewed).
    pub(super) async fn mark(&self) -> Mark {
        Mark(self.changing.lock().await.times)
    }

    /// Takes a new certificate, which was asked for at `asked`. The roots that came with it are
    /// older than those that Citadel told by themselves since.
    pub(super) async fn renewed(
        &self,
        new: Credential,
        came: Roots,
        asked: Mark,
        now: OffsetDateTime,
    ) {
        let told = self.changing.lock().await;
        let roots = match &told.roots {
            Some(newer) if told.times > asked.0 => newer.keeping(&came, &new, now),
            _ => came,
        };
        if self.save(&new, &roots)
            && let Err(reason) = self.store.forget_enrolment_key()
        {
            warn!("the key of the enrolment stays on the disk: {reason}");
        }
        let snapshot = self.served.snapshot();
        let meanwhile = match (&snapshot.credential, &snapshot.roots) {
            (Some(old), Some(former)) => roots.keeping(former, old, now),
            _ => roots.clone(),
        };
        let (identity, life) = (new.identity().to_string(), new.life());
        self.give(Arc::new(new), Arc::new(meanwhile)).await;
        self.put_roots(Arc::new(roots)).await;
        let until = rfc3339(life.ends);
        info!(identity, until, "has a new certificate");
    }

    /// Takes the roots that Citadel tells. Where the certificate does not lead to them, the ones
    /// that it leads to stay until it has been renewed, which is then to be done at once.
    pub(super) async fn told(&self, roots: Roots, now: OffsetDateTime) {
        let mut told = self.changing.lock().await;
        told.times += 1;
        let snapshot = self.served.snapshot();
        let trusted = match (&snapshot.credential, &snapshot.roots) {
            (Some(credential), Some(former)) => {
                let trusted = roots.keeping(former, credential, now);
                if trusted != roots {
                    warn!("the certificate does not lead to the new roots; it is renewed at once");
                    self.renew.notify_one();
                }
                trusted
            }
            _ => roots.clone(),
        };
        told.roots = Some(roots);
        if snapshot.roots.is_some_and(|former| *former == trusted) {
            return;
        }
        info!(roots = trusted.certificates().len(), "has new roots");
        if let Some(credential) = &snapshot.credential {
            self.save(credential, &trusted);
        }
        self.put_roots(Arc::new(trusted)).await;
    }

    async fn give(&self, credential: Arc<Credential>, roots: Arc<Roots>) {
        self.metrics.certificate_ends(credential.life().ends);
        self.put_roots(roots).await;
        self.served.put_credential(credential);
    }

    async fn put_roots(&self, roots: Arc<Roots>) {
        self.metrics.roots(roots.certificates().len());
        self.served.put_roots(roots).await;
    }

    /// Whether it is kept. What cannot be is good until the next start; that is no reason to do
    /// without.
    fn save(&self, credential: &Credential, roots: &Roots) -> bool {
        let saved = self.store.save(credential, roots);
        if let Err(reason) = &saved {
            error!("the certificate is not kept for the next start: {reason}");
        }
        saved.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    use super::super::roots::tests::{NOW, authority, credential, roots};
    use super::*;

    #[tokio::test]
    async fn roots_are_written_to_the_disk_only_when_they_are_others() {
        let place = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(place.path()).unwrap();
        let (store, (metrics, _)) = (Store::open(dir).unwrap(), Metrics::new());
        let workload = Workload::new(Arc::default(), store, metrics, Trust::default());
        let (one, other) = (authority(), authority());
        let asked = workload.mark().await;
        workload.renewed(credential(&one), roots(&[&one]), asked, NOW).await;
        let kept = dir.join("credential.json");
        std::fs::remove_file(&kept).unwrap();
        workload.told(roots(&[&one]), NOW).await;
        assert!(!kept.exists());
        workload.told(roots(&[&one, &other]), NOW).await;
        let (_, kept) = workload.store.load(None, NOW).unwrap().unwrap();
        assert_eq!(kept, roots(&[&one, &other]));
    }
}
