//! What Marathon says of one task: whether it lives, and since when.

use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use super::Denied;
use crate::marathon::{Container, Instance, PodStatus, State};

/// How far Marathon's clock may be ahead of ours.
const SKEW: Duration = Duration::minutes(2);

/// A task as Marathon knows it.
pub(super) struct Known<'s> {
    pub(super) instance: &'s Instance,
    container: &'s Container,
}

/// Whether a task lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    /// It is about to run, or runs.
    Live,
    /// Mesos cannot say, or it is about to end.
    Unclear,
    /// It has ended, or its pod is being taken away.
    Over,
}

impl<'s> Known<'s> {
    /// The task with this id.
    pub(super) fn find(status: &'s PodStatus, id: &str) -> Option<Self> {
        status.instances.iter().find_map(|instance| {
            let mut containers = instance.containers.iter();
            let container = containers.find(|it| it.container_id.as_deref() == Some(id))?;
            Some(Self { instance, container })
        })
    }

    /// Whether it lives (Mesos TaskState).
    pub(super) fn life(&self) -> Life {
        if self.instance.status == State::Terminal {
            return Life::Over;
        }
        match self.container.status.as_str() {
            "TASK_STAGING" | "TASK_STARTING" | "TASK_RUNNING" => Life::Live,
            "TASK_FINISHED"
            | "TASK_FAILED"
            | "TASK_KILLED"
            | "TASK_ERROR"
            | "TASK_LOST"
            | "TASK_DROPPED"
            | "TASK_GONE"
            | "TASK_GONE_BY_OPERATOR" => Life::Over,
            _ => Life::Unclear,
        }
    }

    /// Checks that it began within the `window`. Of the times that Marathon tells the earliest is
    /// that: they are of the last change, and health alone can make one.
    pub(super) fn check_began(
        &self,
        window: std::time::Duration,
        now: OffsetDateTime,
    ) -> Result<(), Denied> {
        let since = [&self.container.status_since, &self.instance.status_since];
        let since = since.into_iter().flatten();
        let began = since.filter_map(|text| OffsetDateTime::parse(text, &Rfc3339).ok()).min();
        let Some(began) = began else {
            return Err(Denied::Undecided("Marathon does not say when it began".to_owned()));
        };
        match now - began {
            age if age < -SKEW => {
                let words =
                    format!("it began {}s from now: the clocks differ", -age.whole_seconds());
                Err(Denied::Undecided(words))
            }
            age if age > window => {
                let words = "it began longer ago than the enrolment window allows";
                Err(Denied::Forbidden(format!("{words}: {}s", age.whole_seconds())))
            }
            _ => Ok(()),
        }
    }
}
