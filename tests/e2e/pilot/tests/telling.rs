//! What a sidecar is told, and how Pilot knows that it was heard.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::{ClientTls, Pilot, Policy, ServerTls, Workload};
use super::http::post;
use super::sidecar::Sidecar;
use super::{DOMAIN, pilot, workload};

crate::tests! {
    a_node_that_is_no_workload_gets_no_inbound_listener,
    a_workload_gets_an_inbound_listener_for_each_port_on_its_own_address,
    a_workload_without_a_service_is_invisible,
    hosts_end_in_the_domain_of_the_node_that_asks,
    services_of_one_port_share_a_listener,
    a_cluster_has_all_who_serve_the_port,
    what_is_for_nobody_goes_to_the_black_hole,
    in_the_clear_nothing_speaks_tls,
    a_strict_server_has_only_a_chain_with_mutual_tls,
    a_permissive_server_has_a_chain_for_each,
    a_client_of_istio_mutual_demands_the_account_of_the_registry,
    who_leaves_keeps_its_listeners_but_is_called_no_more,
    what_is_no_sidecar_is_refused,
    each_change_has_a_version_of_its_own,
    pilot_is_settled_once_all_is_accepted,
    what_is_missing_is_said,
}

fn two() -> Vec<Workload> {
    vec![workload("httpbin.1", "httpbin", [9, 0, 0, 2]), workload("sleep.1", "sleep", [9, 0, 0, 3])]
}

/// The resource of this name.
fn named<'r>(resources: &'r [Value], name: &str) -> &'r Value {
    let found = resources.iter().find(|resource| resource["name"] == name);
    found.unwrap_or_else(|| panic!("no {name} in {:?}", names(resources)))
}

fn names(resources: &[Value]) -> Vec<&str> {
    resources.iter().map(|resource| resource["name"].as_str().unwrap()).collect()
}

/// The inbound listener of httpbin's first instance.
fn inbound(server: ServerTls) -> Value {
    let (pilot, address) = pilot(two());
    pilot.apply(Policy { server, ..Policy::default() });
    named(&Sidecar::new(&address, "httpbin.1").listeners(), "9.0.0.2_8000").clone()
}

/// The domains of each virtual host of the outbound listener of port 8000.
fn domains(listeners: &[Value]) -> Vec<&Value> {
    let http = &named(listeners, "0.0.0.0_8000")["filter_chains"][0]["filters"][0];
    let hosts = http["typed_config"]["route_config"]["virtual_hosts"].as_array().unwrap();
    hosts.iter().map(|host| &host["domains"]).collect()
}

/// The addresses of a cluster's endpoints.
fn endpoints(cluster: &Value) -> Vec<&Value> {
    let endpoints = &cluster["load_assignment"]["endpoints"][0]["lb_endpoints"];
    let endpoints = endpoints.as_array().unwrap().iter();
    endpoints.map(|it| &it["endpoint"]["address"]["socket_address"]).collect()
}

fn a_node_that_is_no_workload_gets_no_inbound_listener() {
    let (_pilot, address) = pilot(two());
    let stranger = Sidecar::new(&address, "httpbin.1.istio-proxy");
    assert_eq!(names(&stranger.listeners()), ["0.0.0.0_8000", "virtual"]);
}

fn a_workload_gets_an_inbound_listener_for_each_port_on_its_own_address() {
    let mut httpbin = workload("httpbin.1", "httpbin", [9, 0, 0, 2]);
    httpbin.ports.push(9000);
    httpbin.services.push("another".to_owned());
    let (_pilot, address) = pilot(vec![httpbin]);
    let listeners = Sidecar::new(&address, "httpbin.1").listeners();
    let inbound = ["9.0.0.2_8000", "9.0.0.2_9000"];
    assert_eq!(names(&listeners)[..2], inbound);
    for (name, port) in inbound.into_iter().zip([8000, 9000]) {
        let listener = named(&listeners, name);
        assert_eq!(
            listener["address"]["socket_address"],
            json!({"address": "9.0.0.2", "port_value": port})
        );
        assert_eq!(listener["bind_to_port"], false);
    }
}

fn a_workload_without_a_service_is_invisible() {
    let mut httpbin = workload("httpbin.1", "httpbin", [9, 0, 0, 2]);
    httpbin.services.clear();
    let (_pilot, address) = pilot(vec![httpbin]);
    let sidecar = Sidecar::new(&address, "httpbin.1");
    assert_eq!(names(&sidecar.listeners()), ["virtual"]);
    assert_eq!(names(&sidecar.clusters()), ["BlackHoleCluster"]);
}

