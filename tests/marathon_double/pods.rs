//! `/v2/pods`: every call, and what it answers.

use serde_json::{Value, json};

use crate::marathon::Trouble;
use crate::{by_hand, marathon, pod};

#[test]
fn the_probe_finds_pods_supported() {
    let (_marathon, client) = marathon();
    let answer = client.ask("HEAD", "/v2/pods", |request| request);
    assert_eq!((answer.status, answer.body.as_str()), (200, ""));
}

#[test]
fn a_new_pod_is_created_and_deployed() {
    let (marathon, client) = by_hand();
    let answer = client.post("/v2/pods", &pod("/shop/cart"));
    assert_eq!(answer.status, 201);
    let location = answer.header("location").unwrap();
    assert_eq!(location, format!("{}/v2/pods/shop/cart", marathon.url()));
    let deployment = answer.header("marathon-deployment-id").unwrap();
    let running = client.get("/v2/deployments").json();
    assert_eq!(running[0]["id"], deployment);
    assert_eq!(running[0]["affectedPods"], json!(["/shop/cart"]));
    assert_eq!(running[0]["totalSteps"], 2);
    marathon.tick(10);
    assert_eq!(client.get("/v2/deployments").json(), json!([]));
    let status = client.get("/v2/pods/shop/cart::status").json();
    assert_eq!(status["status"], "STABLE");
    assert_eq!(status["instances"][0]["containers"][0]["status"], "TASK_RUNNING");
}

#[test]
fn istio_init_finishes_and_the_instance_stays_stable() {
    let (marathon, client) = marathon();
    let mut pod = pod("/a");
    let mut init = pod["containers"][0].clone();
    init["name"] = "istio-init".into();
    init["endpoints"] = json!([]);
    pod["containers"].as_array_mut().unwrap().push(init);
    client.post("/v2/pods", &pod);
    let finished =
        |status: &Value| status["instances"][0]["containers"][1]["status"] == "TASK_FINISHED";
    marathon.wait_until(|cluster| cluster.status_document("/a").is_some_and(|it| finished(&it)));
    let status = client.get("/v2/pods/a::status").json();
    assert_eq!(status["instances"][0]["status"], "STABLE");
    assert_eq!(status["instances"][0]["containers"][1]["termination"]["exitCode"], 0);
}

#[test]
fn a_crash_loop_leaves_its_last_trace_and_the_deployment_runs_on() {
    let (marathon, client) = marathon();
    marathon.script("/a", Trouble::exits("app", 7).saying("no certificates"));
    client.post("/v2/pods", &pod("/a"));
    marathon.wait_until(|cluster| cluster.failures("/a") > 1);
    let status = client.get("/v2/pods/a::status").json();
    let history = status["terminationHistory"].as_array().unwrap();
    assert_eq!(history.len(), 1);
    let ended = json!({"exitCode": 7, "message": "no certificates"});
    assert_eq!(history[0]["containers"][0]["termination"], ended);
    assert_eq!(client.get("/v2/deployments").json().as_array().unwrap().len(), 1);
}

#[test]
fn an_update_replaces_all_instances_one_by_one() {
    let (marathon, client) = by_hand();
    let mut pod = pod("/a");
    pod["scaling"] = json!({"kind": "fixed", "instances": 3});
    client.post("/v2/pods", &pod);
    marathon.tick(10);
    let before = marathon.instances("/a");
    assert_eq!(before.len(), 3);
    let answer = client.put("/v2/pods/a", &pod);
    assert_eq!(answer.status, 200);
    assert_eq!(
        client.get("/v2/deployments").json()[0]["steps"][0]["actions"][0]["action"],
        "RestartPod"
    );
    while !marathon.see(|cluster| cluster.is_settled()) {
        let stable = marathon.see(|cluster| cluster.stable("/a"));
        assert!(stable >= 3, "an update takes no capacity away");
        marathon.tick(1);
    }
    let after = marathon.instances("/a");
    assert!(after.iter().all(|id| !before.contains(id)), "{before:?} {after:?}");
}

#[test]
fn a_change_of_scale_restarts_nothing() {
    let (marathon, client) = marathon();
    let mut pod = pod("/a");
    client.post("/v2/pods", &pod);
    marathon.wait_until(|cluster| cluster.is_settled());
    let before = marathon.instances("/a");
    pod["scaling"] = json!({"kind": "fixed", "instances": 2});
    client.put("/v2/pods/a", &pod);
    marathon.wait_until(|cluster| cluster.is_settled());
    let after = marathon.instances("/a");
    assert_eq!((after.len(), &after[0]), (2, &before[0]));
}

