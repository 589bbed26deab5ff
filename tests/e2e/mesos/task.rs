//! How the containers of an instance are.

use std::collections::BTreeMap;
use std::mem;

use rustix::process::{Pid, Signal, kill_process};

/// Of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// It is being fetched, or started.
    Staging,
    /// Its command runs.
    Running,
    /// It has exited with 0.
    Finished,
    /// It could not be launched, or it exited by itself with something else, or its health check
    /// failed.
    Failed(String),
    /// It was told to end, and did, with this code.
    Stopped(i32),
    /// It was told to end, and did not in time.
    Killed,
}

impl State {
    /// What Mesos calls it.
    pub(crate) fn mesos_name(&self) -> &'static str {
        match self {
            Self::Staging => "TASK_STAGING",
            Self::Running => "TASK_RUNNING",
            Self::Finished => "TASK_FINISHED",
            Self::Failed(_) => "TASK_FAILED",
            Self::Stopped(_) | Self::Killed => "TASK_KILLED",
        }
    }

    fn has_ended(&self) -> bool {
        !matches!(self, Self::Staging | Self::Running)
    }
}

/// A container, as the executor knows it.
pub(super) struct Task {
    state: State,
    /// Of its first process, while it runs.
    pid: Option<i32>,
    /// What its health check said last.
    healthy: Option<bool>,
    /// Whether its time was over.
    forced: bool,
}

impl Task {
    fn has_ended(&self) -> bool {
        self.pid.is_none() && self.state.has_ended()
    }
}

/// The containers of an instance.
pub(crate) struct Tasks {
    tasks: BTreeMap<String, Task>,
    /// Whether all of them are told to end.
    are_ending: bool,
}

impl Tasks {
    pub(super) fn staging<'n>(names: impl Iterator<Item = &'n str>) -> Self {
        let staging = |name: &str| {
            let state = State::Staging;
            (name.to_owned(), Task { state, pid: None, healthy: None, forced: false })
        };
        Self { tasks: names.map(staging).collect(), are_ending: false }
    }

    fn task(&mut self, container: &str) -> &mut Task {
        self.tasks.get_mut(container).expect("a container of the pod")
    }

    /// A container that comes too late is killed (mesos, `containerizer.cpp`: what has no process yet
    /// is destroyed rather than sent a signal).
    pub(super) fn runs(&mut self, container: &str, pid: i32) {
        let are_ending = self.are_ending;
        let task = self.task(container);
        if task.state == State::Staging {
            task.state = State::Running;
        }
        task.pid = Some(pid);
        if are_ending {
            self.force(container);
        }
    }

    /// SIGTERM to all that run; false if they had it before.
    pub(super) fn end(&mut self) -> bool {
        let first = !mem::replace(&mut self.are_ending, true);
        if first {
            self.tasks.values().filter_map(|task| task.pid).for_each(|pid| send(pid, Signal::TERM));
        }
        first
    }

    /// SIGKILL to one that still runs.
    pub(super) fn force(&mut self, container: &str) {
        let task = self.task(container);
        if let Some(pid) = task.pid {
            task.forced = true;
            send(pid, Signal::KILL);
        }
    }

    pub(crate) fn are_ending(&self) -> bool {
        self.are_ending
    }

    /// The process of a container is gone, with this code.
    pub(super) fn exited(&mut self, container: &str, code: i32) {
        let are_ending = self.are_ending;
        let task = self.task(container);
        task.pid = None;
        let state = match code {
            _ if are_ending && task.forced => State::Killed,
            code if are_ending => State::Stopped(code),
            0 => State::Finished,
            code => State::Failed(format!("exited with {code}")),
        };
        self.ends(container, state);
    }

    /// A container that has ended stays as it ended: a failed health check has said more than the
    /// exit code of the container that it ended.
    pub(super) fn ends(&mut self, container: &str, state: State) {
        let task = self.task(container);
        if !task.state.has_ended() {
            task.state = state;
        }
    }

    pub(super) fn checked(&mut self, container: &str, healthy: bool) {
        self.task(container).healthy = Some(healthy);
    }

    pub(super) fn pid(&self, container: &str) -> Option<i32> {
        self.tasks[container].pid
    }

    pub(super) fn has_failed(&self, container: &str) -> bool {
        matches!(self.state(container), State::Failed(_))
    }

    /// Whether nothing is left of it.
    pub(super) fn has_ended(&self, container: &str) -> bool {
        self.tasks[container].has_ended()
    }

    /// Whether none is yet to be launched.
    pub(super) fn have_started(&self) -> bool {
        self.tasks.values().all(|task| task.state != State::Staging)
    }

    /// Whether nothing is left of any of them.
    pub(crate) fn have_ended(&self) -> bool {
        self.tasks.values().all(Task::has_ended)
    }

    pub(crate) fn have_failed(&self) -> bool {
        self.tasks.keys().any(|container| self.has_failed(container))
    }

    /// What Marathon calls STABLE: each runs or has finished, and none is unhealthy.
    pub(crate) fn are_stable(&self) -> bool {
        let fine = |task: &Task| matches!(task.state, State::Running | State::Finished);
        self.tasks.values().all(|task| fine(task) && task.healthy != Some(false))
    }

    pub(crate) fn state(&self, container: &str) -> &State {
        &self.tasks[container].state
    }

    pub(crate) fn is_healthy(&self, container: &str) -> Option<bool> {
        self.tasks[container].healthy
    }

    pub(crate) fn states(&self) -> BTreeMap<String, State> {
        self.tasks.iter().map(|(name, task)| (name.clone(), task.state.clone())).collect()
    }
}

fn send(pid: i32, signal: Signal) {
    // It may have ended just now.
    let _ = kill_process(Pid::from_raw(pid).expect("not 0"), signal);
}
