//! Taking a deployment back: by Marathon's own rollback while it is under way, by the definition
//! from before once it is over.

use std::time::Duration;

use reqwest::{Method, StatusCode};

use super::Client;
use super::address::ApiPath;
use super::attempt::Answered;
use super::client::{Call, Written};
use super::error::Error;
use super::pods::Running;
use super::write::{Definition, Force, Taken, is_same};

/// What to bring back.
#[derive(Clone, Copy, Debug)]
pub enum Before<'b> {
    /// There was no such pod.
    Nothing,
    /// This definition was running.
    Running(&'b Running),
}

impl Client {
    /// Brings back what was before `taken`, and waits until that is so: the definition is the old
    /// one, and no deployment is under way. It has no end of its own: bound it.
    ///
    /// # Errors
    /// Marathon cannot be reached or refuses, or somebody changed the pod since; then nothing is
    /// taken back.
    pub async fn undo(
        &self,
        pod: Definition<'_>,
        taken: &Taken,
        before: Before<'_>,
        poll: Duration,
    ) -> Result<(), Error> {
        if !self.is_current(pod.id, taken).await? {
            return Err(Error::Conflict { id: pod.id.to_owned(), what: "changed" });
        }
        if !self.roll_back(taken).await? {
            self.bring_back(pod, before).await?;
        }
        while !self.is_back(pod, before).await? {
            tokio::time::sleep(poll).await;
        }
        Ok(())
    }

    async fn is_current(&self, id: &str, taken: &Taken) -> Result<bool, Error> {
        Ok(self.pod(id).await?.is_some_and(|now| now.version == taken.version))
    }

    /// Asks Marathon to roll the deployment back; false if it is over.
    async fn roll_back(&self, taken: &Taken) -> Result<bool, Error> {
        let Some(deployment) = &taken.deployment else { return Ok(false) };
        let path = ApiPath::v2(&format!("deployments/{deployment}"));
        self.delete(path, Force::No).await
    }

    async fn bring_back(&self, pod: Definition<'_>, before: Before<'_>) -> Result<(), Error> {
        match before {
            Before::Nothing => _ = self.delete(ApiPath::pod(pod.id, ""), Force::Yes).await?,
            Before::Running(before) => {
                let Some(now) = self.pod(pod.id).await? else {
                    return Err(Error::Conflict { id: pod.id.to_owned(), what: "removed" });
                };
                let old = Definition { text: &before.text, ..pod };
                if !is_same(old, &now) {
                    self.update(old, &now, Force::Yes).await?;
                }
            }
        }
        Ok(())
    }

    /// Deletes something; false if it is not there. To delete twice does no harm.
    async fn delete(&self, path: ApiPath, force: Force) -> Result<bool, Error> {
        let call = Call { method: Method::DELETE, path, query: force.query(), body: None };
        let mut tries = self.tries();
        loop {
            match self.write(&call).await? {
                Written::Answered(Answered { answer, .. }) => match answer.status {
                    StatusCode::NOT_FOUND => return Ok(false),
                    status if status.is_success() => return Ok(true),
                    _ => return Err(Error::refused(call.to_string(), answer.refusal())),
                },
                Written::Perhaps(miss) => tries.pause(miss).await?,
            }
        }
    }

    async fn is_back(&self, pod: Definition<'_>, before: Before<'_>) -> Result<bool, Error> {
        let now = self.pod(pod.id).await?;
        let same = match (before, now) {
            (Before::Nothing, now) => now.is_none(),
            (Before::Running(before), Some(now)) => {
                is_same(Definition { text: &before.text, ..pod }, &now)
            }
            (Before::Running(_), None) => false,
        };
        let deployments = self.deployments().await?;
        let busy = deployments.iter().any(|it| it.affects(pod.id));
        Ok(same && !busy)
    }
}
