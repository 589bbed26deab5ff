//! Whether two definitions of a pod are the same to Marathon: what it fills in, what it drops, what
//! it respells, and what makes a difference.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "comparison/answer.rs"]
mod answer;
#[path = "comparison/defaults.rs"]
mod defaults;
#[path = "comparison/form.rs"]
mod form;
#[path = "comparison/large.rs"]
mod large;
#[path = "comparison/laws.rs"]
mod laws;
#[path = "comparison/order.rs"]
mod order;
#[path = "comparison/scaling.rs"]
mod scaling;
#[path = "comparison/shapes.rs"]
mod shapes;
mod support;

use marathon_inject::document::Node;
use marathon_inject::pod::{Comparison, Filled};
use serde_json::{Value, json};

/// What the Marathon of these tests fills in.
fn filled() -> Filled {
    Filled { default_network_name: Some("dcos".to_owned()), mesos_role: Some("prod".to_owned()) }
}

fn compared_by(filled: &Filled, sent: &Value, running: &Value) -> Comparison {
    Comparison::new(&Node::from_value(sent), &Node::from_value(running), filled)
}

fn compared(sent: &Value, running: &Value) -> Comparison {
    compared_by(&filled(), sent, running)
}

/// A small pod with other members.
fn pod(members: &Value) -> Value {
    let mut pod = json!({
        "id": "/shop/cart",
        "containers": [{"name": "cart", "resources": {"cpus": 0.1, "mem": 32}}],
        "networks": [{"mode": "container", "name": "overlay"}],
    });
    extend(&mut pod, members);
    pod
}

/// A small pod whose container has other members.
fn pod_with_container(members: &Value) -> Value {
    let mut pod = pod(&json!({}));
    extend(&mut pod["containers"][0], members);
    pod
}

fn extend(object: &mut Value, members: &Value) {
    object.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
}

/// Whether two pods are the same that differ in these members.
fn same(sent: &Value, running: &Value) -> bool {
    compared(&pod(sent), &pod(running)).is_same()
}

/// Whether two pods are the same whose containers differ in these members.
fn same_container(sent: &Value, running: &Value) -> bool {
    compared(&pod_with_container(sent), &pod_with_container(running)).is_same()
}