#[test]
fn a_put_creates_a_pod_that_is_not_there() {
    let (marathon, client) = marathon();
    let answer = client.put("/v2/pods/a/b", &pod("/a/b"));
    assert_eq!(answer.status, 200);
    assert!(answer.header("marathon-deployment-id").is_some());
    assert!(marathon.has("/a/b"));
}

/// What Marathon makes of the pod of these tests, but for the version.
fn with_defaults() -> Value {
    let container = json!({
        "name": "app",
        "exec": {"command": {"shell": "sleep 1000"}},
        "resources": {"cpus": 0.1, "mem": 32, "disk": 0, "gpus": 0},
        "endpoints": [{"name": "http", "containerPort": 80, "protocol": ["tcp"], "labels": {},
            "networkNames": []}],
        "image": {"kind": "DOCKER", "id": "busybox", "forcePull": false, "labels": {}},
        "environment": {},
        "volumeMounts": [],
        "artifacts": [],
        "labels": {},
    });
    json!({
        "id": "/a",
        "labels": {},
        "environment": {},
        "containers": [container],
        "secrets": {},
        "volumes": [],
        "networks": [{"name": "dcos", "mode": "container", "labels": {}}],
        "scaling": {"kind": "fixed", "instances": 1},
        "scheduling": {
            "backoff": {"backoff": 1, "backoffFactor": 1.15, "maxLaunchDelay": 300},
            "upgrade": {"minimumHealthCapacity": 1, "maximumOverCapacity": 1},
            "placement": {"constraints": [], "acceptedResourceRoles": []},
            "killSelection": "YOUNGEST_FIRST",
            "unreachableStrategy": {"inactiveAfterSeconds": 0, "expungeAfterSeconds": 0},
        },
        "executorResources": {"cpus": 0.1, "mem": 32, "disk": 10},
        "role": "slave_public",
    })
}

#[test]
fn a_pod_comes_back_with_every_default_and_without_what_is_unknown() {
    let (_marathon, client) = marathon();
    let mut written = client.post("/v2/pods", &pod("/a")).json();
    assert_eq!(client.get("/v2/pods/a").json(), written);
    assert_eq!(client.get("/v2/pods").json(), json!([written]));
    let version = written.as_object_mut().unwrap().remove("version").unwrap();
    assert_eq!(version.as_str().unwrap().len(), "2018-12-24T18:30:00.000Z".len());
    assert_eq!(written, with_defaults());
}

#[test]
fn an_endpoint_gets_any_host_port_except_on_a_container_network() {
    let (_marathon, client) = marathon();
    let mut pod = pod("/a");
    pod["networks"] = json!([{"mode": "container/bridge"}]);
    let written = client.post("/v2/pods", &pod).json();
    assert_eq!(written["containers"][0]["endpoints"][0]["hostPort"], 0);
}

#[test]
fn every_write_makes_a_later_version_that_can_be_read() {
    let (marathon, client) = marathon();
    let mut first = client.post("/v2/pods", &pod("/a")).json();
    marathon.wait_until(|cluster| cluster.is_settled());
    first["labels"]["color"] = "blue".into();
    let second = client.put("/v2/pods/a", &first).json();
    assert!(first["version"].as_str() < second["version"].as_str());
    let versions = client.get("/v2/pods/a::versions").json();
    assert_eq!(versions, json!([first["version"], second["version"]]));
    let path = format!("/v2/pods/a::versions/{}", first["version"].as_str().unwrap());
    assert_eq!(client.get(&path).json()["labels"], json!({}));
}

#[test]
fn a_deleted_pod_is_terminal_and_then_gone() {
    let (marathon, client) = by_hand();
    client.post("/v2/pods", &pod("/a"));
    marathon.tick(10);
    let answer = client.delete("/v2/pods/a");
    assert_eq!((answer.status, answer.body.as_str()), (202, ""));
    assert_eq!(answer.header("location"), answer.header("marathon-deployment-id"));
    assert_eq!(marathon.see(|cluster| cluster.status("/a")), Some("TERMINAL"));
    marathon.tick(10);
    assert_eq!(client.get("/v2/pods/a").status, 404);
}

#[test]
fn a_killed_instance_is_replaced() {
    let (marathon, client) = marathon();
    client.post("/v2/pods", &pod("/a"));
    marathon.wait_until(|cluster| cluster.is_settled());
    let killed = marathon.instances("/a").remove(0);
    let answer = client.delete(&format!("/v2/pods/a::instances/{killed}"));
    assert_eq!((answer.status, &answer.json()["id"]), (200, &json!(killed)));
    marathon.wait_until(|cluster| {
        cluster.stable("/a") == 1 && cluster.instances("/a").iter().all(|it| it.id != killed)
    });
}

