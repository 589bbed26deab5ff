//! The agent itself: it does to pods what Mesos does. Its pods have no sidecar; their containers are
//! all of one image, which is the machine's own root.

mod artifacts;
mod environment;
mod health;
mod life;
mod users;
mod volumes;
mod walls;

use std::sync::Arc;

use serde_json::{Value, json};

use crate::mesos::{Agent, Image, Images, Pod};

pub(crate) use walls::program;

/// For a container that only has to be there.
const LASTS: &str = "exec sleep 1000";

pub(crate) fn tests() -> Vec<crate::Test> {
    [
        life::tests(),
        volumes::tests(),
        artifacts::tests(),
        environment::tests(),
        users::tests(),
        walls::tests(),
        health::tests(),
    ]
    .concat()
}

fn agent() -> Arc<Agent> {
    let images = Images::from([("machine".to_owned(), Image::default())]);
    Arc::new(Agent::start(images, Vec::new()))
}

/// A container that runs a line of shell.
fn container(name: &str, line: &str) -> Value {
    json!({
        "name": name,
        "image": {"kind": "DOCKER", "id": "machine"},
        "resources": {"cpus": 0.1, "mem": 32},
        "exec": {"command": {"shell": line}},
    })
}

/// A pod that is started again soon, and then not so soon.
fn pod<const N: usize>(containers: [Value; N]) -> Value {
    let scheduling = json!({"backoff": {"backoff": 0.1, "backoffFactor": 30.0}});
    json!({
        "id": "/a/pod",
        "containers": containers.to_vec(),
        "networks": [{"mode": "container", "name": "dcos"}],
        "scheduling": scheduling,
    })
}

fn run(agent: &Arc<Agent>, pod: &Value) -> Pod {
    Pod::run(agent, &pod.to_string())
}
