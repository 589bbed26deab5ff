//! The Mesos task of a pod's container, for which a certificate was given.

use std::fmt;
use std::str::FromStr;

/// A task of a pod. Its text is the pod's id, a space, and the task's id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Task {
    pod: String,
    id: String,
}

/// Why something names no task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTask {
    /// Not the id of a pod.
    #[error("the id of a pod begins with / and is of lower-case letters, digits, dots and dashes")]
    Pod,
    /// Not the id of a task.
    #[error("the id of a task is of letters, digits, dots, dashes and underscores")]
    Id,
}

/// Longer ids are none (Mesos and Marathon know no limit, but paths have one).
const LONGEST: usize = 1024;

impl Task {
    /// The task `id` of `pod`, as `/shop/cart` and `shop_cart.instance-<uuid>.istio-agent.1`
    /// (Marathon Task.Id; the last part since Marathon 1.8).
    ///
    /// # Errors
    /// One of them is none.
    pub fn new(pod: &str, id: &str) -> Result<Self, InvalidTask> {
        let of_pod = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'/')
        };
        let of_id = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        if !pod.starts_with('/') || pod.len() > LONGEST || !pod.bytes().all(of_pod) {
            return Err(InvalidTask::Pod);
        }
        if id.is_empty() || id.len() > LONGEST || !id.bytes().all(of_id) {
            return Err(InvalidTask::Id);
        }
        Ok(Self { pod: pod.to_owned(), id: id.to_owned() })
    }

    /// The id of the pod.
    pub fn pod(&self) -> &str {
        &self.pod
    }

    /// The id of the Mesos task, `MESOS_TASK_ID` in the container.
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.pod, self.id)
    }
}

impl FromStr for Task {
    type Err = InvalidTask;

    fn from_str(text: &str) -> Result<Self, InvalidTask> {
        let (pod, id) = text.split_once(' ').ok_or(InvalidTask::Id)?;
        Self::new(pod, id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_survives_as_text() {
        let task = Task::new("/shop/cart.v1", "shop_cart.v1.instance-0b.istio-agent.1").unwrap();
        assert_eq!(task.to_string().parse(), Ok(task));
    }

    #[test]
    fn what_could_pass_for_another_is_none() {
        for (pod, id) in [("shop", "a"), ("/a b", "c"), ("/A", "a"), ("", "a"), ("/a\n", "a")] {
            assert_eq!(Task::new(pod, id), Err(InvalidTask::Pod), "{pod:?}");
        }
        for id in ["", "a b", "a/b", "a\n", "é"] {
            assert_eq!(Task::new("/a", id), Err(InvalidTask::Id), "{id:?}");
        }
    }
}