#[test]
fn momentary_stability_ends_a_deployment_before_the_crash() {
    let (marathon, client) = marathon();
    marathon.script("/a", Trouble::exits("app", 1).after(30));
    client.post("/v2/pods", &pod("/a"));
    marathon.wait_until(|cluster| cluster.is_settled());
    assert_eq!(marathon.see(|cluster| cluster.failures("/a")), 0);
    marathon.wait_until(|cluster| cluster.failures("/a") == 1);
}

#[test]
fn trouble_may_befall_the_first_instances_only() {
    let (marathon, client) = marathon();
    marathon.script("/a", Trouble::image_pull("app", "no such image").times(2));
    client.post("/v2/pods", &pod("/a"));
    marathon.wait_until(|cluster| cluster.is_settled());
    assert_eq!(marathon.see(|cluster| cluster.failures("/a")), 2);
    let history = &client.get("/v2/pods/a::status").json()["terminationHistory"][0];
    let message = &history["containers"][0]["termination"]["message"];
    assert_eq!(message, "Failed to launch container: no such image");
}

#[test]
fn an_unhealthy_container_degrades_its_instance() {
    let (marathon, client) = marathon();
    marathon.script("/a", Trouble::unhealthy("app"));
    client.post("/v2/pods", &pod("/a"));
    marathon
        .wait_until(|cluster| cluster.instances("/a").iter().any(|it| it.status() == "DEGRADED"));
    let instance = &client.get("/v2/pods/a::status").json()["instances"][0];
    assert_eq!(instance["message"], "at least one container is not healthy");
    assert_eq!(instance["containers"][0]["conditions"][0]["value"], "false");
}

#[test]
fn an_instance_that_stays_staging_keeps_the_deployment_open() {
    let (marathon, client) = marathon();
    marathon.script("/a", Trouble::stays_staging("app"));
    client.post("/v2/pods", &pod("/a"));
    marathon
        .wait_until(|cluster| cluster.instances("/a").iter().any(|it| it.status() == "STAGING"));
    let fetched = client.get("/v2/pods/a::status").json();
    assert_eq!(fetched["instances"][0]["containers"][0]["status"], "TASK_STAGING");
    assert_eq!(marathon.see(|cluster| cluster.deployments().len()), 1);
}

#[test]
fn a_running_container_may_crash_and_its_instance_is_replaced() {
    let (marathon, client) = by_hand();
    client.post("/v2/pods", &pod("/a"));
    marathon.tick(10);
    let crashed = marathon.instances("/a");
    marathon.crash("/a", "app", 137, "Container was OOM killed");
    let instance = &client.get("/v2/pods/a::status").json()["instances"][0];
    assert_eq!(instance["status"], "TERMINAL");
    assert_eq!(instance["containers"][0]["termination"]["exitCode"], 137);
    marathon.tick(20);
    assert_eq!(marathon.see(|cluster| cluster.stable("/a")), 1);
    assert_ne!(marathon.instances("/a"), crashed);
}

#[test]
fn a_pod_waits_after_a_failure_and_comes_up_once_it_is_mended() {
    let (marathon, client) = by_hand();
    marathon.script("/a", Trouble::fetch("app"));
    client.post("/v2/pods", &pod("/a"));
    while marathon.see(|cluster| cluster.failures("/a")) == 0 {
        marathon.tick(1);
    }
    let status = client.get("/v2/pods/a::status").json();
    let message = status["instances"][0]["containers"][0]["message"].as_str().unwrap();
    assert!(message.contains("Failed to fetch all URIs for container 'app': exit status 1"));
    marathon.mend("/a");
    marathon.tick(4);
    assert_eq!(client.get("/v2/pods/a::status").json()["instances"], json!([]));
    marathon.tick(10);
    assert!(marathon.see(|cluster| cluster.is_settled()));
}

#[test]
fn somebody_else_may_change_and_delete_a_pod() {
    let (marathon, client) = by_hand();
    client.post("/v2/pods", &pod("/a"));
    let mut other = pod("/a");
    other["labels"] = json!({"by": "somebody else"});
    marathon.put("/a", &other).unwrap();
    assert_eq!(client.get("/v2/pods/a").json()["labels"], other["labels"]);
    marathon.delete("/a").unwrap();
    marathon.tick(10);
    assert_eq!(client.get("/v2/pods").json(), json!([]));
}
