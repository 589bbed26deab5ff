//! Which inbound ports are captured.
//!
//! Pilot makes a listener for each TCP endpoint of the pod: a captured port without one leads
//! nowhere, and an endpoint that is not captured takes plain text past mutual TLS. So the captured
//! ports are the application's TCP container ports, less the excluded ones. Exclusions are
//! subtracted here because istio-iptables.sh 1.0.5 heeds its `-d` only where `-b` is `*`.

use super::is_added;
use crate::document::{Diagnostic, Path};
use crate::pod::{Endpoint, Pod};
use crate::settings::{Certs, Port, Ports, Settings};

/// What istio-iptables.sh and pilot-agent are told of inbound traffic.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Inbound {
    /// `-b`
    pub(super) captured: Ports,
    /// `-d`, heeded only where everything is captured.
    pub(super) excluded: Ports,
    /// What the application serves, captured or not.
    pub(super) application: Ports,
}

/// `pods` are the pod, and what overlays add to it.
pub(super) fn inbound(pods: &[Pod<'_, '_>], settings: &Settings) -> Inbound {
    let excluded = excluded(settings);
    let application = application_ports(pods, settings);
    let included = match &settings.include_inbound_ports {
        Some(Ports::All) => {
            let (captured, excluded) = (Ports::All, Ports::List(excluded));
            return Inbound { captured, excluded, application: Ports::List(application) };
        }
        Some(Ports::List(ports)) => ports,
        None => &application,
    };
    let captured = included.iter().copied().filter(|port| !excluded.contains(port)).collect();
    Inbound {
        captured: Ports::List(captured),
        excluded: Ports::none(),
        application: Ports::List(application),
    }
}

/// The health endpoint of pilot-agent itself is never captured.
fn excluded(settings: &Settings) -> Vec<Port> {
    let mut ports = settings.exclude_inbound_ports.list().to_vec();
    if let Some(status) = status_port(settings)
        && !ports.contains(&status)
    {
        ports.push(status);
    }
    ports
}

fn status_port(settings: &Settings) -> Option<Port> {
    Port::try_from(i64::from(settings.status_port)).ok()
}

/// The TCP container ports of all containers but ours, in order, each once.
fn application_ports(pods: &[Pod<'_, '_>], settings: &Settings) -> Vec<Port> {
    let containers = pods.iter().flat_map(Pod::containers);
    let application = containers.filter(|container| !is_added(container.name(), settings));
    let endpoints = application.flat_map(|container| container.endpoints());
    let tcp = endpoints.filter(Endpoint::serves_tcp);
    let mut ports = Vec::new();
    for port in tcp.filter_map(|endpoint| Port::try_from(endpoint.container_port()?).ok()) {
        if !ports.contains(&port) {
            ports.push(port);
        }
    }
    ports
}

/// Ports that the proxy itself listens on: two processes of one network cannot have the same one.
pub(super) fn proxy_ports(settings: &Settings) -> impl Iterator<Item = (Port, &'static str)> {
    let fixed = [
        (settings.proxy_listen_port, "Envoy's port for captured traffic"),
        (Port::ENVOY_ADMIN, "Envoy's admin port"),
        (Port::ENVOY_METRICS, "Envoy's port for metrics"),
    ];
    let status = status_port(settings).map(|port| (port, "pilot-agent's health endpoint"));
    let has_agent = settings.certs == Certs::Agent;
    let agent = has_agent.then_some((Port::NODE_AGENT, "the node agent's health endpoint"));
    fixed.into_iter().chain(status).chain(agent)
}

/// Endpoints that the proxy leaves no room for, settings that do so to each other, and what makes
/// an endpoint unreachable.
pub(super) fn conflicts(pod: &Pod<'_, '_>, settings: &Settings, at: &Path<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let taken: Vec<_> = proxy_ports(settings).collect();
    for (index, (port, use_of_it)) in taken.iter().enumerate() {
        if let Some((_, other)) = taken[..index].iter().find(|(earlier, _)| earlier == port) {
            let words = format!("port {port} would be both {other} and {use_of_it}");
            let fault = Diagnostic::error(words).rule("I27").pointer(at.to_string());
            found.push(fault.hint("choose another port"));
        }
    }
    let containers = at.key("containers");
    for (number, container) in pod.containers().enumerate() {
        let container_at = containers.index(number);
        let endpoints = container_at.key("endpoints");
        for (number, endpoint) in container.endpoints().enumerate() {
            let at = endpoints.index(number);
            let is_ours = is_added(container.name(), settings);
            found.extend(conflict(&endpoint, &taken, &at));
            found.extend(is_ours.then(|| of_the_proxy(&endpoint, &at)));
        }
    }
    found
}

fn conflict(
    endpoint: &Endpoint<'_, '_>,
    taken: &[(Port, &str)],
    at: &Path<'_>,
) -> Option<Diagnostic> {
    let port = Port::try_from(endpoint.container_port()?).ok()?;
    let (_, use_of_it) = taken.iter().find(|(taken, _)| *taken == port)?;
    let node = endpoint.node().get("containerPort")?;
    let fault = Diagnostic::error(format!("container port {port} is {use_of_it}")).rule("I16");
    Some(
        fault
            .span(node.span())
            .pointer(at.key("containerPort").to_string())
            .hint("all containers of a pod share one network: the application needs another port"),
    )
}

fn of_the_proxy(endpoint: &Endpoint<'_, '_>, at: &Path<'_>) -> Diagnostic {
    Diagnostic::warning("Pilot makes this endpoint a port of the service, and it is not captured")
        .rule("I17")
        .span(endpoint.node().span())
        .pointer(at.to_string())
        .hint("the containers of the sidecar need no endpoints: remove it")
}
