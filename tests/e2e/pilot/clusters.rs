//! Clusters, as Envoy reads them (`envoy.config.cluster.v3.Cluster`).

use std::net::Ipv4Addr;

use serde_json::{Value, json};

use super::registry::{ClientTls, ServicePort};
use super::tls::{self, Certificates};

/// Where traffic goes that is for nobody in the mesh: it has no endpoint.
pub(super) const BLACK_HOLE: &str = "BlackHoleCluster";

/// What a workload's own proxy calls the workload's port.
pub(super) fn inbound_name(own: &ServicePort) -> String {
    format!("inbound|{}||{}", own.port, own.host)
}

/// What clients call a service's port.
pub(super) fn outbound_name(service: &ServicePort) -> String {
    format!("outbound|{}||{}", service.port, service.host)
}

/// The workload itself, on the loopback interface.
pub(super) fn inbound(own: &ServicePort) -> Value {
    cluster(&inbound_name(own), &[(Ipv4Addr::LOCALHOST, own.port)])
}

/// All who serve a service's port.
pub(super) fn outbound(
    service: &ServicePort,
    client: ClientTls,
    certificates: Certificates,
) -> Value {
    let endpoints: Vec<_> = service.addresses.iter().map(|at| (*at, service.port)).collect();
    let mut cluster = cluster(&outbound_name(service), &endpoints);
    match client {
        ClientTls::Disabled => {}
        ClientTls::IstioMutual => cluster["transport_socket"] = tls::client(service, certificates),
    }
    cluster
}

/// The cluster without endpoints.
pub(super) fn black_hole() -> Value {
    cluster(BLACK_HOLE, &[])
}

/// A changed one replaces the one before as a whole; Envoy lets the requests under way in that end
/// on their connections.
fn cluster(name: &str, endpoints: &[(Ipv4Addr, u16)]) -> Value {
    let endpoint = |(address, port): &(Ipv4Addr, u16)| json!({"endpoint": {"address": socket_address(*address, *port)}});
    let endpoints: Vec<_> = endpoints.iter().map(endpoint).collect();
    json!({
        "@type": "type.googleapis.com/envoy.config.cluster.v3.Cluster",
        "name": name,
        "type": "STATIC",
        "connect_timeout": "10s",
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": endpoints}]}
    })
}

/// `envoy.config.core.v3.Address`.
pub(super) fn socket_address(address: Ipv4Addr, port: u16) -> Value {
    json!({"socket_address": {"address": address, "port_value": port}})
}
