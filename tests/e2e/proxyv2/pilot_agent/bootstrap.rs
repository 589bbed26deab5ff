//! What Envoy is started with: who it is, and where Pilot is.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::flags::Flags;
use super::go;
use crate::pilot::AGENT;

/// The port of Pilot in the clear. The stock agent of 1.0.5 dials this one, whatever port
/// `--discoveryAddress` has.
const PILOT_PORT: u16 = 15010;

/// Where the node agent listens.
const NODE_AGENT_SOCKET: &str = "/etc/certs/sds.sock";

/// The cluster that Pilot is.
const PILOT: &str = "xds-rest";

/// The configuration of an Envoy, for flags that are valid and the variables of the environment.
pub(super) fn bootstrap(
    flags: &Flags,
    variables: impl IntoIterator<Item = (String, String)>,
) -> Value {
    let asked_of_pilot = json!({
        "resource_api_version": "V3",
        "api_config_source": {
            "api_type": "REST",
            "transport_api_version": "V3",
            "cluster_names": [PILOT],
            "refresh_delay": seconds(flags.discovery_refresh_delay),
        },
    });
    json!({
        "node": {
            "id": node(flags),
            "cluster": flags.service_cluster,
            "metadata": metadata(variables),
        },
        "admin": {"address": address("127.0.0.1", 15000)},
        "dynamic_resources": {"lds_config": asked_of_pilot, "cds_config": asked_of_pilot},
        "static_resources": {"clusters": [pilot(flags), node_agent()]},
    })
}

/// The name by which Pilot knows this proxy. Without an id it is the address, as for any registry
/// but Kubernetes.
pub(super) fn node(flags: &Flags) -> String {
    let id = if flags.id.is_empty() { &flags.ip } else { &flags.id };
    format!("{}~{}~{id}~{}", flags.role, flags.ip, flags.domain)
}

fn pilot(flags: &Flags) -> Value {
    let host = go::host_and_port(&flags.discovery_address).map_or("", |(host, _)| host);
    json!({
        "name": PILOT,
        "type": "STRICT_DNS",
        "dns_lookup_family": "V4_ONLY",
        "connect_timeout": seconds(flags.connect_timeout),
        "load_assignment": {
            "cluster_name": PILOT,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address(host, PILOT_PORT)}}]}],
        },
    })
}

/// As pilot-agent has it from Istio 1.1 on, and where `istio-agent` has its socket; whoever has no
/// agent calls nobody there.
fn node_agent() -> Value {
    let socket = json!({"pipe": {"path": NODE_AGENT_SOCKET}});
    let http2 = json!({
        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        "explicit_http_config": {"http2_protocol_options": {}},
    });
    json!({
        "name": AGENT,
        "type": "STATIC",
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": http2,
        },
        "load_assignment": {
            "cluster_name": AGENT,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": socket}}]}],
        },
    })
}

fn address(host: &str, port: u16) -> Value {
    json!({"socket_address": {"address": host, "port_value": port}})
}

/// A duration as protobuf writes it in JSON.
fn seconds(duration: Duration) -> String {
    format!("{}s", duration.as_secs_f64())
}

/// `ISTIO_META_X` is the metadata `X`, and an `ISTIO_METAJSON_X` an object of them; `istio` is not
/// for anybody to set.
fn metadata(variables: impl IntoIterator<Item = (String, String)>) -> Map<String, Value> {
    let mut metadata = Map::new();
    for (name, value) in variables {
        if let Some(name) = name.strip_prefix("ISTIO_META_") {
            metadata.insert(name.to_owned(), value.into());
        } else if name.starts_with("ISTIO_METAJSON_") {
            metadata.extend(serde_json::from_str::<Map<_, _>>(&value).unwrap_or_default());
        }
    }
    metadata.insert("istio".to_owned(), "sidecar".into());
    metadata
}

fn of(words: &[&str], variables: &[(&str, &str)]) -> Value {
    let flags = Flags::of(&[&["--ip", "9.0.0.2"], words].concat()).unwrap();
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    bootstrap(&flags, variables.iter().map(owned))
}

fn envoy_says_who_it_is() {
    let words = ["--id", "httpbin.instance-1", "--domain", "marathon", "--serviceCluster", "bin"];
    let node = &of(&words, &[])["node"];
    assert_eq!(node["id"], "sidecar~9.0.0.2~httpbin.instance-1~marathon");
    assert_eq!(node["cluster"], "bin");
    assert_eq!(of(&[], &[])["node"]["id"], "sidecar~9.0.0.2~9.0.0.2~");
}

fn its_metadata_comes_from_the_environment() {
    let variables = [
        ("ISTIO_META_INTERCEPTION_MODE", "REDIRECT"),
        ("ISTIO_METAJSON_LABELS", r#"{"version": "v1", "istio": "httpbin"}"#),
        ("HOME", "/"),
    ];
    let expected = json!({"INTERCEPTION_MODE": "REDIRECT", "version": "v1", "istio": "sidecar"});
    assert_eq!(of(&[], &variables)["node"]["metadata"], expected);
}

fn listeners_and_clusters_come_from_pilot() {
    let words = ["--discoveryAddress", "pilot.marathon:15007", "--connectTimeout", "10s"];
    let bootstrap = of(&[&words[..], &["--discoveryRefreshDelay", "500ms"]].concat(), &[]);
    let cluster = &bootstrap["static_resources"]["clusters"][0];
    let socket = "/load_assignment/endpoints/0/lb_endpoints/0/endpoint/address/socket_address";
    let expected = json!({"address": "pilot.marathon", "port_value": 15010});
    assert_eq!(cluster.pointer(socket), Some(&expected));
    assert_eq!(cluster["connect_timeout"], "10s");
    for kind in ["lds_config", "cds_config"] {
        let source = &bootstrap["dynamic_resources"][kind]["api_config_source"];
        assert_eq!(source["cluster_names"], json!([cluster["name"]]));
        assert_eq!(source["refresh_delay"], "0.5s");
    }
}

fn the_admin_is_for_the_pod_alone() {
    let admin = &of(&["--proxyAdminPort", "1"], &[])["admin"]["address"]["socket_address"];
    assert_eq!(*admin, json!({"address": "127.0.0.1", "port_value": 15000}));
}

crate::tests! {
    envoy_says_who_it_is,
    its_metadata_comes_from_the_environment,
    listeners_and_clusters_come_from_pilot,
    the_admin_is_for_the_pod_alone,
}
