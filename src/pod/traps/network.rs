//! Endpoints that lead nowhere: T02, T08 to T11.

use crate::document::{Diagnostic, Node, Path};
use crate::pod::finding::{Shown, trap};
use crate::pod::members::list;
use crate::pod::scope::Scope;

pub(super) fn check(scope: &Scope<'_>, found: &mut Vec<Diagnostic>) {
    let mut told = false;
    for (place, endpoint) in scope.endpoints() {
        scope.at_endpoint(place, "containerPort", |at| {
            port(scope, endpoint, at, &mut told, found);
        });
        scope.at_endpoint(place, "protocol", |at| protocol(endpoint, at, found));
    }
}

fn port(
    scope: &Scope<'_>,
    endpoint: &Node<'_>,
    at: &Path<'_>,
    told: &mut bool,
    found: &mut Vec<Diagnostic>,
) {
    // A mode that Marathon does not know is a fault already.
    let unsaid = scope.modes.none() && scope.networks.items().is_empty();
    match endpoint.get("containerPort") {
        None if unsaid => {
            let message = "without `networks` an endpoint needs a `containerPort`: Marathon accepts this pod and never launches it";
            let hint = "add \"networks\": [{\"mode\": \"host\"}] for the agent's network, or a container network and the port";
            found.push(trap("T09", endpoint, at, message, hint));
        }
        Some(port) if unsaid && !*told => {
            *told = true;
            let message = "without `networks` the pod uses the agent's network, while Marathon announces `containerPort`, which is mapped to nothing";
            let hint =
                "say which network is meant: [{\"mode\": \"container\"}] or [{\"mode\": \"host\"}]";
            found.push(trap("T08", port, at, message, hint));
        }
        None if scope.modes.bridge > 0 => {
            let message = "on a bridge network an endpoint without `containerPort` leads to no port of the container; Marathon accepts it";
            let hint = "add the port that the process listens on";
            found.push(trap("T10", endpoint, at, message, hint));
        }
        _ => {}
    }
}

fn protocol(endpoint: &Node<'_>, at: &Path<'_>, found: &mut Vec<Diagnostic>) {
    if endpoint.get("protocol").is_none() {
        let message = "an endpoint without `protocol` is not announced: no SRV record, no VIP";
        let hint = "add \"protocol\": [\"tcp\"]";
        found.push(trap("T11", endpoint, at, message, hint));
    }
    for (index, node) in list(endpoint, "protocol").iter().enumerate() {
        let Some(word) = node.as_str() else {
            continue;
        };
        if word.bytes().any(|byte| byte.is_ascii_uppercase()) {
            let message =
                format!("Marathon hands the protocol \"{}\" to Mesos as it is", Shown(word));
            let hint = format!("write \"{}\"", Shown(&word.to_ascii_lowercase()));
            found.push(trap("T02", node, &at.index(index), message, hint));
        }
    }
}
