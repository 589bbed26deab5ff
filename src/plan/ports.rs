//! Which inbound ports are captured.
//!
//! Pilot makes a listener for each TCP endpoint of the pod: a captured port without one leads
//! nowhere, and an endpoint that is not captured takes plain text past mutual TLS. So the captured
//! ports are the application's TCP container ports, less the excluded ones. Exclusions are
//! subtracted here because istio-iptables.sh 1.0.5 heeds its `-d` only where `-b` is `*`.

use crate::pod::Pod;
use crate::settings::{Port, Ports, Settings};

/// What istio-iptables.sh is told of inbound traffic.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Inbound {
    /// `-b`
    pub(super) captured: Ports,
    /// `-d`, heeded only where everything is captured.
    pub(super) excluded: Ports,
}

pub(super) fn inbound(pod: &Pod<'_, '_>, settings: &Settings) -> Inbound {
    let excluded = excluded(settings);
    let included = match &settings.include_inbound_ports {
        Some(Ports::All) => {
            return Inbound { captured: Ports::All, excluded: Ports::List(excluded) };
        }
        Some(Ports::List(ports)) => ports.clone(),
        None => application_ports(pod),
    };
    let captured = included.into_iter().filter(|port| !excluded.contains(port)).collect();
    Inbound { captured: Ports::List(captured), excluded: Ports::none() }
}

/// The health endpoint of pilot-agent itself is never captured.
fn excluded(settings: &Settings) -> Vec<Port> {
    let mut ports = settings.exclude_inbound_ports.list().to_vec();
    if let Ok(status) = Port::try_from(i64::from(settings.status_port))
        && !ports.contains(&status)
    {
        ports.push(status);
    }
    ports
}

/// The TCP container ports of all containers, in order, each once.
pub(super) fn application_ports(pod: &Pod<'_, '_>) -> Vec<Port> {
    let endpoints = pod.containers().flat_map(|container| container.endpoints());
    let tcp = endpoints.filter(|endpoint| endpoint.serves_tcp());
    let mut ports = Vec::new();
    for port in tcp.filter_map(|endpoint| Port::try_from(endpoint.container_port()?).ok()) {
        if !ports.contains(&port) {
            ports.push(port);
        }
    }
    ports
}
