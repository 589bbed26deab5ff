//! An instance of a pod, and its way through life: one step a tick.

use serde_json::Value;

use super::clock::Clock;
use super::containers::{Container, Health, Task};
use super::script::{Kind, Trouble};

/// For how many ticks an instance that failed is still listed.
const LINGERS: usize = 3;

/// The exit code of what ends by SIGTERM, 128 and its number.
const TERMINATED: i32 = 143;

/// Where an instance is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Not yet listed.
    Scheduled,
    /// `PENDING`.
    Provisioned,
    /// `STAGING`, the containers `TASK_STAGING`.
    Staging,
    /// `STAGING`, the containers `TASK_STARTING`.
    Starting,
    /// Runs since so many ticks.
    Running(usize),
    /// `TERMINAL`, since so many ticks, after a failure.
    Failed(usize),
    /// `TERMINAL`, after a kill.
    Killed,
    /// No longer listed.
    Gone,
}

/// One instance of a pod.
#[derive(Clone, Debug)]
pub(crate) struct Instance {
    pub(crate) id: String,
    /// The version of the pod that it runs.
    pub(crate) version: String,
    pub(super) phase: Phase,
    pub(super) started: String,
    pub(super) since: String,
    pub(super) containers: Vec<Container>,
    /// A number of its own, for addresses and ports.
    pub(super) number: usize,
    troubles: Vec<Trouble>,
}

impl Instance {
    pub(super) fn new(id: String, number: usize, spec: &Value, troubles: Vec<Trouble>) -> Self {
        Self {
            id,
            version: spec["version"].as_str().unwrap_or_default().to_owned(),
            phase: Phase::Scheduled,
            started: Clock::now(),
            since: Clock::now(),
            containers: Container::all(spec),
            number,
            troubles,
        }
    }

    /// Its state, as `PodInstanceState` spells it.
    pub(crate) fn status(&self) -> &'static str {
        match self.phase {
            Phase::Scheduled | Phase::Provisioned => "PENDING",
            Phase::Staging | Phase::Starting => "STAGING",
            Phase::Running(_) if self.is_unhealthy() => "DEGRADED",
            Phase::Running(_) => "STABLE",
            Phase::Failed(_) | Phase::Killed | Phase::Gone => "TERMINAL",
        }
    }

    /// Its condition, as events spell it.
    pub(super) fn condition(&self) -> &'static str {
        match self.phase {
            Phase::Scheduled => "Scheduled",
            Phase::Provisioned => "Provisioned",
            Phase::Staging => "Staging",
            Phase::Starting => "Starting",
            Phase::Running(_) => "Running",
            Phase::Failed(_) => "Failed",
            Phase::Gone if self.ended_by_failure() => "Failed",
            Phase::Killed | Phase::Gone => "Killed",
        }
    }

    pub(super) fn is_ending(&self) -> bool {
        matches!(self.phase, Phase::Failed(_) | Phase::Killed | Phase::Gone)
    }

    pub(super) fn has_failed(&self) -> bool {
        matches!(self.phase, Phase::Failed(_))
    }

    /// Whether a container of it failed, also once it is gone.
    pub(super) fn ended_by_failure(&self) -> bool {
        self.containers.iter().any(|container| container.task == Task::Failed)
    }

    pub(super) fn is_unhealthy(&self) -> bool {
        self.containers.iter().any(|container| container.health == Some(Health::Unhealthy))
    }

    /// Somebody kills it.
    pub(super) fn kill(&mut self) {
        self.enter(Phase::Killed);
        for container in &mut self.containers {
            container.end(Task::Killed, None, "Container was killed");
        }
    }

    /// A container of it ends with an exit code now.
    pub(super) fn crash(&mut self, container: &str, code: i32, message: &str) {
        self.fail(container, Some(code), message);
    }

    /// Takes one step.
    pub(super) fn step(&mut self) {
        match self.phase {
            Phase::Scheduled => self.enter(Phase::Provisioned),
            Phase::Provisioned => self.enter_with(Phase::Staging, Task::Staging),
            Phase::Staging if self.has(&Kind::StaysStaging) => {}
            Phase::Staging => self.enter_with(Phase::Starting, Task::Starting),
            Phase::Starting => self.start(),
            Phase::Running(ticks) => self.run(ticks + 1),
            Phase::Failed(ticks) if ticks < LINGERS => self.phase = Phase::Failed(ticks + 1),
            Phase::Failed(_) | Phase::Killed | Phase::Gone => self.phase = Phase::Gone,
        }
    }

    fn start(&mut self) {
        if !self.suffer(0) {
            self.enter_with(Phase::Running(0), Task::Running);
            self.report_health();
        }
    }

    fn run(&mut self, ticks: usize) {
        self.phase = Phase::Running(ticks);
        if self.suffer(ticks) {
            return;
        }
        self.report_health();
        let troubles = &self.troubles;
        let finishes = |name: &str| {
            let scripted = |it: &Trouble| it.kind == Kind::Finishes && it.container == name;
            name == "istio-init" || troubles.iter().any(scripted)
        };
        for container in &mut self.containers {
            if !container.has_ended() && finishes(&container.name) {
                container.end(Task::Finished, Some(0), "Command exited with status 0");
            }
        }
    }

    /// Fails, if a trouble is due; says whether it did.
    fn suffer(&mut self, ticks: usize) -> bool {
        let due = self.troubles.iter().find_map(|trouble| match &trouble.kind {
            Kind::Exits { code, message } if trouble.after <= ticks => {
                Some((trouble.container.clone(), Some(*code), message.clone()))
            }
            Kind::NeverStarts { message } => {
                Some((trouble.container.clone(), None, message.clone()))
            }
            _ => None,
        });
        let fails = due.is_some();
        if let Some((container, code, message)) = due {
            self.fail(&container, code, &message);
        }
        fails
    }

    /// Mesos kills the other containers when one fails.
    fn fail(&mut self, name: &str, code: Option<i32>, message: &str) {
        self.enter(Phase::Failed(0));
        for container in &mut self.containers {
            if container.name == name {
                container.end(Task::Failed, code, message);
            } else if !container.has_ended() {
                container.end(
                    Task::Killed,
                    Some(TERMINATED),
                    "Container was killed: task group failed",
                );
            }
        }
    }

    /// The first report comes with the first tick of running.
    fn report_health(&mut self) {
        let Phase::Running(ticks) = self.phase else { return };
        let troubles = &self.troubles;
        for container in &mut self.containers {
            let unhealthy = troubles.iter().any(|it| {
                it.kind == Kind::Unhealthy && it.container == container.name && it.after <= ticks
            });
            if unhealthy {
                container.health = Some(Health::Unhealthy);
            } else if container.health.is_some() && ticks > 0 {
                container.health = Some(Health::Healthy);
            }
        }
    }

    fn has(&self, kind: &Kind) -> bool {
        self.troubles.iter().any(|trouble| trouble.kind == *kind)
    }

    fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        self.since = Clock::now();
    }

    fn enter_with(&mut self, phase: Phase, task: Task) {
        self.enter(phase);
        for container in &mut self.containers {
            container.enter(task);
        }
    }
}
