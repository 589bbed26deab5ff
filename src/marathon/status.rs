//! What Marathon tells of a pod that it runs (Marathon podStatus.raml). It is read leniently: old
//! versions leave members out, and lists that are empty.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// A pod and its instances.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PodStatus {
    /// The id of the pod; empty only where this is no answer of Marathon's.
    pub id: String,
    /// The definition that Marathon wants to run.
    pub spec: Spec,
    /// How the pod as a whole is.
    pub status: State,
    /// The instances that were launched, those that are about to end among them.
    #[serde(deserialize_with = "nullable")]
    pub instances: Vec<Instance>,
    /// The instances that ended; Marathon keeps one at most.
    #[serde(deserialize_with = "nullable")]
    pub termination_history: Vec<Ended>,
}

/// What of a definition matters to those who watch it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Spec {
    /// When Marathon took it, and what it is called by: a new one for each write.
    pub version: Option<String>,
    /// How many instances there are to be.
    pub scaling: Scaling,
    /// Its labels; those that are no text are left out.
    #[serde(deserialize_with = "texts")]
    pub labels: BTreeMap<String, String>,
}

/// How many instances there are to be.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default)]
pub struct Scaling {
    /// The number.
    pub instances: u32,
}

impl Default for Scaling {
    fn default() -> Self {
        Self { instances: 1 }
    }
}

/// How a pod or an instance is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// An instance is waiting for its place.
    Pending,
    /// An instance is being brought up.
    Staging,
    /// All is as it should be.
    Stable,
    /// Something runs that does not work, or too little runs.
    Degraded,
    /// It is coming to an end: an instance that was killed or failed, a pod that is deleted.
    Terminal,
    /// Something that later versions say.
    #[default]
    #[serde(other)]
    Unknown,
}

/// One instance of a pod.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Instance {
    /// Its id: that of the pod with `_` for `/`, `.instance-` and a UUID.
    pub id: String,
    /// How it is.
    pub status: State,
    /// Since when, in RFC 3339.
    pub status_since: Option<String>,
    /// Why it is so.
    pub message: Option<String>,
    /// The agent that it runs on.
    pub agent_hostname: Option<String>,
    /// The networks that it is on; none before Mesos has told of them.
    #[serde(deserialize_with = "nullable")]
    pub networks: Vec<Network>,
    /// Its containers.
    #[serde(deserialize_with = "nullable")]
    pub containers: Vec<Container>,
    /// The definition that it was launched from: `/v2/pods/<id>::versions/<version>`.
    pub spec_reference: Option<String>,
}

impl Instance {
    /// Whether it was launched from that version of the definition. Where Marathon does not say,
    /// it may have been.
    pub fn is_of(&self, version: &str) -> bool {
        self.spec_reference.as_deref().is_none_or(|reference| reference.ends_with(version))
    }

    /// The version of the definition that it was launched from, where Marathon says it.
    pub fn version(&self) -> Option<&str> {
        let (_, version) = self.spec_reference.as_deref()?.rsplit_once("::versions/")?;
        Some(version)
    }
}

/// A network that an instance is on.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Network {
    /// The addresses that it has there.
    #[serde(deserialize_with = "nullable")]
    pub addresses: Vec<String>,
}

/// A container of an instance.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Container {
    /// Its name.
    pub name: String,
    /// The id of its Mesos task, which it has as `MESOS_TASK_ID`; none before it is launched.
    pub container_id: Option<String>,
    /// The state of its Mesos task, as `TASK_RUNNING`.
    pub status: String,
    /// Since when, in RFC 3339.
    pub status_since: Option<String>,
    /// Why it is so.
    pub message: Option<String>,
    /// How it ended, once it has.
    pub termination: Option<Termination>,
}

impl Container {
    /// Whether it ended, and not well: it failed, was lost, could not be started or was killed.
    pub fn has_failed(&self) -> bool {
        let ended = self.termination.as_ref().and_then(|termination| termination.exit_code);
        match self.status.strip_prefix("TASK_") {
            Some("FAILED" | "ERROR" | "LOST" | "DROPPED" | "GONE" | "GONE_BY_OPERATOR") => true,
            _ => ended.is_some_and(|code| code != 0),
        }
    }

    /// Whether it was made to end, as all others are when one fails: then it is not to blame, even
    /// if the signal gave it an exit status.
    pub fn was_killed(&self) -> bool {
        self.status == "TASK_KILLED"
    }

    /// Whether it ended as it should.
    pub fn has_finished(&self) -> bool {
        self.status == "TASK_FINISHED"
    }
}

/// How a container ended.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default, rename_all = "camelCase")]
pub struct Termination {
    /// The exit status of its process.
    pub exit_code: Option<i64>,
    /// What Mesos says.
    pub message: Option<String>,
}

