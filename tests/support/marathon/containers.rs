//! The containers of an instance: Mesos tasks, and how they end.

use serde_json::Value;

use super::clock::Clock;

/// A task's state, as Mesos spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Task {
    Staging,
    Starting,
    Running,
    Finished,
    Failed,
    Killing,
    Killed,
}

impl Task {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Staging => "TASK_STAGING",
            Self::Starting => "TASK_STARTING",
            Self::Running => "TASK_RUNNING",
            Self::Finished => "TASK_FINISHED",
            Self::Failed => "TASK_FAILED",
            Self::Killing => "TASK_KILLING",
            Self::Killed => "TASK_KILLED",
        }
    }
}

/// How a container ended.
#[derive(Clone, Debug, Default)]
pub(super) struct Termination {
    pub(super) exit_code: Option<i32>,
    pub(super) message: String,
}

/// What Mesos says of a container's health check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Health {
    Unreported,
    Healthy,
    Unhealthy,
}

/// A container of an instance.
#[derive(Clone, Debug)]
pub(super) struct Container {
    pub(super) name: String,
    pub(super) task: Task,
    pub(super) since: String,
    pub(super) termination: Option<Termination>,
    /// Of one that has a health check, or is scripted to be unhealthy.
    pub(super) health: Option<Health>,
}

impl Container {
    /// The containers of a pod's definition, not yet launched.
    pub(super) fn all(spec: &Value) -> Vec<Self> {
        let containers = spec["containers"].as_array().into_iter().flatten();
        containers
            .map(|container| Self {
                name: container["name"].as_str().unwrap_or_default().to_owned(),
                task: Task::Staging,
                since: Clock::now(),
                termination: None,
                health: container.get("healthCheck").map(|_| Health::Unreported),
            })
            .collect()
    }

    /// Takes a state, unless the container has ended.
    pub(super) fn enter(&mut self, task: Task) {
        if self.task != task && !self.has_ended() {
            self.task = task;
            self.since = Clock::now();
        }
    }

    /// Ends.
    pub(super) fn end(&mut self, task: Task, exit_code: Option<i32>, message: &str) {
        self.enter(task);
        self.termination = Some(Termination { exit_code, message: message.to_owned() });
    }

    pub(super) fn has_ended(&self) -> bool {
        matches!(self.task, Task::Finished | Task::Failed | Task::Killed)
    }
}
