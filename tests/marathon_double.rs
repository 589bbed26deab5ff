//! The Marathon that the other tests submit to, held to what is documented of the real one.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/marathon/mod.rs"]
mod marathon;

#[path = "marathon_double/access.rs"]
mod access;
#[path = "marathon_double/client.rs"]
mod client;
#[path = "marathon_double/deployments.rs"]
mod deployments;
#[path = "marathon_double/events.rs"]
mod events;
#[path = "marathon_double/faults.rs"]
mod faults;
#[path = "marathon_double/nodes.rs"]
mod nodes;
#[path = "marathon_double/pods.rs"]
mod pods;
#[path = "marathon_double/refusals.rs"]
mod refusals;
#[path = "marathon_double/service.rs"]
mod service;
#[path = "marathon_double/status.rs"]
mod status;
#[path = "marathon_double/tls.rs"]
mod tls;

use serde_json::{Value, json};

use client::Client;
use marathon::Marathon;

/// A Marathon, and somebody who asks it.
fn marathon() -> (Marathon, Client) {
    let marathon = Marathon::start();
    let client = Client::of(&marathon);
    (marathon, client)
}

/// A Marathon for which time passes only when the test says so, and somebody who asks it.
fn by_hand() -> (Marathon, Client) {
    let marathon = Marathon::builder().by_hand().start();
    let client = Client::of(&marathon);
    (marathon, client)
}

/// A pod that Marathon accepts.
fn pod(id: &str) -> Value {
    json!({
        "id": id,
        "containers": [{
            "name": "app",
            "resources": {"cpus": 0.1, "mem": 32},
            "image": {"kind": "docker", "id": "busybox", "typo": true},
            "exec": {"command": {"shell": "sleep 1000"}},
            "endpoints": [{"name": "http", "containerPort": 80, "protocol": ["tcp"]}],
        }],
        "networks": [{"mode": "container"}],
    })
}
