//! Attestation: which workload it is that asks for a certificate. It is decided from what others
//! say of the one who asks (Marathon, the policy of the administrators), never from the CSR.

mod file;
mod fixed;
mod marathon;
mod naming;
mod policy;
mod source;
mod statuses;
mod task;

use std::net::IpAddr;
use std::sync::Arc;

use time::OffsetDateTime;

use super::enrolments::{Applied, Enrolments, Subject};
use crate::identity::x509::Certificate;
use crate::identity::{JoinToken, SpiffeId, Task};
use crate::marathon::Client;

pub use file::FileFault;
pub use fixed::TokenList;
pub use marathon::Rules;
pub use naming::Naming;
pub use policy::Policy;
pub use source::SourceAddress;
pub use statuses::LIMITS;

use fixed::FixedAttestor;
use marathon::MarathonAttestor;

/// Who asks, as far as the connection and the request tell.
#[derive(Clone, Debug)]
pub struct Applicant {
    /// Where the connection comes from.
    pub address: IpAddr,
    /// What was shown to join.
    pub token: Option<JoinToken>,
    /// The Mesos task that it says to be.
    pub task_id: Option<String>,
    /// The certificate of the connection: one of this CA, and valid now.
    pub certificate: Option<Certificate>,
    /// The SHA-256 of the public key that is to be certified, in hexadecimal: that of
    /// [`PublicKey::sha256`](crate::identity::x509::PublicKey::sha256).
    pub key_sha256: String,
}

/// Which workload it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attested {
    /// Its identity.
    pub identity: SpiffeId,
    /// Its Mesos task, where one was attested.
    pub task: Option<Task>,
    /// By what.
    pub method: Method,
}

/// By what a workload was attested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// A join token.
    Token,
    /// The certificate that it has.
    Certificate,
}

/// Why nobody was attested. Who asks is told the kind, and not why; the audit log is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// Nothing that proves anything was shown.
    #[error("not authenticated: {0}")]
    Unauthenticated(String),
    /// What was shown does not entitle to it.
    #[error("not permitted: {0}")]
    Forbidden(String),
    /// It cannot be decided now; later it may.
    #[error("cannot be decided now: {0}")]
    Undecided(String),
}

/// Decides who it is.
pub struct Attestor {
    kind: Kind,
    enrolments: Arc<Enrolments>,
}

enum Kind {
    Marathon(Box<MarathonAttestor>),
    Fixed(FixedAttestor),
}

impl Attestor {
    /// By Marathon: join tokens, live tasks. The client is to give up within [`LIMITS`].
    pub fn marathon(client: Client, rules: Rules, enrolments: Arc<Enrolments>) -> Self {
        let attestor = MarathonAttestor::new(client, rules, Arc::clone(&enrolments));
        Self { kind: Kind::Marathon(Box::new(attestor)), enrolments }
    }

    /// By a list of tokens and their identities.
    pub fn fixed(tokens: TokenList, enrolments: Arc<Enrolments>) -> Self {
        let attestor = FixedAttestor::new(tokens, Arc::clone(&enrolments));
        Self { kind: Kind::Fixed(attestor), enrolments }
    }

    /// Decides who it is. An enrolment is not yet one: it is to be
    /// [recorded](Self::record) before its certificate is handed out.
    ///
    /// # Errors
    /// It is nobody known, or that cannot be said now.
    pub async fn attest(
        &self,
        applicant: &Applicant,
        now: OffsetDateTime,
    ) -> Result<Attested, Denied> {
        match &self.kind {
            Kind::Marathon(attestor) => attestor.attest(applicant, now).await,
            Kind::Fixed(attestor) => attestor.attest(applicant, now),
        }
    }

    /// Records on disk that a task, or a token, was enrolled, once and for all, with the key of
    /// `applicant`. A renewal needs no record.
    ///
    /// # Errors
    /// It was enrolled before with another key, or the disk fails: then the certificate must not
    /// be handed out.
    pub async fn record(
        &self,
        applicant: &Applicant,
        attested: &Attested,
        now: OffsetDateTime,
    ) -> Result<(), Denied> {
        let subject = match (attested.method, &attested.task, &applicant.token) {
            (Method::Certificate, ..) => return Ok(()),
            (Method::Token, Some(task), _) => Subject::Task(task.clone()),
            (Method::Token, None, Some(token)) => fixed::subject(token),
            (Method::Token, None, None) => {
                return Err(Denied::Unauthenticated("there is no token".to_owned()));
            }
        };
        let (enrolments, key) = (Arc::clone(&self.enrolments), applicant.key_sha256.clone());
        let enrol = move || enrolments.enrol(&subject, &key, now);
        match tokio::task::spawn_blocking(enrol).await {
            Ok(Ok(Applied::Enrolled)) => Ok(()),
            Ok(Ok(Applied::Taken)) => Err(taken()),
            Ok(Err(error)) => Err(Denied::Undecided(error.to_string())),
            Err(error) => Err(Denied::Undecided(format!("the record failed: {error}"))),
        }
    }

    /// Whether Marathon answered when it was asked last; none if it is not asked.
    pub fn reaches_marathon(&self) -> Option<bool> {
        match &self.kind {
            Kind::Marathon(attestor) => Some(attestor.reaches_marathon()),
            Kind::Fixed(_) => None,
        }
    }
}

fn taken() -> Denied {
    Denied::Forbidden("it was enrolled before, with another key".to_owned())
}

/// Whom a certificate is for that a workload shows to renew it.
fn certified(certificate: &Certificate) -> Result<Attested, Denied> {
    let identity = certificate.identity().map_err(|words| {
        Denied::Forbidden(format!("the certificate is for no workload: {words}"))
    })?;
    Ok(Attested { identity, task: certificate.task(), method: Method::Certificate })
}
