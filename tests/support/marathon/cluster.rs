//! What Marathon and Mesos know: one state for all nodes.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::access::Sessions;
use super::builder::Settings;
use super::clock::Clock;
use super::deployment::{Deployment, Pace};
use super::events::Bus;
use super::faults::Faults;
use super::instance::Instance;
use super::leader::Leadership;
use super::pod::Pod;
use super::records::Log;
use super::script::Script;
use super::status;

/// Everything that a request can change, and what was asked so far.
#[derive(Debug)]
pub(crate) struct Cluster {
    pub(super) settings: Settings,
    pub(super) pods: BTreeMap<String, Pod>,
    pub(super) deployments: Vec<Deployment>,
    /// Ids that apps have, so that no pod can.
    pub(super) apps: BTreeSet<String>,
    pub(super) clock: Clock,
    pub(super) bus: Bus,
    pub(super) script: Script,
    pub(super) faults: Faults,
    pub(super) sessions: Sessions,
    pub(super) leadership: Leadership,
    pub(super) log: Log,
}

impl Cluster {
    pub(super) fn new(settings: Settings, leadership: Leadership) -> Self {
        Self {
            sessions: Sessions::new(settings.access.clone()),
            settings,
            pods: BTreeMap::new(),
            deployments: Vec::new(),
            apps: BTreeSet::new(),
            clock: Clock::default(),
            bus: Bus::default(),
            script: Script::default(),
            faults: Faults::default(),
            leadership,
            log: Log::default(),
        }
    }

    /// The definition of a pod.
    pub(crate) fn spec(&self, id: &str) -> Option<&Value> {
        self.pods.get(id).map(Pod::spec)
    }

    /// Whether there is such a pod.
    pub(crate) fn has(&self, id: &str) -> bool {
        self.pods.contains_key(id)
    }

    /// The instances of a pod that Marathon lists.
    pub(crate) fn instances(&self, id: &str) -> Vec<&Instance> {
        self.pods.get(id).into_iter().flat_map(Pod::listed).collect()
    }

    /// The state of a pod, as `PodState` spells it.
    pub(crate) fn status(&self, id: &str) -> Option<&'static str> {
        self.pods.get(id).map(|pod| pod.status)
    }

    /// How many instances of a pod are `STABLE`.
    pub(crate) fn stable(&self, id: &str) -> usize {
        self.pods.get(id).map_or(0, Pod::stable)
    }

    /// What `::status` answers of a pod.
    pub(crate) fn status_document(&self, id: &str) -> Option<Value> {
        self.pods.get(id).map(|pod| status::pod_status(id, pod))
    }

    /// How many instances of a pod have failed so far.
    pub(crate) fn failures(&self, id: &str) -> usize {
        self.log.failures(id)
    }

    /// The deployments that run.
    pub(crate) fn deployments(&self) -> &[Deployment] {
        &self.deployments
    }

    /// Whether nothing is being deployed.
    pub(crate) fn is_settled(&self) -> bool {
        self.deployments.is_empty()
    }

    /// How many event streams are open.
    pub(crate) fn listeners(&self) -> usize {
        self.bus.listeners()
    }

    /// What was asked, and how much at once.
    pub(crate) fn log(&self) -> &Log {
        &self.log
    }

    /// The deployments that hold a pod.
    pub(super) fn holding(&self, id: &str) -> Vec<String> {
        let holding = self.deployments.iter().filter(|deployment| deployment.pod == id);
        holding.map(|deployment| deployment.id.clone()).collect()
    }

    /// How many deployments move.
    pub(super) fn running(&self) -> usize {
        self.deployments.iter().filter(|it| it.pace == Pace::Instances).count()
    }
}
