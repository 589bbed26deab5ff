//! What `::status` answers: Marathon's `PodStatus`.

use serde_json::{Map, Value, json};

use super::clock::Clock;
use super::containers::{Container, Health, Termination};
use super::deployment::Action;
use super::events::{AGENT_HOST, AGENT_ID};
use super::instance::{Instance, Phase};
use super::pod::{Failure, Pod};

/// The first of the host ports that an agent gives away.
const FIRST_PORT: usize = 31_000;

/// The state of a pod while something is done to it.
pub(super) fn of_pod(pod: &Pod, action: Option<Action>) -> &'static str {
    if action == Some(Action::Stop) {
        "TERMINAL"
    } else if pod.stable() >= pod.wanted() {
        "STABLE"
    } else {
        "DEGRADED"
    }
}

/// The whole answer.
pub(super) fn pod_status(id: &str, pod: &Pod) -> Value {
    let instances: Vec<Value> = pod.listed().map(|it| instance(id, pod, it)).collect();
    let history: Vec<Value> = pod.last_failure.iter().map(failure).collect();
    json!({
        "id": id,
        "spec": pod.spec(),
        "status": pod.status,
        "statusSince": pod.since,
        "instances": instances,
        "terminationHistory": history,
        "lastUpdated": Clock::now(),
        "lastChanged": pod.since,
    })
}

/// One instance, as it is listed and as its deletion answers.
pub(super) fn instance(id: &str, pod: &Pod, instance: &Instance) -> Value {
    let spec = pod.versions.iter().find(|spec| spec["version"] == instance.version.as_str());
    let spec = spec.unwrap_or_else(|| pod.spec());
    let parts = spec["containers"].as_array().into_iter().flatten();
    let parts = instance.containers.iter().zip(parts);
    let containers: Vec<Value> = match instance.phase {
        Phase::Scheduled | Phase::Provisioned => Vec::new(),
        _ => parts.map(|(it, spec)| container(instance, it, spec)).collect(),
    };
    let mut status = json!({
        "id": instance.id,
        "status": instance.status(),
        "statusSince": instance.since,
        "conditions": [],
        "agentHostname": AGENT_HOST,
        "agentId": AGENT_ID,
        "agentRegion": "local",
        "agentZone": "local",
        "resources": resources(spec),
        "networks": networks(instance, spec),
        "containers": containers,
        "specReference": format!("/v2/pods{id}::versions/{}", instance.version),
        "localVolumes": [],
        "lastUpdated": instance.since,
        "lastChanged": instance.since,
        "role": spec["role"],
    });
    if instance.status() == "DEGRADED" {
        status["message"] = "at least one container is not healthy".into();
    }
    status
}

fn container(instance: &Instance, container: &Container, spec: &Value) -> Value {
    let mut status = json!({
        "name": container.name,
        "status": container.task.name(),
        "statusSince": container.since,
        "conditions": container.health.iter().map(|it| condition(container, *it)).collect::<Vec<_>>(),
        "containerId": container_id(&instance.id, container),
        "endpoints": endpoints(instance, container, spec),
        "resources": spec["resources"],
        "lastUpdated": container.since,
        "lastChanged": container.since,
    });
    if let Some(ended) = &container.termination {
        status["termination"] = termination(ended);
        status["message"] = ended.message.clone().into();
    }
    status
}

fn condition(container: &Container, health: Health) -> Value {
    let (value, reason) = match health {
        Health::Unreported => ("false", "health-unreported-by-mesos"),
        Health::Healthy => ("true", "health-reported-by-mesos"),
        Health::Unhealthy => ("false", "health-reported-by-mesos"),
    };
    json!({
        "name": "healthy",
        "value": value,
        "reason": reason,
        "lastUpdated": container.since,
        "lastChanged": container.since,
    })
}

fn endpoints(instance: &Instance, container: &Container, spec: &Value) -> Vec<Value> {
    let endpoints = spec["endpoints"].as_array().into_iter().flatten();
    let endpoints = endpoints.enumerate().map(|(index, endpoint)| {
        let mut status = Map::from_iter([("name".to_owned(), endpoint["name"].clone())]);
        if let Some(port) = endpoint["hostPort"].as_u64() {
            let given = FIRST_PORT + (instance.number * 16 + index) % 1000;
            let port = if port == 0 { json!(given) } else { json!(port) };
            status.insert("allocatedHostPort".to_owned(), port);
        }
        if let Some(health) = container.health {
            status.insert("healthy".to_owned(), (health == Health::Healthy).into());
        }
        Value::Object(status)
    });
    endpoints.collect()
}

fn termination(ended: &Termination) -> Value {
    let mut status = json!({"message": ended.message});
    if let Some(code) = ended.exit_code {
        status["exitCode"] = code.into();
    }
    status
}

fn failure(failure: &Failure) -> Value {
    let containers = failure.containers.iter().map(|container| {
        let mut status = json!({
            "containerId": container_id(&failure.instance, container),
            "lastKnownState": container.task.name(),
        });
        if let Some(ended) = &container.termination {
            status["termination"] = termination(ended);
        }
        status
    });
    json!({
        "instanceID": failure.instance,
        "startedAt": failure.started,
        "terminatedAt": failure.ended,
        "message": "pod instance has failed",
        "containers": containers.collect::<Vec<_>>(),
    })
}

fn container_id(instance: &str, container: &Container) -> String {
    format!("{instance}.{}", container.name)
}

/// What the containers and the executor take together.
fn resources(spec: &Value) -> Value {
    let sum = |name: &str| {
        let containers = spec["containers"].as_array().into_iter().flatten();
        let parts = containers.map(|container| &container["resources"]);
        let parts = parts.chain([&spec["executorResources"]]);
        parts.filter_map(|resources| resources[name].as_f64()).sum::<f64>()
    };
    json!({"cpus": sum("cpus"), "mem": sum("mem"), "disk": sum("disk"), "gpus": 0})
}

fn networks(instance: &Instance, spec: &Value) -> Vec<Value> {
    let networks = spec["networks"].as_array().into_iter().flatten();
    let networks = networks.map(|network| match network["name"].as_str() {
        Some(name) => {
            let address = format!("9.0.{}.{}", instance.number / 250, instance.number % 250 + 2);
            json!({"name": name, "addresses": [address]})
        }
        None => json!({"addresses": [AGENT_HOST]}),
    });
    networks.collect()
}
