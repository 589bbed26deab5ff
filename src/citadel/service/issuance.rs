//! From a request to a certificate or a refusal, the same for both APIs: who asks, for what, may he
//! have it; and a line in the audit log before anybody hears of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use time::OffsetDateTime;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use tonic::{Request, Status};
use tracing::{error, warn};

use super::audit::{AuditLog, Claimed, Entry, Outcome, Refused};
use super::caller::Caller;
use super::lifetimes::Lifetimes;
use super::limits::{Limits, Overload};
use super::metrics::Metrics;
use super::refusal::Refusal;
use crate::citadel::attest::{Attested, Attestor, Method};
use crate::citadel::signer::{Ask, Issued, Signer};
use crate::identity::x509::{RequestError, SigningRequest};

/// How long a decision may take: longer than those who hold the CA's directory are waited for, and
/// shorter than agents wait.
const DECISION: Duration = Duration::from_secs(12);

/// All that decides.
pub(super) struct Issuance {
    pub(super) signer: Arc<Signer>,
    pub(super) attestor: Attestor,
    pub(super) audit: Arc<AuditLog>,
    pub(super) lifetimes: Lifetimes,
    pub(super) limits: Limits,
    pub(super) metrics: Metrics,
}

/// What is asked for, whichever API it came by.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'w> {
    pub(super) api: &'static str,
    /// The CSR, PEM.
    pub(super) csr: &'w [u8],
    /// How long it is to live, in seconds; 0 and less leave that to us.
    pub(super) seconds: i64,
}

impl Issuance {
    /// Gives a certificate, or says why not.
    pub(super) async fn issue<T>(
        &self,
        request: &Request<T>,
        wanted: Wanted<'_>,
    ) -> Result<Issued, Status> {
        let (begun, now) = (Instant::now(), OffsetDateTime::now_utc());
        self.metrics.request();
        let caller = Caller::of(request, &self.signer.roots(), now);
        let mut entry = entry(&caller, wanted.api, now);
        let decided = timeout(DECISION, self.decide(&caller, wanted, &mut entry, now)).await;
        let told = self.tell(decided.unwrap_or(Err(Refusal::Late)), entry).await;
        self.metrics.decided(&told);
        self.metrics.seconds.observe(begun.elapsed().as_secs_f64());
        told.map_err(|refusal| refusal.status())
    }

    /// Decides, and signs; `entry` gets what comes to be known meanwhile.
    async fn decide(
        &self,
        caller: &Caller,
        wanted: Wanted<'_>,
        entry: &mut Entry,
        now: OffsetDateTime,
    ) -> Result<Issued, Refusal> {
        let permit = Arc::new(self.limits.enter()?);
        self.admit(caller)?;
        let request = SigningRequest::from_pem(wanted.csr);
        entry.requested = requested(&request);
        let request = request?;
        entry.key_sha256 = Some(request.public_key().sha256());
        let ttl = self.lifetimes.of(wanted.seconds)?;
        entry.ttl = Some(ttl.as_secs());
        let applicant = caller.applicant(request.public_key())?;
        let attested = self.attestor.attest(&applicant, now).await?;
        entry.attested(&attested);
        self.entitle(&attested, &request)?;
        let issued = self.sign(&attested, request, ttl, now, &permit).await?;
        self.attestor.record(&applicant, &attested, now).await?;
        Ok(issued)
    }

    /// Turns away who asks too often, before that costs much.
    fn admit(&self, caller: &Caller) -> Result<(), Overload> {
        match caller.certificate.as_ref().and_then(|shown| shown.identity().ok()) {
            Some(identity) => self.limits.signing(&identity),
            None => self.limits.enrolment(caller.host()),
        }
    }

    /// Turns away who asks for the identity of another.
    fn entitle(&self, attested: &Attested, request: &SigningRequest) -> Result<(), Refusal> {
        let Attested { identity, method, .. } = attested;
        if let Some(asked) = request.identity().filter(|asked| *asked != identity) {
            let (asked, attested) = (asked.to_string(), identity.to_string());
            return Err(Refusal::OtherIdentity { asked, attested });
        }
        match method {
            Method::Token => Ok(self.limits.signing(identity)?),
            // It was admitted by its identity.
            Method::Certificate => Ok(()),
        }
    }