fn hosts_end_in_the_domain_of_the_node_that_asks() {
    let (_pilot, address) = pilot(two());
    let sidecar = Sidecar::of_domain(&address, "httpbin.1", "example.com");
    assert_eq!(
        domains(&sidecar.listeners()),
        [
            &json!(["httpbin.example.com", "httpbin.example.com:8000"]),
            &json!(["sleep.example.com", "sleep.example.com:8000"])
        ]
    );
    let clusters = sidecar.clusters();
    let expected = [
        "inbound|8000||httpbin.example.com",
        "outbound|8000||httpbin.example.com",
        "outbound|8000||sleep.example.com",
        "BlackHoleCluster",
    ];
    assert_eq!(names(&clusters), expected);
}

fn services_of_one_port_share_a_listener() {
    let (_pilot, address) = pilot(two());
    let listeners = Sidecar::new(&address, "sleep.1").listeners();
    assert_eq!(names(&listeners), ["9.0.0.3_8000", "0.0.0.0_8000", "virtual"]);
    assert_eq!(domains(&listeners).len(), 2);
}

fn a_cluster_has_all_who_serve_the_port() {
    let (pilot, address) = pilot(two());
    pilot.workloads([two(), vec![workload("httpbin.2", "httpbin", [9, 0, 0, 4])]].concat());
    let clusters = Sidecar::new(&address, "httpbin.1").clusters();
    let at = |address: &str| json!({"address": address, "port_value": 8000});
    let served = named(&clusters, &format!("outbound|8000||httpbin.{DOMAIN}"));
    assert_eq!(endpoints(served), [&at("9.0.0.2"), &at("9.0.0.4")]);
    let own = named(&clusters, &format!("inbound|8000||httpbin.{DOMAIN}"));
    assert_eq!(endpoints(own), [&at("127.0.0.1")]);
}

fn what_is_for_nobody_goes_to_the_black_hole() {
    let (_pilot, address) = pilot(two());
    let sidecar = Sidecar::new(&address, "sleep.1");
    let listeners = sidecar.listeners();
    let capture = named(&listeners, "virtual");
    assert_eq!(capture["use_original_dst"], true);
    assert_eq!(
        capture["filter_chains"][0]["filters"][0]["typed_config"]["cluster"],
        "BlackHoleCluster"
    );
    assert_eq!(endpoints(named(&sidecar.clusters(), "BlackHoleCluster")), Vec::<&Value>::new());
}

fn in_the_clear_nothing_speaks_tls() {
    let (_pilot, address) = pilot(two());
    let sidecar = Sidecar::new(&address, "httpbin.1");
    let given = [sidecar.listeners(), sidecar.clusters()].concat();
    assert_eq!(given.len(), 7);
    assert!(!json!(given).to_string().contains("tls"));
}

fn a_strict_server_has_only_a_chain_with_mutual_tls() {
    let listener = inbound(ServerTls::Strict);
    let chains = listener["filter_chains"].as_array().unwrap();
    assert_eq!(chains.len(), 1);
    let tls = &chains[0]["transport_socket"]["typed_config"];
    assert_eq!(tls["require_client_certificate"], true);
    let context = &tls["common_tls_context"];
    let of = |file: &str| json!({"filename": format!("/etc/certs/{file}.pem")});
    assert_eq!(
        context["tls_certificates"],
        json!([{"certificate_chain": of("cert-chain"), "private_key": of("key")}])
    );
    // Any certificate of the CA will do.
    assert_eq!(context["validation_context"], json!({"trusted_ca": of("root-cert")}));
}

fn a_permissive_server_has_a_chain_for_each() {
    let listener = inbound(ServerTls::Permissive);
    let chains = listener["filter_chains"].as_array().unwrap();
    let has_tls = |chain: &Value| chain.get("transport_socket").is_some();
    let chains: Vec<_> = chains
        .iter()
        .map(|it| (&it["filter_chain_match"]["transport_protocol"], has_tls(it)))
        .collect();
    assert_eq!(chains, [(&json!("tls"), true), (&json!("raw_buffer"), false)]);
    assert_eq!(listener["listener_filters"][0]["name"], "envoy.filters.listener.tls_inspector");
}

