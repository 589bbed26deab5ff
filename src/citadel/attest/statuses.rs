//! What Marathon says of pods, asked for once however many want to know it at a time.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, timeout};
use tracing::{info, warn};

use crate::identity::NONCE_LABEL;
use crate::marathon::{Client, Limits, PodStatus};

/// How long Marathon may take: whoever waits for it waits for a certificate, and comes again.
pub const LIMITS: Limits = Limits {
    call: Duration::from_secs(2),
    patience: Duration::from_secs(3),
    first_contact: Duration::from_secs(3),
};

/// The same for all that a client does to get an answer, signing in and other URLs included.
const PATIENCE: Duration = Duration::from_secs(6);

/// How long an answer is kept.
const KEPT: Duration = Duration::from_secs(1);

/// Of how many pods answers are kept, or asked for, at a time.
const MOST_PODS: usize = 1024;

/// Of how many versions of a pod the nonce is kept.
const MOST_VERSIONS: usize = 64;

/// How a pod is, or that there is none; or why that is not known.
pub(super) type Told = Result<Option<Arc<PodStatus>>, String>;

/// What Marathon says of pods.
pub(super) struct Statuses {
    client: Client,
    pods: Mutex<HashMap<String, Slot>>,
    reached: AtomicBool,
}

/// What is known of a pod. Whoever asks holds it; the others wait.
type Slot = Arc<tokio::sync::Mutex<Answers>>;

#[derive(Default)]
struct Answers {
    status: Option<(Instant, Told)>,
    /// By the version of the definition, which never changes.
    nonces: HashMap<String, Option<String>>,
}

impl Statuses {
    pub(super) fn new(client: Client) -> Self {
        Self { client, pods: Mutex::default(), reached: AtomicBool::new(true) }
    }

    /// Whether Marathon answered when it was asked last.
    pub(super) fn reached(&self) -> bool {
        self.reached.load(Ordering::Relaxed)
    }

    /// How a pod is: what was heard within the last second, or since `since` if that is given.
    pub(super) async fn of(&self, pod: &str, since: Option<Instant>) -> Told {
        let slot = self.slot(pod)?;
        let mut answers = slot.lock().await;
        if let Some((heard, told)) = &answers.status
            && heard.elapsed() < KEPT
            && since.is_none_or(|since| *heard >= since)
        {
            return told.clone();
        }
        let told = self.ask(self.client.status(pod)).await;
        let told = told.and_then(|status| match status {
            // It would be read as that nothing of the pod runs.
            Some(status) if status.id != pod => Err(format!("the answer is not about {pod}")),
            status => Ok(status.map(Arc::new)),
        });
        // Also that there was no answer: those who wait would each wait in vain after the other.
        answers.status = Some((Instant::now(), told.clone()));
        told
    }

    /// The nonce in a version of a pod's definition; none if it has none, or is not kept any more.
    pub(super) async fn nonce(&self, pod: &str, version: &str) -> Result<Option<String>, String> {
        let is_version =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b':' | b'.' | b'+');
        if version.len() > 64 || !version.bytes().all(is_version) {
            return Err(format!("{version:?} is no version of a pod"));
        }
        let slot = self.slot(pod)?;
        let mut answers = slot.lock().await;
        if let Some(nonce) = answers.nonces.get(version) {
            return Ok(nonce.clone());
        }
        let spec = self.ask(self.client.spec(pod, version)).await?;
        let nonce = spec.and_then(|mut spec| spec.labels.remove(NONCE_LABEL));
        if answers.nonces.len() >= MOST_VERSIONS {
            answers.nonces.clear();
        }
        answers.nonces.insert(version.to_owned(), nonce.clone());
        Ok(nonce)
    }

    async fn ask<T>(
        &self,
        call: impl Future<Output = Result<T, crate::marathon::Error>>,
    ) -> Result<T, String> {
        let told = match timeout(PATIENCE, call).await {
            Ok(told) => told.map_err(|error| error.to_string()),
            Err(_) => Err(format!("Marathon did not answer within {}s", PATIENCE.as_secs())),
        };
        let reached = self.reached.swap(told.is_ok(), Ordering::Relaxed);
        match &told {
            Ok(_) if !reached => info!("Marathon answers again"),
            Err(why) if reached => warn!(%why, "Marathon does not answer"),
            _ => {}
        }
        told
    }

    fn slot(&self, pod: &str) -> Result<Slot, String> {
        let mut pods = self.pods.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = pods.get(pod) {
            return Ok(Arc::clone(slot));
        }
        pods.retain(|_, slot| Arc::strong_count(slot) > 1 || is_fresh(slot));
        if pods.len() >= MOST_PODS {
            return Err("too many pods are asked for at a time".to_owned());
        }
        Ok(Arc::clone(pods.entry(pod.to_owned()).or_default()))
    }
}

/// Whether what is known of a pod that nobody asks for is still of use.
fn is_fresh(slot: &Slot) -> bool {
    let answers = slot.try_lock();
    let heard = answers.ok().and_then(|answers| answers.status.as_ref().map(|(heard, _)| *heard));
    heard.is_some_and(|heard| heard.elapsed() < KEPT)
}