    /// Signs; here if that is done at once.
    async fn sign(
        &self,
        attested: &Attested,
        request: SigningRequest,
        ttl: Duration,
        now: OffsetDateTime,
        permit: &Arc<OwnedSemaphorePermit>,
    ) -> Result<Issued, Refusal> {
        let Attested { identity, task, .. } = attested;
        let ask = Ask { identity, task: task.as_ref(), public_key: request.public_key(), ttl };
        if let Some(issued) = self.signer.sign_at_once(&ask, now)? {
            return Ok(issued);
        }
        let (signer, attested) = (Arc::clone(&self.signer), attested.clone());
        let permit = Arc::clone(permit);
        let signed = spawn_blocking(move || {
            // Whoever asked may be gone by now, and the work is still to be counted.
            let _permit = permit;
            let Attested { identity, task, .. } = &attested;
            let ask = Ask { identity, task: task.as_ref(), public_key: request.public_key(), ttl };
            signer.sign(&ask, now)
        });
        Ok(signed.await??)
    }

    /// Has the decision in the audit log before it is told. What cannot be written there does not
    /// happen.
    async fn tell(
        &self,
        decided: Result<Issued, Refusal>,
        mut entry: Entry,
    ) -> Result<Issued, Refusal> {
        match &decided {
            Ok(issued) => {
                let facts = issued.leaf.facts();
                entry.serial = Some(facts.serial.clone());
                entry.not_after = Some(facts.not_after);
            }
            Err(refusal) => {
                entry.result = Outcome::Refused;
                entry.refused = Some(Refused::new(refusal.code(), &refusal.to_string()));
            }
        }
        match &decided {
            Err(refusal @ (Refusal::Ca(_) | Refusal::Lost(_))) => error!("{refusal}"),
            Err(Refusal::Overload(_)) if !self.limits.is_told() => return decided,
            _ => {}
        }
        let audit = Arc::clone(&self.audit);
        match spawn_blocking(move || audit.write(&entry)).await? {
            Ok(()) => decided,
            Err(error) => {
                error!(%error, "the audit log cannot be written");
                decided.and(Err(Refusal::Audit(error)))
            }
        }
    }

    /// Forgets who has not asked lately, and notes whether Marathon answers.
    pub(super) fn tidy(&self) {
        self.limits.forget();
        if let Some(reached) = self.attestor.reaches_marathon() {
            self.metrics.marathon.set(reached.into());
        }
    }

    /// Opens the audit log anew.
    pub(super) fn reopen_audit(&self) {
        if let Err(error) = self.audit.reopen() {
            warn!(%error, "the audit log cannot be opened anew; it goes on where it was");
        }
    }
}

/// What is known at first: nobody has checked what the caller says.
fn entry(caller: &Caller, api: &'static str, now: OffsetDateTime) -> Entry {
    let identity = caller.certificate.as_ref().and_then(|shown| shown.identity().ok());
    let claim = caller.token.as_ref().and_then(|token| token.claim());
    let identity = identity.map(|identity| identity.to_string());
    let claimed = Claimed::new(identity, claim.map(|claim| claim.pod), caller.task_id.clone());
    Entry {
        time: now,
        peer: caller.address.to_string(),
        api,
        method: None,
        attested: None,
        claimed: Some(claimed),
        requested: Vec::new(),
        key_sha256: None,
        ttl: None,
        serial: None,
        not_after: None,
        result: Outcome::Issued,
        refused: None,
    }
}

/// The names that a CSR asks for, also one that is refused for them.
fn requested(request: &Result<SigningRequest, RequestError>) -> Vec<String> {
    match request {
        Ok(request) => request.identity().map(ToString::to_string).into_iter().collect(),
        Err(RequestError::AsksForNames(names)) => vec![names.clone()],
        Err(_) => Vec::new(),
    }
}