fn a_client_of_istio_mutual_demands_the_account_of_the_registry() {
    let (pilot, address) = pilot(two());
    pilot.apply(Policy { client: ClientTls::IstioMutual, ..Policy::default() });
    let clusters = Sidecar::new(&address, "sleep.1").clusters();
    let httpbin = named(&clusters, &format!("outbound|8000||httpbin.{DOMAIN}"));
    let tls = &httpbin["transport_socket"]["typed_config"];
    assert_eq!(tls["sni"], format!("outbound_.8000_._.httpbin.{DOMAIN}"));
    let context = &tls["common_tls_context"];
    assert_eq!(context["alpn_protocols"], json!(["istio"]));
    assert_eq!(
        context["validation_context"]["match_typed_subject_alt_names"],
        json!([{
            "san_type": "URI",
            "matcher": {"exact": "spiffe://cluster.local/ns/default/sa/default"}
        }])
    );
    let own = named(&clusters, &format!("inbound|8000||sleep.{DOMAIN}"));
    assert_eq!(own.get("transport_socket"), None);
}

fn who_leaves_keeps_its_listeners_but_is_called_no_more() {
    let second = workload("httpbin.2", "httpbin", [9, 0, 0, 4]);
    let (pilot, address) = pilot([two(), vec![second]].concat());
    pilot.workloads(two());
    pilot.apply(Policy { server: ServerTls::Strict, ..Policy::default() });
    let leaving = Sidecar::new(&address, "httpbin.2");
    let listeners = leaving.listeners();
    let inbound = named(&listeners, "9.0.0.4_8000");
    assert!(inbound["filter_chains"][0].get("transport_socket").is_some());
    let clusters = leaving.clusters();
    let served = named(&clusters, &format!("outbound|8000||httpbin.{DOMAIN}"));
    assert_eq!(endpoints(served), [&json!({"address": "9.0.0.2", "port_value": 8000})]);
}

fn what_is_no_sidecar_is_refused() {
    let (_pilot, address) = pilot(two());
    for id in ["", "httpbin.1", "router~9.0.0.2~httpbin.1~d", "sidecar~~httpbin.1~d"] {
        let (status, why) = post(&address, "/v3/discovery:listeners", &json!({"node": {"id": id}}));
        assert_eq!(status, 400, "{id}: {why}");
    }
}

fn each_change_has_a_version_of_its_own() {
    let (pilot, address) = pilot(two());
    let sidecar = Sidecar::new(&address, "httpbin.1");
    let first = sidecar.ask("listeners", "");
    let again = sidecar.ask("listeners", first["version_info"].as_str().unwrap());
    assert_eq!(again, first);
    pilot.apply(Policy::default());
    assert_ne!(sidecar.ask("listeners", "")["version_info"], first["version_info"]);
}

/// What Pilot says is missing of these instances right now.
fn missing(pilot: &Pilot, instances: &[&str]) -> String {
    pilot.settled_within(instances, Duration::ZERO).unwrap_err()
}

fn pilot_is_settled_once_all_is_accepted() {
    let (pilot, address) = pilot(two());
    let sidecar = Sidecar::new(&address, "httpbin.1");
    sidecar.accept("listeners");
    missing(&pilot, &["httpbin.1"]);
    sidecar.accept("clusters");
    pilot.settled(&["httpbin.1"]).unwrap();
    missing(&pilot, &["httpbin.1", "sleep.1"]);
    pilot.workloads(Vec::new());
    missing(&pilot, &["httpbin.1"]);
}

fn what_is_missing_is_said() {
    let (pilot, address) = pilot(two());
    let sidecar = Sidecar::new(&address, "httpbin.1");
    sidecar.accept("clusters");
    sidecar.accept("listeners");
    pilot.apply(Policy::default());
    sidecar.ask("listeners", "1");
    sidecar.ask("listeners", "1");
    let why = missing(&pilot, &["httpbin.1", "sleep.1"]);
    for part in [
        "httpbin.1 has not accepted version 2 of Clusters: \
         Progress { accepted: Some(1), given: Some(1), refused: 0 }",
        "httpbin.1 has not accepted version 2 of Listeners: \
         Progress { accepted: Some(1), given: Some(2), refused: 1 }",
        "sleep.1 never asked for Clusters; who asked: {\"httpbin.1\"}",
    ] {
        assert!(why.contains(part), "{part} in {why}");
    }
}
