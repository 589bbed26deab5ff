//! Getting a certificate, and the next one in time, for ever.

use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep};
use tracing::{error, info, warn};

use super::chance::chance;
use super::citadel::{Citadel, Proof};
use super::credential::Credential;
use super::failure::Failure;
use super::metrics::Metrics;
use super::roots::Roots;
use super::schedule::{Backoff, GracePeriod, Schedule};
use super::workload::Workload;
use crate::identity::JoinToken;
use crate::identity::x509::{KeyKind, PrivateKey, rfc3339};

/// How often the wall clock is looked at: it can be set, and a machine suspended.
const SLICE: Duration = Duration::from_secs(10);

/// So many times at least an enrolment is tried that is denied.
const DENIALS: u32 = 3;

/// How certificates are asked for.
#[derive(Debug)]
pub struct Wish {
    /// The kind of the keys.
    pub key: KeyKind,
    /// How long a certificate is to live; `None` leaves it to Citadel.
    pub ttl: Option<Duration>,
    /// How much of its life is left when it is renewed.
    pub grace: GracePeriod,
    /// The join token.
    pub token: Option<JoinToken>,
    /// The id of the Mesos task.
    pub task: Option<String>,
    /// How long an enrolment that is denied is tried again.
    pub denied_for: Duration,
}

/// How often an enrolment has been denied, and nothing else happened in between.
#[derive(Default)]
struct Denials {
    since: Option<Instant>,
    times: u32,
}

impl Denials {
    fn count(&mut self, denied: bool) {
        if denied {
            self.since.get_or_insert_with(Instant::now);
            self.times += 1;
        } else {
            *self = Self::default();
        }
    }

    /// Whether that is often and long enough: others may mend a policy meanwhile.
    fn are_final(&self, patience: Duration) -> bool {
        self.times >= DENIALS && self.since.is_some_and(|since| since.elapsed() >= patience)
    }
}

/// What a key was made for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum For {
    Enrolment,
    Renewal,
}

/// Citadel does not let this task enrol.
#[derive(Debug, thiserror::Error)]
#[error("Citadel does not let this task join the mesh: {0}")]
pub struct Denied(Failure);

/// Renews the certificate of a workload.
#[derive(Debug)]
pub(super) struct Renewal {
    /// Whose.
    pub workload: Arc<Workload>,
    /// Where.
    pub citadel: Citadel,
    /// How.
    pub wish: Wish,
    /// Where it is counted.
    pub metrics: Arc<Metrics>,
}

impl Renewal {
    /// Renews for ever.
    ///
    /// # Errors
    /// Citadel denies this task its first certificate, or another after the last has ended. Only
    /// a new task can have one then.
    pub(super) async fn run(&self) -> Result<(), Denied> {
        loop {
            if let Some(credential) = self.workload.credential() {
                self.until_due(&credential).await;
            }
            self.renew().await?;
        }
    }

    /// Waits until a certificate is due, or until somebody wants it renewed.
    async fn until_due(&self, credential: &Credential) {
        let now = OffsetDateTime::now_utc();
        let mut schedule = Schedule::new(credential.life(), self.wish.grace, chance(), now);
        while let Some(wait) = schedule.wait(OffsetDateTime::now_utc()) {
            tokio::select! {
                () = sleep(wait.min(SLICE)) => {}
                () = self.workload.renew.notified() => return,
            }
        }
    }

    /// Tries until there is a new certificate.
    async fn renew(&self) -> Result<(), Denied> {
        let (mut backoff, mut key) = (Backoff::default(), None);
        let mut denials = Denials::default();
        loop {
            let Err(failure) = self.attempt(&mut key).await else {
                self.metrics.renewed();
                return Ok(());
            };
            self.metrics.failed(&failure);
            self.tell(&failure);
            let denied = failure.is_denial() && self.unended().is_none();
            denials.count(denied);
            if denials.are_final(self.wish.denied_for) {
                return Err(Denied(failure));
            }
            let mut wait = backoff.next(chance());
            if denied {
                wait = wait.min(self.wish.denied_for / DENIALS);
            }
            tokio::select! {
                () = sleep(wait) => {}
                () = self.workload.renew.notified() => backoff = Backoff::default(),
            }
        }
    }

