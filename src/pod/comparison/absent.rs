//! Whether a value that only one definition has is what Marathon takes for the lack of it.

use serde_json::{Value, json};

use super::both::Nodes;
use super::walk::Walk;
use crate::pod::members::text;
use crate::pod::schema::Absent;
use crate::pod::scope::Mode;
use crate::pod::view::Network;

impl Walk<'_> {
    /// `record` is what the member stands in, or is absent from.
    pub(super) fn is_filled_in(&self, lone: &Value, absent: &Absent, record: Nodes<'_>) -> bool {
        match absent {
            Absent::Empty => is_empty(lone),
            Absent::Boolean(boolean) => lone == boolean,
            Absent::Number(numbers) => numbers.iter().any(|number| lone.as_f64() == Some(*number)),
            Absent::Word(word) => lone == word,
            Absent::Instances(count) => *lone == json!({"kind": "fixed", "instances": count}),
            Absent::HostPort => lone == 0 && self.network != Network::Container,
            Absent::NetworkName => self.is_default_network(lone, record),
            Absent::Role => self.is_default_role(lone, record),
            Absent::DiskType => lone == disk_type(record),
            Absent::Upgrade if self.resident => {
                *lone == json!({"minimumHealthCapacity": 0.5, "maximumOverCapacity": 0})
            }
            Absent::Upgrade => is_empty(lone),
            Absent::Unreachable if self.resident => lone == "disabled",
            Absent::Unreachable => is_empty(lone),
            Absent::Anything => true,
        }
    }

    /// A network that stands in one definition only is shown with its name.
    fn is_default_network(&self, name: &Value, record: Nodes<'_>) -> bool {
        let is_container = |network| Mode::of(network) == Some(Mode::Container);
        record.sent.is_some_and(is_container)
            && record.running.is_some_and(is_container)
            && self.filled.default_network_name.as_ref().is_none_or(|default| name == default)
    }

    fn is_default_role(&self, role: &Value, pod: Nodes<'_>) -> bool {
        let id = pod.sent.and_then(|pod| text(pod, "id"));
        match &self.filled.mesos_role {
            Some(default) if role == default => true,
            None if pod.get("role").sent.is_none() => true,
            _ => id.and_then(top_group).is_some_and(|group| role == group),
        }
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

/// The group below the root that a pod is in, if it is in one.
fn top_group(id: &str) -> Option<&str> {
    id.trim_start_matches('/').split_once('/').map(|(group, _)| group)
}

fn disk_type(persistent: Nodes<'_>) -> &'static str {
    match persistent.sent.or(persistent.running).and_then(|it| text(it, "profileName")) {
        Some(_) => "mount",
        None => "root",
    }
}
