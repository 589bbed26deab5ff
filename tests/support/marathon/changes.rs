//! Writes: pods created, replaced and deleted, deployments cancelled.

use axum::http::StatusCode;
use serde_json::Value;

use super::answer::Refusal;
use super::cluster::Cluster;
use super::deployment::{Action, Deployment, Pace};
use super::pod::{Pod, version_of};
use super::validation;

/// Whether a write overrides the deployments that hold its pod (`?force=true`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Force {
    Yes,
    No,
}

/// A write that was accepted.
#[derive(Clone, Debug)]
pub(crate) struct Accepted {
    pub(super) deployment: String,
    /// The pod as it is now.
    pub(super) spec: Value,
}

impl Cluster {
    /// `POST /v2/pods`.
    pub(super) fn create(&mut self, body: &[u8], force: Force) -> Result<Accepted, Refusal> {
        let spec = validation::read(body, &self.settings)?;
        let id = id_of(&spec);
        if self.pods.contains_key(&id) {
            return Err(Refusal::exists(&id));
        }
        self.put(&id, spec, force)
    }

    /// `PUT /v2/pods/{id}`, which creates the pod if it is not there.
    pub(super) fn replace(
        &mut self,
        id: &str,
        body: &[u8],
        force: Force,
    ) -> Result<Accepted, Refusal> {
        let spec = validation::read(body, &self.settings)?;
        let own = id_of(&spec);
        if own != id {
            let message = format!("'{id}' does not match definition's id ('{own}')");
            return Err(Refusal::message(StatusCode::BAD_REQUEST, message));
        }
        self.put(id, spec, force)
    }

    /// `DELETE /v2/pods/{id}`.
    pub(super) fn delete(&mut self, id: &str, force: Force) -> Result<String, Refusal> {
        let before = self.spec(id).cloned().ok_or_else(|| Refusal::no_pod(id))?;
        self.make_way(id, force)?;
        self.bus.pod("pod_deleted_event", id);
        let version = self.clock.version();
        Ok(self.deploy(id, version, &[Action::Stop], Some(before)))
    }

    /// `DELETE /v2/deployments/{id}`: the way back is a deployment of its own.
    pub(super) fn roll_back(&mut self, deployment: &str) -> Result<(String, String), Refusal> {
        let cancelled = self.cancel(deployment, "cancelled")?;
        let version = self.clock.version();
        let id = cancelled.pod.clone();
        let spec = self.spec(&id).cloned();
        let steps = match cancelled.before {
            Some(mut before) => {
                before["version"] = version.clone().into();
                self.store(&id, before)
            }
            None => vec![Action::Stop],
        };
        Ok((self.deploy(&id, version.clone(), &steps, spec), version))
    }

    /// `DELETE /v2/deployments/{id}?force=true`: what was done so far stays.
    pub(super) fn cancel(&mut self, id: &str, reason: &str) -> Result<Deployment, Refusal> {
        let at = self.deployments.iter().position(|deployment| deployment.id == id);
        let at = at.ok_or_else(|| {
            let message = format!("DeploymentPlan {id} does not exist");
            Refusal::message(StatusCode::NOT_FOUND, message)
        })?;
        let cancelled = self.deployments.remove(at);
        self.bus.failed(&cancelled, reason);
        Ok(cancelled)
    }

    /// A deployment that holds a pod and goes nowhere.
    pub(super) fn hold(&mut self, pod: &str) -> String {
        let version = self.clock.version();
        let before = self.spec(pod).cloned();
        let id = self.deploy(pod, version, &[Action::Scale], before);
        let held = self.deployments.last_mut().expect("it was just begun");
        held.pace = Pace::Held;
        id
    }

    fn put(&mut self, id: &str, mut spec: Value, force: Force) -> Result<Accepted, Refusal> {
        if self.apps.contains(id) {
            return Err(Refusal::invalid("Applications and Pods may not share the same id"));
        }
        self.make_way(id, force)?;
        let before = self.spec(id).cloned();
        let event = if before.is_some() { "pod_updated_event" } else { "pod_created_event" };
        let version = self.clock.version();
        spec["version"] = version.clone().into();
        let steps = self.store(id, spec.clone());
        self.bus.pod(event, id);
        Ok(Accepted { deployment: self.deploy(id, version, &steps, before), spec })
    }

    /// Stores a definition and says which steps lead to it.
    fn store(&mut self, id: &str, spec: Value) -> Vec<Action> {
        let Some(pod) = self.pods.get_mut(id) else {
            self.pods.insert(id.to_owned(), Pod::new(spec));
            return vec![Action::Start, Action::Scale];
        };
        let only_scales = same_configuration(pod.spec(), &spec)
            && pod.spec()["scaling"]["instances"] != spec["scaling"]["instances"];
        if !only_scales {
            pod.restarted = version_of(&spec);
            pod.backoff = 0;
        }
        pod.versions.push(spec);
        vec![if only_scales { Action::Scale } else { Action::Restart }]
    }

    /// Refuses while deployments hold the pod, unless they are to be overridden.
    fn make_way(&mut self, id: &str, force: Force) -> Result<(), Refusal> {
        let holding = self.holding(id);
        if force == Force::No && !holding.is_empty() {
            return Err(Refusal::locked(&holding));
        }
        for deployment in holding {
            self.cancel(&deployment, "overridden")?;
        }
        match self.settings.max_running_deployments {
            Some(limit) if self.deployments.len() >= limit => {
                Err(Refusal::too_many_deployments(limit))
            }
            _ => Ok(()),
        }
    }

    fn deploy(
        &mut self,
        pod: &str,
        version: String,
        steps: &[Action],
        before: Option<Value>,
    ) -> String {
        let id = self.clock.uuid();
        let deployment = Deployment {
            id: id.clone(),
            pod: pod.to_owned(),
            version,
            steps: steps.to_vec(),
            current: 1,
            pace: Pace::Instances,
            before,
        };
        self.bus.step("deployment_info", &deployment);
        self.deployments.push(deployment);
        self.log.saw_running(self.running());
        self.refresh_status(pod);
        id
    }
}

/// What Marathon does not compare when it decides whether instances must be restarted.
const NOT_COMPARED: [&str; 5] =
    ["version", "scaling", "executorResources", "scheduling", "legacySharedCgroups"];
/// What it does compare of `scheduling`.
const COMPARED: [&str; 3] = ["placement", "backoff", "upgrade"];

fn same_configuration(one: &Value, other: &Value) -> bool {
    let compared = |spec: &Value| {
        let mut spec = spec.clone();
        let scheduling = COMPARED.map(|member| spec["scheduling"][member].clone());
        if let Some(members) = spec.as_object_mut() {
            members.retain(|name, _| !NOT_COMPARED.contains(&name.as_str()));
        }
        (spec, scheduling)
    };
    compared(one) == compared(other)
}

fn id_of(spec: &Value) -> String {
    spec["id"].as_str().unwrap_or_default().to_owned()
}