/// An instance that ended.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Ended {
    /// Its id.
    #[serde(rename = "instanceID", alias = "instanceId")]
    pub instance: String,
    /// What Marathon says.
    pub message: Option<String>,
    /// Its containers.
    #[serde(deserialize_with = "nullable")]
    pub containers: Vec<EndedContainer>,
}

/// A container of an instance that ended.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct EndedContainer {
    /// The id of its task: that of the instance, a dot, and the name of the container.
    pub container_id: String,
    /// The last state of its task.
    pub last_known_state: Option<String>,
    /// How it ended.
    pub termination: Option<Termination>,
}

impl Ended {
    /// Its containers as those of an instance that runs.
    pub fn containers(&self) -> Vec<Container> {
        let containers = self.containers.iter().map(|ended| {
            let below = ended.container_id.strip_prefix(&self.instance);
            let name = below.unwrap_or(&ended.container_id).trim_start_matches('.');
            // From Marathon 1.8 on a number follows.
            let name = name.split('.').next().unwrap_or(name);
            Container {
                name: name.to_owned(),
                container_id: Some(ended.container_id.clone()),
                status_since: None,
                status: ended.last_known_state.clone().unwrap_or_default(),
                message: None,
                termination: ended.termination.clone(),
            }
        });
        containers.collect()
    }
}

/// An object's members that are text.
fn texts<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<String, String>, D::Error> {
    let all = Option::<BTreeMap<String, Value>>::deserialize(from)?.unwrap_or_default();
    let texts = all.into_iter().filter_map(|(name, value)| match value {
        Value::String(text) => Some((name, text)),
        _ => None,
    });
    Ok(texts.collect())
}

/// Null is an empty list.
fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(text: &str) -> PodStatus {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn what_old_versions_leave_out_is_not_needed() {
        let status = status(
            r#"{"id": "/a", "spec": {"id": "/a"}, "status": "STABLE", "terminationHistory": null,
                "instances": [{"status": "STABLE", "containers": [{"name": "c"}]}]}"#,
        );
        assert_eq!(status.status, State::Stable);
        assert_eq!(status.spec.scaling.instances, 1);
        assert!(status.instances[0].is_of("2026-01-01T00:00:00.000Z"));
    }

    #[test]
    fn what_later_versions_say_is_no_error() {
        assert_eq!(status(r#"{"status": "SPARKLING", "new": 1}"#).status, State::Unknown);
    }

    #[test]
    fn what_is_not_said_of_networks_and_labels_is_nothing() {
        let status = status(
            r#"{"id": "/a", "spec": {"labels": {"a": "b", "c": 1, "d": null}}, "instances": [
                {"networks": null}, {"networks": [{"name": "dcos", "addresses": null}]},
                {"networks": [{"addresses": ["9.0.0.2"]}], "statusSince": "2026-01-01T00:00:00Z",
                 "containers": [{"containerId": "a.instance-1.c.1"}, {"containerId": null}]}]}"#,
        );
        assert_eq!(status.spec.labels, [("a".to_owned(), "b".to_owned())].into());
        let addresses = |it: &Instance| it.networks.iter().map(|it| it.addresses.len()).sum();
        assert_eq!(status.instances.iter().map(addresses).collect::<Vec<usize>>(), [0, 0, 1]);
        let ids = status.instances[2].containers.iter().map(|it| it.container_id.as_deref());
        assert_eq!(ids.collect::<Vec<_>>(), [Some("a.instance-1.c.1"), None]);
    }

    #[test]
    fn an_instance_is_of_the_version_that_it_refers_to() {
        let instance = r#"{"specReference": "/v2/pods/a::versions/2026-01-01T00:00:00.000Z"}"#;
        let instance: Instance = serde_json::from_str(instance).unwrap();
        assert!(instance.is_of("2026-01-01T00:00:00.000Z"));
        assert!(!instance.is_of("2026-01-01T00:00:00.001Z"));
    }

    #[test]
    fn a_container_that_ended_is_known_by_the_end_of_its_task() {
        let ended = r#"{"instanceID": "a_b.instance-1", "containers": [
            {"containerId": "a_b.instance-1.istio-init", "lastKnownState": "TASK_FAILED",
             "termination": {"exitCode": 1}},
            {"containerId": "a_b.instance-1.web.1", "lastKnownState": "TASK_KILLED"}]}"#;
        let ended: Ended = serde_json::from_str(ended).unwrap();
        let containers = ended.containers();
        let names = containers.iter().map(|it| (it.name.as_str(), it.has_failed()));
        assert_eq!(names.collect::<Vec<_>>(), [("istio-init", true), ("web", false)]);
    }
}
