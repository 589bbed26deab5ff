//! Writing pods. A write is sent again only where it is known that it was not heard, or where
//! reading back shows that it had no effect; so neither a lost answer becomes a false failure, nor
//! a second attempt a second deployment.

use reqwest::{Method, StatusCode};

use super::Client;
use super::address::ApiPath;
use super::answer::Answer;
use super::attempt::{Answered, Miss};
use super::client::{Call, Written};
use super::error::Error;
use super::pods::{Running, Versioned, compare};
use crate::pod::Filled;

/// A pod as it is to be.
#[derive(Clone, Copy, Debug)]
pub struct Definition<'d> {
    /// The id, as in the text.
    pub id: &'d str,
    /// The definition: JSON.
    pub text: &'d str,
    /// What Marathon fills into it.
    pub filled: &'d Filled,
}

/// A definition that Marathon has taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// What it is called by.
    pub version: String,
    /// The deployment that brings it about; unknown where the answer to the write was lost.
    pub deployment: Option<String>,
}

/// Whether a write may break into a deployment that holds the pod.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Force {
    /// It is refused then.
    #[default]
    No,
    /// It ends that deployment, wherever that is at.
    Yes,
}

impl Force {
    pub(super) fn query(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::No => &[],
            Self::Yes => &[("force", "true")],
        }
    }
}

/// What reading back shows of a write whose answer was lost.
enum Effect {
    None,
    Taken(Taken),
}

impl Client {
    /// Creates a pod that does not exist.
    ///
    /// # Errors
    /// Marathon cannot be reached or refuses, or somebody created another pod of this id.
    pub async fn create(&self, pod: Definition<'_>, force: Force) -> Result<Taken, Error> {
        self.define(pod, None, force).await
    }

    /// Gives a pod another definition than `before`.
    ///
    /// # Errors
    /// Marathon cannot be reached or refuses, or somebody changed the pod since.
    pub async fn update(
        &self,
        pod: Definition<'_>,
        before: &Running,
        force: Force,
    ) -> Result<Taken, Error> {
        self.define(pod, Some(before), force).await
    }

    /// Writes until it is certain whether Marathon has taken the definition.
    async fn define(
        &self,
        pod: Definition<'_>,
        before: Option<&Running>,
        force: Force,
    ) -> Result<Taken, Error> {
        let mut writing = Writing::new(self, pod, before, force);
        let written = writing.until_certain().await;
        written.map_err(|error| match error {
            Error::Unreachable { url, why } if writing.perhaps => {
                Error::Uncertain { id: pod.id.to_owned(), url, why }
            }
            error => error,
        })
    }

    /// Whether Marathon has a definition that is this one, and not the one before.
    async fn effect(&self, pod: Definition<'_>, before: Option<&Running>) -> Result<Effect, Error> {
        let Some(now) = self.pod(pod.id).await? else {
            return match before {
                Some(_) => Err(Error::Conflict { id: pod.id.to_owned(), what: "removed" }),
                None => Ok(Effect::None),
            };
        };
        if before.is_some_and(|before| before.version == now.version) {
            return Ok(Effect::None);
        }
        if is_same(pod, &now) {
            let deployment = self.deployment_of(pod.id).await?;
            return Ok(Effect::Taken(Taken { version: now.version, deployment }));
        }
        let what = if before.is_some() { "changed" } else { "created" };
        Err(Error::Conflict { id: pod.id.to_owned(), what })
    }

    /// The deployment that changes a pod.
    async fn deployment_of(&self, id: &str) -> Result<Option<String>, Error> {
        let mut deployments = self.deployments().await?.into_iter();
        let affects = deployments.find(|it| it.affects(id));
        Ok(affects.map(|deployment| deployment.id))
    }
}

/// A definition on its way to Marathon.
struct Writing<'a> {
    client: &'a Client,
    pod: Definition<'a>,
    before: Option<&'a Running>,
    force: Force,
    call: Call<'a>,
    /// Whether a write may have been heard of which nothing was heard since.
    perhaps: bool,
}

impl<'a> Writing<'a> {
    fn new(
        client: &'a Client,
        pod: Definition<'a>,
        before: Option<&'a Running>,
        force: Force,
    ) -> Self {
        let (method, path) = match before {
            Some(_) => (Method::PUT, ApiPath::pod(pod.id, "")),
            None => (Method::POST, ApiPath::v2("pods")),
        };
        let call = Call { method, path, query: force.query(), body: Some(pod.text) };
        Self { client, pod, before, force, call, perhaps: false }
    }

    async fn until_certain(&mut self) -> Result<Taken, Error> {
        let mut tries = self.client.tries();
        loop {
            let miss = match self.client.write(&self.call).await? {
                Written::Perhaps(miss) => miss,
                Written::Answered(answered) if answered.answer.status.is_success() => {
                    match taken(answered) {
                        Ok(taken) => return Ok(taken),
                        Err(miss) => miss,
                    }
                }
                Written::Answered(Answered { answer, .. }) => match self.refused(&answer).await? {
                    Effect::Taken(taken) => return Ok(taken),
                    Effect::None => continue,
                },
            };
            self.perhaps = true;
            tries.pause(miss).await?;
            if let Effect::Taken(taken) = self.effect().await? {
                return Ok(taken);
            }
            // Should the write have its effect only now, its own deployment is not to be broken
            // into.
            self.call.query = Force::No.query();
        }
    }

    /// What the writes before a refusal have done: they may be what it is for.
    ///
    /// # Errors
    /// The refusal stands.
    async fn refused(&mut self, answer: &Answer) -> Result<Effect, Error> {
        if !self.perhaps || answer.status != StatusCode::CONFLICT {
            return Err(refused(&self.call, self.pod, answer));
        }
        if let Effect::Taken(taken) = self.effect().await? {
            return Ok(Effect::Taken(taken));
        }
        if self.force == Force::No || answer.refusal().deployments.is_empty() {
            return Err(refused(&self.call, self.pod, answer));
        }
        // Somebody else's deployment holds the pod.
        (self.perhaps, self.call.query) = (false, self.force.query());
        Ok(Effect::None)
    }

    async fn effect(&self) -> Result<Effect, Error> {
        self.client.effect(self.pod, self.before).await
    }
}

/// What a success says; a miss where that cannot be read.
fn taken(answered: Answered) -> Result<Taken, Miss> {
    let Answered { answer, url, .. } = answered;
    match answer.json::<Versioned>() {
        Some(Versioned { version }) => Ok(Taken { version, deployment: answer.deployment }),
        None => Err(Miss::foreign(url)),
    }
}

/// Whether Marathon has this definition already.
pub(super) fn is_same(pod: Definition<'_>, now: &Running) -> bool {
    compare(pod.text, &now.text, pod.filled).is_some_and(|compared| compared.is_same())
}

/// A refusal; that there is such a pod already means that somebody created it since it was looked
/// for (Marathon PodManagerImpl).
fn refused(call: &Call<'_>, pod: Definition<'_>, answer: &Answer) -> Error {
    let refusal = answer.refusal();
    let exists = call.method == Method::POST
        && answer.status == StatusCode::CONFLICT
        && refusal.deployments.is_empty();
    if exists {
        return Error::Conflict { id: pod.id.to_owned(), what: "created" };
    }
    Error::refused(call.to_string(), refusal)
}
