//! `::status`: nothing but the documented members (Marathon `PodStatus`).
#![expect(dead_code, reason = "that a member is read and no other is there is what counts")]

use serde::Deserialize;
use serde_json::{Value, json};

use crate::marathon::Trouble;
use crate::{by_hand, marathon, pod};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct PodStatus {
    id: String,
    spec: Value,
    status: PodState,
    status_since: String,
    #[serde(default)]
    message: Option<String>,
    instances: Vec<Instance>,
    termination_history: Vec<History>,
    last_updated: String,
    last_changed: String,
}

#[derive(Deserialize, PartialEq, Debug)]
#[serde(rename_all = "UPPERCASE")]
enum PodState {
    Degraded,
    Stable,
    Terminal,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Instance {
    id: String,
    status: InstanceState,
    status_since: String,
    #[serde(default)]
    message: Option<String>,
    conditions: Vec<Condition>,
    agent_hostname: String,
    agent_id: String,
    agent_region: String,
    agent_zone: String,
    resources: Resources,
    networks: Vec<Network>,
    containers: Vec<Container>,
    spec_reference: String,
    local_volumes: Vec<Value>,
    last_updated: String,
    last_changed: String,
    role: String,
}

#[derive(Deserialize, PartialEq, Eq, PartialOrd, Ord, Clone, Copy, Debug)]
#[serde(rename_all = "UPPERCASE")]
enum InstanceState {
    Pending,
    Staging,
    Stable,
    Degraded,
    Terminal,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Condition {
    name: String,
    value: String,
    reason: String,
    last_updated: String,
    last_changed: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Resources {
    cpus: f64,
    mem: f64,
    disk: f64,
    gpus: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Network {
    name: Option<String>,
    addresses: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Container {
    name: String,
    status: String,
    status_since: String,
    #[serde(default)]
    message: Option<String>,
    conditions: Vec<Condition>,
    container_id: String,
    endpoints: Vec<Endpoint>,
    resources: Resources,
    #[serde(default)]
    termination: Option<Termination>,
    last_updated: String,
    last_changed: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Endpoint {
    name: String,
    #[serde(default)]
    allocated_host_port: Option<u16>,
    #[serde(default)]
    healthy: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Termination {
    #[serde(default)]
    exit_code: Option<i32>,
    #[serde(default)]
    message: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct History {
    #[serde(rename = "instanceID")]
    instance_id: String,
    started_at: String,
    terminated_at: String,
    message: String,
    containers: Vec<Ended>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Ended {
    container_id: String,
    last_known_state: String,
    termination: Termination,
}

fn checked() -> Value {
    let mut pod = pod("/g/a");
    let container = &mut pod["containers"][0];
    container["endpoints"][0]["hostPort"] = 0.into();
    container["healthCheck"] = json!({"http": {"endpoint": "http"}});
    pod
}

#[test]
fn an_instance_goes_from_pending_over_staging_to_stable() {
    let (marathon, client) = marathon();
    client.post("/v2/pods", &checked());
    let mut states = Vec::new();
    marathon.wait_until(|cluster| {
        let status = cluster.status_document("/g/a").expect("the pod is there");
        let status: PodStatus = serde_json::from_value(status).unwrap();
        states.extend(status.instances.iter().map(|instance| instance.status));
        cluster.is_settled()
    });
    states.dedup();
    assert_eq!(states, [InstanceState::Pending, InstanceState::Staging, InstanceState::Stable]);
}

#[test]
fn the_status_of_a_pod_that_runs_has_the_documented_members() {
    let (marathon, client) = marathon();
    client.post("/v2/pods", &checked());
    marathon.wait_until(|cluster| cluster.is_settled());
    let status = client.get("/v2/pods/g/a::status");
    assert_eq!(client.get("/v2/pods/::status").json().as_array().unwrap().len(), 1);
    let status: PodStatus = serde_json::from_str(&status.body).unwrap();
    assert_eq!((status.id.as_str(), status.status), ("/g/a", PodState::Stable));
    assert_eq!(Some(&status.spec), marathon.pod("/g/a").as_ref());
    let instance = &status.instances[0];
    assert!(instance.id.starts_with("g_a.instance-"), "{}", instance.id);
    let version = status.spec["version"].as_str().unwrap();
    assert_eq!(instance.spec_reference, format!("/v2/pods/g/a::versions/{version}"));
    assert_eq!(instance.networks[0].name.as_deref(), Some("dcos"));
    let container = &instance.containers[0];
    assert_eq!(container.container_id, format!("{}.app", instance.id));
    assert!(container.endpoints[0].allocated_host_port.is_some());
    assert_eq!(container.conditions[0].name, "healthy");
}

#[test]
fn the_status_of_a_pod_that_failed_has_the_documented_members() {
    let (marathon, client) = by_hand();
    marathon.script("/g/a", Trouble::exits("app", 3));
    client.post("/v2/pods", &checked());
    while marathon.see(|cluster| cluster.failures("/g/a")) < 2 {
        marathon.tick(1);
    }
    let status: PodStatus = serde_json::from_str(&client.get("/v2/pods/g/a::status").body).unwrap();
    assert_eq!(status.status, PodState::Degraded);
    let ended = &status.termination_history[0].containers[0];
    assert_eq!(ended.last_known_state, "TASK_FAILED");
    assert_eq!(ended.termination.exit_code, Some(3));
    assert_eq!(status.instances[0].status, InstanceState::Terminal);
}
