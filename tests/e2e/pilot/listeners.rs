//! Listeners, as Envoy reads them (`envoy.config.listener.v3.Listener`).

use std::net::Ipv4Addr;

use serde_json::{Value, json};

use super::clusters::{self, BLACK_HOLE};
use super::registry::{ServerTls, ServicePort};
use super::tls::{self, Certificates};

/// Where iptables sends what it captures.
const CAPTURE: u16 = 15001;

const NETWORK: &str = "type.googleapis.com/envoy.extensions.filters.network";

/// Takes what iptables captured to the listener of the address that it was for; what there is no
/// listener for ends here.
pub(super) fn capture() -> Value {
    let nowhere = json!({
        "name": "envoy.filters.network.tcp_proxy",
        "typed_config": {
            "@type": format!("{NETWORK}.tcp_proxy.v3.TcpProxy"),
            "stat_prefix": BLACK_HOLE,
            "cluster": BLACK_HOLE
        }
    });
    let mut listener = listener("virtual", Ipv4Addr::UNSPECIFIED, CAPTURE);
    listener["use_original_dst"] = json!(true);
    listener["filter_chains"] = json!([{"filters": [nowhere]}]);
    listener
}

/// Calls from others to a port of the workload, by way of `cluster`. The address is the
/// workload's own, and so wins over that of [`outbound`] for the same port.
pub(super) fn inbound(
    (address, port): (Ipv4Addr, u16),
    cluster: &str,
    server: ServerTls,
    certificates: Certificates,
) -> Value {
    let host = virtual_host(&format!("inbound|http|{port}"), &["*".to_owned()], cluster);
    let mut http = http(&format!("inbound_{address}_{port}"), cluster, &[host]);
    http["typed_config"]["forward_client_cert_details"] = json!("APPEND_FORWARD");
    http["typed_config"]["set_current_client_cert_details"] =
        json!({"subject": true, "dns": true, "uri": true});
    let clear = json!({"filters": [http]});
    let mut mutual = clear.clone();
    mutual["transport_socket"] = tls::server(certificates);
    let mut listener = captured(&format!("{address}_{port}"), address, port);
    match server {
        ServerTls::Disabled => listener["filter_chains"] = json!([clear]),
        ServerTls::Strict => listener["filter_chains"] = json!([mutual]),
        ServerTls::Permissive => {
            listener["listener_filters"] = json!([tls_inspector()]);
            listener["filter_chains"] = json!([of("tls", mutual), of("raw_buffer", clear)]);
        }
    }
    listener
}

/// The workload's calls to a port, whoever serves it: the `Host` header says which service. To one
/// that does not exist Envoy answers 404.
pub(super) fn outbound(port: u16, services: &[ServicePort]) -> Value {
    let host = |service: &ServicePort| {
        let domains = [service.host.clone(), format!("{}:{port}", service.host)];
        virtual_host(&domains[1], &domains, &clusters::outbound_name(service))
    };
    let hosts: Vec<_> = services.iter().map(host).collect();
    let mut listener = captured(&format!("0.0.0.0_{port}"), Ipv4Addr::UNSPECIFIED, port);
    listener["filter_chains"] =
        json!([{"filters": [http(&format!("outbound_{port}"), &port.to_string(), &hosts)]}]);
    listener
}

/// A listener that gets its connections from [`capture`].
fn captured(name: &str, address: Ipv4Addr, port: u16) -> Value {
    let mut listener = listener(name, address, port);
    listener["bind_to_port"] = json!(false);
    listener
}

fn listener(name: &str, address: Ipv4Addr, port: u16) -> Value {
    json!({
        "@type": "type.googleapis.com/envoy.config.listener.v3.Listener",
        "name": name,
        "address": clusters::socket_address(address, port)
    })
}

/// The filter that speaks HTTP. Clusters come in an answer of their own, maybe later: a route to
/// one that is yet to come is no error.
fn http(statistics: &str, routes: &str, hosts: &[Value]) -> Value {
    json!({
        "name": "envoy.filters.network.http_connection_manager",
        "typed_config": {
            "@type": format!("{NETWORK}.http_connection_manager.v3.HttpConnectionManager"),
            "stat_prefix": statistics,
            "stream_idle_timeout": "0s",
            "access_log": [{
                "name": "envoy.access_loggers.file",
                "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
                    "path": "/dev/stdout"
                }
            }],
            "route_config": {"name": routes, "validate_clusters": false, "virtual_hosts": hosts},
            "http_filters": [{
                "name": "envoy.filters.http.router",
                "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"
                }
            }]
        }
    })
}

fn virtual_host(name: &str, domains: &[String], cluster: &str) -> Value {
    json!({
        "name": name,
        "domains": domains,
        "routes": [{"match": {"prefix": "/"}, "route": {"cluster": cluster, "timeout": "0s"}}]
    })
}

/// The chain for connections that the inspector found to be of this kind.
fn of(transport: &str, mut chain: Value) -> Value {
    chain["filter_chain_match"] = json!({"transport_protocol": transport});
    chain
}

fn tls_inspector() -> Value {
    json!({
        "name": "envoy.filters.listener.tls_inspector",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector"
        }
    })
}
