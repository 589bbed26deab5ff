//! A deployment: the way from one definition of a pod to the next, in steps.

use serde_json::{Value, json};

/// What a step does to the pod, as Marathon spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Start,
    Scale,
    Restart,
    Stop,
}

impl Action {
    fn name(self) -> &'static str {
        match self {
            Self::Start => "StartPod",
            Self::Scale => "ScalePod",
            Self::Restart => "RestartPod",
            Self::Stop => "StopPod",
        }
    }
}

/// Who moves a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// The instances of its pod.
    Instances,
    /// Nobody: it only holds the pod.
    Held,
}

/// A deployment that runs.
#[derive(Clone, Debug)]
pub(crate) struct Deployment {
    pub(crate) id: String,
    pub(crate) pod: String,
    pub(super) version: String,
    /// One action each.
    pub(super) steps: Vec<Action>,
    /// Counted from 1.
    pub(super) current: usize,
    pub(super) pace: Pace,
    /// The definition to which a rollback leads; none where the pod was not there.
    pub(super) before: Option<Value>,
}

impl Deployment {
    /// What it does now.
    pub(super) fn action(&self) -> Action {
        self.steps[self.current - 1]
    }

    /// As `GET /v2/deployments` lists it.
    pub(super) fn listed(&self) -> Value {
        let current = json!({
            "action": self.action().name(),
            "pod": self.pod,
            "readinessCheckResults": [],
        });
        json!({
            "id": self.id,
            "version": self.version,
            "affectedApps": [],
            "affectedPods": [self.pod],
            "steps": self.plan_steps(),
            "currentActions": [current],
            "currentStep": self.current,
            "totalSteps": self.steps.len(),
        })
    }

    /// As events carry it.
    pub(super) fn plan(&self) -> Value {
        json!({"id": self.id, "steps": self.plan_steps(), "version": self.version})
    }

    /// The current step, as events carry it.
    pub(super) fn step(&self) -> Value {
        json!({"actions": [self.shown(self.action())]})
    }

    fn plan_steps(&self) -> Vec<Value> {
        self.steps.iter().map(|action| json!({"actions": [self.shown(*action)]})).collect()
    }

    fn shown(&self, action: Action) -> Value {
        json!({"action": action.name(), "pod": self.pod})
    }
}
