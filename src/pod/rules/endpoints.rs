//! Endpoints: V24 to V28 for each, V45 to V47 over the whole pod.

use crate::document::{Diagnostic, Node, Path};
use crate::pod::finding::{Shown, fault, first_at, repeated};
use crate::pod::members::list;
use crate::pod::scope::Scope;

pub(super) fn check(
    scope: &Scope<'_>,
    container: &Node<'_>,
    at: &Path<'_>,
    found: &mut Vec<Diagnostic>,
) {
    let at = at.key("endpoints");
    for (index, endpoint) in list(container, "endpoints").iter().enumerate() {
        let at = at.index(index);
        network_names(scope, endpoint, &at, found);
        container_port(scope, endpoint, &at, found);
        protocols(endpoint, &at, found);
        choice(scope, endpoint, &at, found);
    }
}

/// So many protocols are compared with each other; there are two that mean anything.
const FEW: usize = 16;

/// V24: the networks as written count, before one gets the default name.
fn network_names(
    scope: &Scope<'_>,
    endpoint: &Node<'_>,
    at: &Path<'_>,
    found: &mut Vec<Diagnostic>,
) {
    let at = at.key("networkNames");
    for (index, node) in list(endpoint, "networkNames").iter().enumerate() {
        let Some(name) = node.as_str() else {
            continue;
        };
        if !scope.networks.has(name) {
            let known = scope.known_networks();
            let name = Shown(name);
            let message = format!("network \"{name}\" is not one of ({known})");
            let hint = "name a network as `networks` of the pod names it";
            found.push(fault("V24", node, &at.index(index), message, hint));
        }
    }
}

/// V25 and V26.
fn container_port(
    scope: &Scope<'_>,
    endpoint: &Node<'_>,
    at: &Path<'_>,
    found: &mut Vec<Diagnostic>,
) {
    let at = at.key("containerPort");
    match endpoint.get("containerPort") {
        Some(port) if scope.modes.host > 0 => {
            let message = "`containerPort` is not allowed when using host-mode networking";
            let hint = "remove it; a host network has `hostPort` only";
            found.push(fault("V25", port, &at, message, hint));
        }
        None if scope.modes.container > 0 => {
            let message = "`containerPort` is required when using container-mode networking";
            let hint = "add the port that the process listens on";
            found.push(fault("V26", endpoint, &at, message, hint));
        }
        _ => {}
    }
}

/// V27.
fn protocols(endpoint: &Node<'_>, at: &Path<'_>, found: &mut Vec<Diagnostic>) {
    let protocols = list(endpoint, "protocol");
    if let Some(again) = first_again(protocols) {
        let at = at.key("protocol");
        let message = "Duplicate protocols within the same endpoint are not allowed";
        let hint = "name each protocol once";
        found.push(fault("V27", &protocols[again], &at.index(again), message, hint));
    }
}

/// The first of the strings that is there before.
fn first_again(words: &[Node<'_>]) -> Option<usize> {
    if words.len() > FEW {
        let words = words.iter().enumerate();
        let words = words.filter_map(|(index, word)| Some((word.as_str()?, index)));
        return repeated(words).first().map(|(_, again)| *again);
    }
    let is_again = |index: &usize| {
        let word = words[*index].as_str();
        word.is_some() && words[..*index].iter().any(|other| other.as_str() == word)
    };
    (1..words.len()).find(is_again)
}

/// V28: which of several networks a host port leads to.
fn choice(scope: &Scope<'_>, endpoint: &Node<'_>, at: &Path<'_>, found: &mut Vec<Diagnostic>) {
    let many = scope.modes.container > 1 && endpoint.get("hostPort").is_some();
    if many && list(endpoint, "networkNames").len() != 1 {
        let message = "networkNames must be a single item list when hostPort is specified and more than 1 container network is defined";
        let hint = "add `networkNames` with the one network, or remove `hostPort`";
        found.push(fault("V28", endpoint, at, message, hint));
    }
}

/// V45, V46, V47.
pub(super) fn unique(scope: &Scope<'_>, found: &mut Vec<Diagnostic>) {
    let named = |member| {
        let endpoints = scope.endpoints();
        endpoints.filter_map(move |(place, endpoint)| Some((place, endpoint.get(member)?)))
    };
    let names = named("name").filter_map(|(at, node)| Some((node.as_str()?, (at, node))));
    for pair in repeated(names) {
        // "nust" is Marathon's spelling.
        let says = "endpoint names nust be unique across all containers";
        let hint = "all containers of a pod share one network; rename one endpoint";
        found.push(twice(scope, "V45", "name", says, hint, pair));
    }
    let ports = named("containerPort").filter_map(|(at, node)| Some((node.as_i64()?, (at, node))));
    for pair in repeated(ports) {
        let says = "container ports must be unique across all containers";
        let hint = "all containers of a pod share one network; let one listen on another port";
        found.push(twice(scope, "V46", "containerPort", says, hint, pair));
    }
    let ports = named("hostPort").filter_map(|(at, node)| Some((node.as_i64()?, (at, node))));
    for pair in repeated(ports.filter(|(port, _)| *port != 0)) {
        let says = "host ports must be unique across all containers";
        let hint = "use another port, or 0 for any free one";
        found.push(twice(scope, "V47", "hostPort", says, hint, pair));
    }
}

type Place<'n> = ((usize, usize), &'n Node<'n>);

fn twice(
    scope: &Scope<'_>,
    rule: &'static str,
    member: &str,
    says: &str,
    hint: &str,
    (first, again): (Place<'_>, Place<'_>),
) -> Diagnostic {
    let value = match again.1.as_str() {
        Some(name) => format!("\"{}\"", Shown(name)),
        None => again.1.as_number().unwrap_or_default().to_owned(),
    };
    let message = format!("{value} is used twice: {says}");
    let fault = scope.at_endpoint(again.0, member, |at| fault(rule, again.1, at, message, hint));
    first_at(fault, first.1)
}
