//! The event bus: what happens, in the shapes of Marathon's events.

use serde_json::{Value, json};
use tokio::sync::broadcast;

use super::clock::Clock;
use super::containers::Container;
use super::deployment::Deployment;
use super::instance::Instance;

/// Slow listeners lose events, as with Marathon; this many may wait.
const WAITING: usize = 1024;

/// One event.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) kind: &'static str,
    data: Value,
}

impl Event {
    /// An event of `kind` with members of its own.
    pub(super) fn new(kind: &'static str, members: Value) -> Self {
        let mut data = json!({"eventType": kind, "timestamp": Clock::now()});
        if let (Value::Object(data), Value::Object(members)) = (&mut data, members) {
            data.extend(members);
        }
        Self { kind, data }
    }

    /// The first event of every stream.
    pub(super) fn attached() -> Self {
        Self::new("event_stream_attached", json!({"remoteAddress": "127.0.0.1"}))
    }

    /// As it goes over the wire.
    pub(super) fn frame(&self) -> String {
        format!("event: {}\ndata: {}\n\n", self.kind, self.data)
    }
}

/// Everybody who listens.
#[derive(Debug)]
pub(super) struct Bus(broadcast::Sender<Event>);

impl Default for Bus {
    fn default() -> Self {
        Self(broadcast::Sender::new(WAITING))
    }
}

impl Bus {
    pub(super) fn listen(&self) -> broadcast::Receiver<Event> {
        self.0.subscribe()
    }

    pub(super) fn listeners(&self) -> usize {
        self.0.receiver_count()
    }

    /// That nobody listens is no fault.
    pub(super) fn send(&self, kind: &'static str, members: Value) {
        let _ = self.0.send(Event::new(kind, members));
    }

    /// An event about the current step of a deployment.
    pub(super) fn step(&self, kind: &'static str, deployment: &Deployment) {
        self.send(kind, json!({"plan": deployment.plan(), "currentStep": deployment.step()}));
    }

    /// A deployment is over.
    pub(super) fn succeeded(&self, deployment: &Deployment) {
        let members = json!({"id": deployment.id, "plan": deployment.plan()});
        self.send("deployment_success", members);
    }

    /// A deployment was cancelled or overridden.
    pub(super) fn failed(&self, deployment: &Deployment, reason: &str) {
        let members = json!({"id": deployment.id, "plan": deployment.plan(), "reason": reason});
        self.send("deployment_failed", members);
    }

    /// Somebody wrote a pod.
    pub(super) fn pod(&self, kind: &'static str, id: &str) {
        self.send(kind, json!({"clientIp": "127.0.0.1", "uri": format!("/v2/pods{id}")}));
    }

    /// An instance has another condition.
    pub(super) fn instance(&self, pod: &str, instance: &Instance) {
        let members = json!({
            "instanceId": instance.id,
            "condition": instance.condition(),
            "runSpecId": pod,
            "agentId": AGENT_ID,
            "host": AGENT_HOST,
            "runSpecVersion": instance.version,
        });
        self.send("instance_changed_event", members);
    }

    /// A task has another state.
    pub(super) fn task(&self, pod: &str, instance: &Instance, container: &Container) {
        let message = container.termination.as_ref().map_or("", |it| it.message.as_str());
        let members = json!({
            "slaveId": AGENT_ID,
            "taskId": format!("{}.{}", instance.id, container.name),
            "taskStatus": container.task.name(),
            "message": message,
            "appId": pod,
            "host": AGENT_HOST,
            "ipAddresses": [],
            "ports": [],
            "version": instance.version,
        });
        self.send("status_update_event", members);
    }
}

/// The one agent.
pub(super) const AGENT_ID: &str = "b3bd182c-c6d7-463e-8bf0-06cd5807df4e-S1";
/// Where it is.
pub(super) const AGENT_HOST: &str = "10.0.0.67";
