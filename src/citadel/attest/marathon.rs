//! Attestation by Marathon. To join takes a token that was made for the pod, and a task of that pod
//! that Marathon says to live, of that submission, at that address, begun just now and enrolled by
//! nobody else. To stay takes the certificate, and that the task lives.

use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;
use tokio::time::Instant;

use super::naming::Naming;
use super::policy::Policy;
use super::source::SourceAddress;
use super::statuses::{Statuses, Told};
use super::task::{Known, Life};
use super::{Applicant, Attested, Denied, Method, certified, taken};
use crate::citadel::enrolments::{Enrolments, Subject};
use crate::identity::x509::Certificate;
use crate::identity::{JoinKey, JoinToken, NONCE_LABEL, Nonce, SpiffeId, Task, TrustDomain};
use crate::marathon::{Client, PodStatus};

/// What is laid down for attestation by Marathon.
pub struct Rules {
    /// The keys that tokens are made with.
    pub keys: Vec<JoinKey>,
    /// The trust domain of the CA.
    pub trust_domain: TrustDomain,
    /// Which identities pods have.
    pub naming: Naming,
    /// Which others the administrators laid down.
    pub policy: Policy,
    /// Where connections may come from.
    pub source: SourceAddress,
    /// For how long from its beginning a task can be enrolled.
    pub window: Duration,
}

pub(super) struct MarathonAttestor {
    statuses: Statuses,
    rules: Rules,
    enrolments: Arc<Enrolments>,
}

impl MarathonAttestor {
    pub(super) fn new(client: Client, rules: Rules, enrolments: Arc<Enrolments>) -> Self {
        Self { statuses: Statuses::new(client), rules, enrolments }
    }

    pub(super) fn reaches_marathon(&self) -> bool {
        self.statuses.reached()
    }

    /// A certificate counts before a token: whoever has one has joined.
    pub(super) async fn attest(
        &self,
        applicant: &Applicant,
        now: OffsetDateTime,
    ) -> Result<Attested, Denied> {
        let shown = applicant.certificate.as_ref().map(|shown| (shown, shown.task()));
        match (shown, &applicant.token) {
            (Some((certificate, Some(task))), _) => self.renew(certificate, task).await,
            (_, Some(token)) => self.enrol(applicant, token, now).await,
            (Some((certificate, None)), None) if self.rules.policy.renews_bundles() => {
                certified(certificate)
            }
            (Some(_), None) => {
                let words =
                    "the certificate was given to no task, and the policy renews no bundles";
                Err(Denied::Forbidden(words.to_owned()))
            }
            (None, None) => {
                Err(Denied::Unauthenticated("neither token nor certificate".to_owned()))
            }
        }
    }

    /// The certificate of a task is renewed as long as that lives. Where nobody can say so, an
    /// outage of Marathon must not become one of the mesh; it ends when the certificate does.
    async fn renew(&self, certificate: &Certificate, task: Task) -> Result<Attested, Denied> {
        let attested = certified(certificate)?;
        let Ok(status) = self.status_with(&task).await else { return Ok(attested) };
        let known = status.as_deref().and_then(|status| Known::find(status, task.id()));
        match known.map(|known| known.life()) {
            Some(Life::Live | Life::Unclear) => Ok(attested),
            Some(Life::Over) => Err(Denied::Forbidden(format!("the task {task} has ended"))),
            None => Err(Denied::Forbidden(format!("there is no task {task} any more"))),
        }
    }

    async fn enrol(
        &self,
        applicant: &Applicant,
        token: &JoinToken,
        now: OffsetDateTime,
    ) -> Result<Attested, Denied> {
        let (task, nonce) = self.claimed(applicant, token)?;
        let identity = self.identity(task.pod())?;
        if self.enrolments.is_taken(&Subject::Task(task.clone()), &applicant.key_sha256) {
            return Err(taken());
        }
        let status = self.status_with(&task).await.map_err(Denied::Undecided)?;
        let found = |status| Some((status, Known::find(status, task.id())?));
        let Some((status, known)) = status.as_deref().and_then(found) else {
            return Err(Denied::Forbidden(format!("Marathon knows no task {task}")));
        };
        match known.life() {
            Life::Live => {}
            Life::Unclear => {
                return Err(Denied::Undecided(format!("whether the task {task} lives is unclear")));
            }
            Life::Over => return Err(Denied::Forbidden(format!("the task {task} has ended"))),
        }
        self.check_submission(&task, status, &known, &nonce).await?;
        known.check_began(self.rules.window, now)?;
        self.rules.source.check(applicant.address, known.instance).await?;
        Ok(Attested { identity, task: Some(task), method: Method::Token })
    }

    /// The task that somebody says to be, of the pod that the token was made for, and of which
    /// submission.
    fn claimed(&self, applicant: &Applicant, token: &JoinToken) -> Result<(Task, Nonce), Denied> {
        let unauthenticated = |words: String| Denied::Unauthenticated(words);
        let claim = token.check(&self.rules.keys);
        let claim = claim.map_err(|error| unauthenticated(error.to_string()))?;
        let id = applicant.task_id.as_deref();
        let id = id.ok_or_else(|| unauthenticated("it names no task".to_owned()))?;
        let task = Task::new(&claim.pod, id).map_err(|error| unauthenticated(error.to_string()))?;
        Ok((task, claim.nonce))
    }

    fn identity(&self, pod: &str) -> Result<SpiffeId, Denied> {
        let Rules { policy, naming, trust_domain, .. } = &self.rules;
        match policy.identity(pod) {
            Some(identity) => Ok(identity.clone()),
            None => naming.identity(pod, trust_domain).map_err(Denied::Forbidden),
        }
    }

    /// How the pod of a task is. An answer from just before the task began is not relied on.
    async fn status_with(&self, task: &Task) -> Told {
        let asked = Instant::now();
        let status = self.statuses.of(task.pod(), None).await?;
        match status.as_deref().and_then(|status| Known::find(status, task.id())) {
            Some(_) => Ok(status),
            None => self.statuses.of(task.pod(), Some(asked)).await,
        }
    }

    /// Checks that the instance is of the submission that the token is of.
    async fn check_submission(
        &self,
        task: &Task,
        status: &PodStatus,
        known: &Known<'_>,
        nonce: &Nonce,
    ) -> Result<(), Denied> {
        let Some(version) = known.instance.version() else {
            let words = format!("Marathon does not say which definition {task} is of");
            return Err(Denied::Undecided(words));
        };
        let labelled = if status.spec.version.as_deref() == Some(version) {
            status.spec.labels.get(NONCE_LABEL).cloned()
        } else {
            self.statuses.nonce(task.pod(), version).await.map_err(Denied::Undecided)?
        };
        if labelled.as_deref() == Some(nonce.as_str()) {
            return Ok(());
        }
        let words = format!("the token is of another submission of {} than {task}", task.pod());
        Err(Denied::Forbidden(words))
    }
}
