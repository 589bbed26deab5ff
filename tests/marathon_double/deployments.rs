//! `/v2/deployments`, and what deployments hold.

use serde_json::json;

use crate::client::Client;
use crate::marathon::{Marathon, Trouble};
use crate::{by_hand, marathon, pod};

#[test]
fn a_deployment_shows_its_steps_and_where_it_is() {
    let (marathon, client) = marathon();
    marathon.script("/a", Trouble::stays_staging("app"));
    let answer = client.post("/v2/pods", &pod("/a"));
    marathon.wait_until(|cluster| !cluster.instances("/a").is_empty());
    let expected = json!([{
        "id": answer.header("marathon-deployment-id").unwrap(),
        "version": answer.json()["version"],
        "affectedApps": [],
        "affectedPods": ["/a"],
        "steps": [
            {"actions": [{"action": "StartPod", "pod": "/a"}]},
            {"actions": [{"action": "ScalePod", "pod": "/a"}]},
        ],
        "currentActions": [{"action": "ScalePod", "pod": "/a", "readinessCheckResults": []}],
        "currentStep": 2,
        "totalSteps": 2,
    }]);
    assert_eq!(client.get("/v2/deployments").json(), expected);
}

#[test]
fn a_deployment_locks_its_pod_unless_forced() {
    let (marathon, client) = marathon();
    client.post("/v2/pods", &pod("/a"));
    let held = marathon.lock("/a");
    marathon.wait_until(|cluster| cluster.deployments().len() == 1);
    for answer in [client.put("/v2/pods/a", &pod("/a")), client.delete("/v2/pods/a")] {
        assert_eq!(answer.status, 409);
        assert_eq!(answer.json()["deployments"], json!([{"id": held}]));
        let message = answer.json()["message"].as_str().unwrap().to_owned();
        assert!(message.starts_with("App is locked by one or more deployments. Override with"));
    }
    assert_eq!(client.put("/v2/pods/a?force=true", &pod("/a")).status, 200);
    marathon.wait_until(|cluster| cluster.is_settled());
}

#[test]
fn an_unlocked_pod_can_be_written() {
    let (marathon, client) = marathon();
    marathon.lock("/a");
    assert_eq!(client.post("/v2/pods", &pod("/a")).status, 409);
    marathon.unlock("/a");
    assert_eq!(client.post("/v2/pods", &pod("/a")).status, 201);
}

#[test]
fn a_cancelled_update_is_rolled_back_by_a_deployment() {
    let (marathon, client) = by_hand();
    client.post("/v2/pods", &pod("/a"));
    marathon.tick(10);
    let mut update = pod("/a");
    update["labels"] = json!({"new": "yes"});
    let deployment = client.put("/v2/pods/a", &update);
    let deployment = deployment.header("marathon-deployment-id").unwrap();
    let answer = client.delete(&format!("/v2/deployments/{deployment}"));
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["deploymentId"], client.get("/v2/deployments").json()[0]["id"]);
    assert_eq!(marathon.pod("/a").unwrap()["version"], answer.json()["version"]);
    assert_eq!(marathon.pod("/a").unwrap()["labels"], json!({}));
    marathon.tick(20);
    assert!(marathon.see(|cluster| cluster.is_settled()));
}

#[test]
fn a_cancelled_creation_is_rolled_back_to_nothing() {
    let (marathon, client) = marathon();
    marathon.script("/a", Trouble::stays_staging("app"));
    let answer = client.post("/v2/pods", &pod("/a"));
    let deployment = answer.header("marathon-deployment-id").unwrap();
    assert_eq!(client.delete(&format!("/v2/deployments/{deployment}")).status, 200);
    marathon.wait_until(|cluster| !cluster.has("/a"));
}

#[test]
fn a_deployment_cancelled_by_force_leaves_things_as_they_are() {
    let (marathon, client) = marathon();
    marathon.script("/a", Trouble::stays_staging("app"));
    let answer = client.post("/v2/pods", &pod("/a"));
    let deployment = answer.header("marathon-deployment-id").unwrap();
    let answer = client.delete(&format!("/v2/deployments/{deployment}?force=true"));
    assert_eq!((answer.status, answer.body.as_str()), (202, ""));
    assert_eq!(client.get("/v2/deployments").json(), json!([]));
    assert!(marathon.has("/a"));
}

#[test]
fn a_deployment_that_is_over_cannot_be_cancelled() {
    let (_marathon, client) = marathon();
    let answer = client.delete("/v2/deployments/x");
    assert_eq!(answer.status, 404);
    assert_eq!(answer.json(), json!({"message": "DeploymentPlan x does not exist"}));
}

#[test]
fn only_so_many_deployments_may_run() {
    let marathon = Marathon::builder().max_running_deployments(1).start();
    let client = Client::of(&marathon);
    marathon.lock("/other");
    let answer = client.post("/v2/pods", &pod("/a"));
    assert_eq!(answer.status, 403);
    let message = answer.json()["message"].as_str().unwrap().to_owned();
    assert!(message.starts_with("Max number (1) of running deployments is achieved."), "{message}");
}

#[test]
fn the_most_deployments_at_once_are_counted() {
    let (marathon, client) = marathon();
    for id in ["/a", "/b", "/c"] {
        marathon.script(id, Trouble::stays_staging("app"));
        client.post("/v2/pods", &pod(id));
    }
    marathon.cancel_deployments();
    assert!(marathon.see(|cluster| cluster.is_settled()));
    assert_eq!(marathon.see(|cluster| cluster.log().most_running()), 3);
}
