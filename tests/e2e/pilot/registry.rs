//! What there is to tell: the workloads, and how they speak with each other.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use serde_json::Value;

use super::node::Node;
use super::tls::Certificates;
use super::{clusters, listeners};

/// An instance of a pod, as the Mesos registry knows it.
#[derive(Clone, Debug)]
pub(crate) struct Workload {
    /// Its instance id, which its proxy must name as `--id`.
    pub(crate) instance: String,
    /// What its label `istio` lists.
    pub(crate) services: Vec<String>,
    /// Its address in the container network.
    pub(crate) address: Ipv4Addr,
    /// The container ports of its endpoints; each is a port of each of its services.
    pub(crate) ports: Vec<u16>,
}

/// What the mesh demands of servers and of clients. By default both speak in the clear.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Policy {
    /// `MeshPolicy`.
    pub(crate) server: ServerTls,
    /// `DestinationRule`.
    pub(crate) client: ClientTls,
}

impl Policy {
    /// Servers demand mutual TLS, and clients speak it.
    pub(crate) const MUTUAL: Self =
        Self { server: ServerTls::Strict, client: ClientTls::IstioMutual };
}

/// What servers demand.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum ServerTls {
    /// Nothing: they understand no TLS.
    #[default]
    Disabled,
    /// Mutual TLS of those who speak TLS.
    Permissive,
    /// Mutual TLS.
    Strict,
}

/// How clients speak.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum ClientTls {
    /// In the clear.
    #[default]
    Disabled,
    /// With the certificates that proxies have.
    IstioMutual,
}

/// A service's port, as a node calls it, and the addresses where it is served.
#[derive(Debug)]
pub(super) struct ServicePort {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) addresses: BTreeSet<Ipv4Addr>,
}

/// The workloads and the policy.
#[derive(Debug, Default)]
pub(super) struct Registry {
    workloads: Vec<Workload>,
    /// Those that nobody is to call, not yet or not any more. Their proxies have their listeners:
    /// clients learn of a change one after another, and none may find a closed door.
    uncalled: Vec<Workload>,
    pub(super) policy: Policy,
    pub(super) certificates: Certificates,
}

impl Registry {
    /// Has these workloads instead of those before.
    pub(super) fn replace(&mut self, workloads: Vec<Workload>) {
        self.uncalled.append(&mut self.workloads);
        self.uncalled.retain(|old| workloads.iter().all(|new| new.instance != old.instance));
        self.workloads = workloads;
    }

    /// Has these besides, but tells nobody to call them.
    pub(super) fn introduce(&mut self, mut workloads: Vec<Workload>) {
        self.uncalled.append(&mut workloads);
    }

    /// The listeners of a node.
    pub(super) fn listeners(&self, node: &Node) -> Vec<Value> {
        let own = self.own_ports(node);
        let inbound = own.iter().flat_map(|own| {
            own.addresses.iter().map(|at| {
                let cluster = clusters::inbound_name(own);
                let server = self.policy.server;
                listeners::inbound((*at, own.port), &cluster, server, self.certificates)
            })
        });
        let mut by_port = BTreeMap::<u16, Vec<ServicePort>>::new();
        for service in self.services(node) {
            by_port.entry(service.port).or_default().push(service);
        }
        let outbound = by_port.iter().map(|(port, services)| listeners::outbound(*port, services));
        inbound.chain(outbound).chain([listeners::capture()]).collect()
    }

    /// The clusters of a node.
    pub(super) fn clusters(&self, node: &Node) -> Vec<Value> {
        let own = self.own_ports(node);
        let services = self.services(node);
        let inbound = own.iter().map(clusters::inbound);
        let outbound =
            services.iter().map(|it| clusters::outbound(it, self.policy.client, self.certificates));
        inbound.chain(outbound).chain([clusters::black_hole()]).collect()
    }

    /// What the node's own workload serves, each port once: of several services that have it, the
    /// first gives the name. Nothing if the node is no workload's.
    fn own_ports(&self, node: &Node) -> Vec<ServicePort> {
        let mut all = self.workloads.iter().chain(&self.uncalled);
        let Some(own) = all.find(|workload| workload.instance == node.instance) else {
            return Vec::new();
        };
        let Some(service) = own.services.first() else { return Vec::new() };
        let ports = own.ports.iter().map(|port| ServicePort {
            host: node.host(service),
            port: *port,
            addresses: BTreeSet::from([own.address]),
        });
        ports.collect()
    }

    /// All ports of all services.
    fn services(&self, node: &Node) -> Vec<ServicePort> {
        let mut services = BTreeMap::<(String, u16), BTreeSet<Ipv4Addr>>::new();
        for workload in &self.workloads {
            for (service, port) in workload.services.iter().flat_map(|service| {
                workload.ports.iter().map(move |port| (node.host(service), *port))
            }) {
                services.entry((service, port)).or_default().insert(workload.address);
            }
        }
        let services = services.into_iter();
        services.map(|((host, port), addresses)| ServicePort { host, port, addresses }).collect()
    }
}
