//! A pod as Marathon holds it: its versions and its instances.

use serde_json::Value;

use super::clock::Clock;
use super::containers::Container;
use super::instance::{Instance, Phase};

/// A pod, with all its versions and what runs of it.
#[derive(Clone, Debug)]
pub(crate) struct Pod {
    /// Its definitions, the oldest first; never empty.
    pub(super) versions: Vec<Value>,
    /// Instances of earlier versions than this are to be replaced.
    pub(super) restarted: String,
    pub(super) instances: Vec<Instance>,
    pub(super) last_failure: Option<Failure>,
    /// For how many ticks nothing is launched.
    pub(super) backoff: usize,
    pub(super) status: &'static str,
    pub(super) since: String,
}

/// The trace of an instance that failed.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub(super) instance: String,
    pub(super) started: String,
    pub(super) ended: String,
    pub(super) containers: Vec<Container>,
}

impl Pod {
    pub(super) fn new(spec: Value) -> Self {
        Self {
            restarted: version_of(&spec),
            versions: vec![spec],
            instances: Vec::new(),
            last_failure: None,
            backoff: 0,
            status: "DEGRADED",
            since: Clock::now(),
        }
    }

    /// The definition that holds.
    pub(crate) fn spec(&self) -> &Value {
        self.versions.last().expect("a pod has a version")
    }

    /// The version that holds.
    pub(crate) fn version(&self) -> String {
        version_of(self.spec())
    }

    /// How many instances it shall have.
    pub(crate) fn wanted(&self) -> usize {
        let instances = self.spec()["scaling"]["instances"].as_u64().unwrap_or(1);
        usize::try_from(instances).expect("a count that fits")
    }

    /// The instances that Marathon lists.
    pub(crate) fn listed(&self) -> impl Iterator<Item = &Instance> {
        self.instances.iter().filter(|it| !matches!(it.phase, Phase::Scheduled | Phase::Gone))
    }

    /// How many instances are `STABLE`.
    pub(crate) fn stable(&self) -> usize {
        self.instances.iter().filter(|it| it.status() == "STABLE").count()
    }

    /// The instances that stay, and those that are to be replaced.
    pub(super) fn generations(&self) -> (Vec<&Instance>, Vec<&Instance>) {
        let alive = self.instances.iter().filter(|it| !it.is_ending());
        alive.partition(|it| it.version >= self.restarted)
    }
}

pub(super) fn version_of(spec: &Value) -> String {
    spec["version"].as_str().unwrap_or_default().to_owned()
}