    /// One try. The key stays for the next if it fails.
    async fn attempt(&self, made: &mut Option<(For, PrivateKey)>) -> Result<(), Failure> {
        let current = self.unended();
        let proof = match (&current, &self.wish.token) {
            (Some(credential), _) => Proof::Certificate(credential),
            (None, Some(token)) => Proof::Token { token, task: self.wish.task.as_deref() },
            (None, None) => return Err(Failure::Nothing),
        };
        let purpose = match proof {
            Proof::Token { .. } => For::Enrolment,
            Proof::Certificate(_) => For::Renewal,
        };
        let (_, key) = match made.take_if(|(of, _)| *of == purpose) {
            Some(key) => made.insert(key),
            None => made.insert((purpose, self.new_key(purpose).await?)),
        };
        let trust = self.workload.trust(OffsetDateTime::now_utc());
        let asked = self.workload.mark().await;
        let bundle = self.citadel.certify(trust, proof, key, self.wish.ttl).await?;
        let now = OffsetDateTime::now_utc();
        let roots = Roots::parse(&bundle.root_cert, now)?;
        // Who enrols learns who it is; the administrators may have thought again.
        let expected = current.as_deref().map(Credential::identity);
        let credential = Credential::accept(bundle, expected, now, now)?;
        self.workload.renewed(credential, roots, asked, now).await;
        Ok(())
    }

    /// The certificate, unless it has ended.
    fn unended(&self) -> Option<Arc<Credential>> {
        let now = OffsetDateTime::now_utc();
        self.workload.credential().filter(|credential| !credential.life().has_ended(now))
    }

    /// The certificate, if it is valid now.
    fn valid(&self) -> Option<Arc<Credential>> {
        let now = OffsetDateTime::now_utc();
        self.workload.credential().filter(|credential| credential.life().holds(now))
    }

    /// A new key. That of an enrolment is kept until its certificate is, for Citadel gives one for no
    /// other.
    async fn new_key(&self, purpose: For) -> Result<PrivateKey, Failure> {
        let store = self.workload.store();
        if purpose == For::Enrolment {
            match store.enrolment_key() {
                Ok(Some(key)) => return Ok(key),
                Ok(None) => {}
                Err(reason) => warn!("the key of an enrolment that was begun is lost: {reason}"),
            }
        }
        let kind = self.wish.key;
        let made = spawn_blocking(move || PrivateKey::generate(kind)).await;
        let words = |error: &dyn std::error::Error| Failure::Request(error.to_string());
        let key = made.map_err(|error| words(&error))?.map_err(|error| words(&error))?;
        if purpose == For::Enrolment {
            // Without it a lost answer would lock this task out.
            store.keep_enrolment_key(&key).map_err(|error| words(&error))?;
        }
        Ok(key)
    }

    fn tell(&self, failure: &Failure) {
        match (self.workload.credential(), self.valid()) {
            (_, Some(valid)) => {
                let until = rfc3339(valid.life().ends);
                warn!(until, "no new certificate: {failure}");
            }
            (Some(ended), None) if ended.life().has_ended(OffsetDateTime::now_utc()) => {
                let ended = rfc3339(ended.life().ends);
                error!(ended, "THE CERTIFICATE HAS ENDED, and there is no new one: {failure}");
            }
            (Some(later), None) => {
                let begins = rfc3339(later.life().begins);
                error!(begins, "THE CLOCK IS BEHIND THE CERTIFICATE, and no new one: {failure}");
            }
            (None, None) => info!("no certificate yet: {failure}"),
        }
    }
}
