//! Where each value of a hand-written sidecar ends: in the environment of our containers.

use serde_json::{Value, json};

use marathon_inject::plan::{Adoption, Change};
use marathon_inject::settings::Key;

use super::adopted;
use crate::support::{self, changed, errors};

/// What our container `name` is told in the pod that comes of a sidecar with this start line.
fn environment(name: &str, line: &str) -> Value {
    let app = json!({"name": "cart", "resources": {"cpus": 1, "mem": 32},
        "image": {"kind": "DOCKER", "id": "cart"},
        "endpoints": [{"name": "http", "containerPort": 8080, "hostPort": 0, "protocol": ["tcp"]}]});
    let proxy = json!({"name": "proxy", "resources": {"cpus": 1, "mem": 32},
        "exec": {"command": {"shell": line}}});
    let pod = json!({"id": "/cart", "containers": [app, proxy], "networks": [{"name": "dcos"}]});
    let (out, entries) = adopted(&pod.to_string());
    assert!(errors(&entries).is_empty(), "{line}: {:#?}", entries[0].findings);
    let out: Value = serde_json::from_str(&out).unwrap();
    let containers = out["containers"].as_array().unwrap();
    containers.iter().find(|one| one["name"] == name).unwrap()["environment"].clone()
}

#[test]
fn every_flag_of_pilot_agent_with_a_setting_reaches_the_new_one() {
    for (flag, value, variable) in [
        ("discoveryAddress", "pilot.example.com:15010", "ISTIO_DISCOVERY_ADDRESS"),
        ("zipkinAddress", "zipkin.example.com:9411", "ISTIO_ZIPKIN_ADDRESS"),
        ("domain", "mesh.example.com", "ISTIO_DOMAIN"),
        ("controlPlaneAuthPolicy", "MUTUAL_TLS", "ISTIO_CONTROL_PLANE_AUTH_POLICY"),
        ("drainDuration", "2500ms", "ISTIO_DRAIN_DURATION"),
        ("parentShutdownDuration", "1m0s", "ISTIO_PARENT_SHUTDOWN_DURATION"),
        ("connectTimeout", "10s", "ISTIO_CONNECT_TIMEOUT"),
        ("discoveryRefreshDelay", "5s", "ISTIO_DISCOVERY_REFRESH_DELAY"),
        ("statusPort", "15020", "ISTIO_STATUS_PORT"),
        ("statsdUdpAddress", "statsd.example.com:9125", "ISTIO_STATSD_UDP_ADDRESS"),
        ("concurrency", "2", "ISTIO_CONCURRENCY"),
        ("proxyLogLevel", "debug", "ISTIO_PROXY_LOG_LEVEL"),
    ] {
        for form in [
            format!("--{flag} {value}"),
            format!("--{flag}={value}"),
            format!("--{flag} '{value}'"),
        ] {
            let environment = environment("istio-proxy", &format!("pilot-agent proxy {form}"));
            assert_eq!(environment[variable], value, "{form}");
        }
    }
}

#[test]
fn every_flag_of_istio_iptables_with_a_setting_reaches_the_new_one() {
    for (flag, value, variable) in [
        ("-p", "15002", "ISTIO_PROXY_PORT"),
        ("-i", "10.0.0.0/8", "ISTIO_SERVICE_CIDR"),
        ("-x", "10.1.0.0/16", "ISTIO_SERVICE_EXCLUDE_CIDR"),
    ] {
        for form in
            [format!("{flag} {value}"), format!("{flag}{value}"), format!("{flag} \"{value}\"")]
        {
            let line = format!("istio-iptables.sh {form}; pilot-agent proxy");
            assert_eq!(environment("istio-init", &line)[variable], value, "{form}");
        }
    }
}

#[test]
fn excluded_inbound_ports_are_left_out_of_the_captured_ones() {
    let line = "istio-iptables.sh -b '*' -d 8080; pilot-agent proxy";
    assert_eq!(environment("istio-init", line)["ISTIO_INBOUND_PORTS"], "");
}

#[test]
fn a_shell_within_a_shell_is_read() {
    let line = "sh -c \"su istio-proxy -c 'pilot-agent proxy --domain mesh.example.com'\"";
    assert_eq!(environment("istio-proxy", line)["ISTIO_DOMAIN"], "mesh.example.com");
}

#[test]
fn a_variable_of_the_line_is_resolved_where_the_inner_shell_sees_it() {
    let line = "export D=mesh.example.com; su istio-proxy -c 'pilot-agent proxy --domain=$D'";
    assert_eq!(environment("istio-proxy", line)["ISTIO_DOMAIN"], "mesh.example.com");
}

#[test]
fn the_last_of_two_values_counts() {
    let line = "pilot-agent proxy --domain first.example.com --domain last.example.com";
    assert_eq!(environment("istio-proxy", line)["ISTIO_DOMAIN"], "last.example.com");
}

#[test]
fn the_metadata_of_the_capture_is_that_of_ours() {
    for (mode, told) in [("REDIRECT", 0), ("TPROXY", 1)] {
        let app = json!({"name": "cart", "resources": {"cpus": 1, "mem": 32},
            "image": {"kind": "DOCKER", "id": "cart"}});
        let proxy = json!({"name": "proxy", "resources": {"cpus": 1, "mem": 32},
            "environment": {"ISTIO_META_INTERCEPTION_MODE": mode, "ISTIO_META_ZONE": "eu"},
            "exec": {"command": {"shell": "pilot-agent proxy"}}});
        let pod =
            json!({"id": "/cart", "containers": [app, proxy], "networks": [{"name": "dcos"}]});
        let (out, entries) = adopted(&pod.to_string());
        let out: Value = serde_json::from_str(&out).unwrap();
        let containers = out["containers"].as_array().unwrap();
        let proxy = containers.iter().find(|one| one["name"] == "istio-proxy").unwrap();
        assert_eq!(proxy["environment"]["ISTIO_META_INTERCEPTION_MODE"], "REDIRECT");
        assert_eq!(proxy["environment"]["ISTIO_META_ZONE"], "eu");
        let dropped = entries[0].findings.iter().filter(|it| it.rule == Some("A11"));
        assert_eq!(dropped.count(), told, "{mode}");
    }
}

#[test]
fn a_cluster_that_is_the_id_with_a_version_names_no_other_service() {
    for (cluster, label) in [("cart-v1", None), ("cart-v", Some("cart-v")), ("shop", Some("shop"))]
    {
        let line = format!("pilot-agent proxy --serviceCluster {cluster}");
        let service = label.unwrap_or("cart");
        assert_eq!(
            environment("istio-proxy", &line)["ISTIO_SERVICE_CLUSTER"],
            service,
            "{cluster}"
        );
    }
}

#[test]
fn a_bundle_goes_where_certificates_come_from_a_node_agent() {
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/adopt");
    let pin = "0a".repeat(32);
    let with_agent = support::injector(&[(Key::Certs, "agent"), (Key::CaRootSha256, &pin)], &[])
        .adopting(Adoption::On);
    for name in ["shell-line-with-certificates", "shell-line"] {
        let text = std::fs::read_to_string(format!("{fixtures}/{name}.json")).unwrap();
        let (out, entries) = changed(&text, Change::Inject(&with_agent));
        assert!(errors(&entries).is_empty(), "{name}: {:#?}", entries[0].findings);
        let needs_bundle = |rule| rule == Some("A17");
        assert!(!entries[0].findings.iter().any(|finding| needs_bundle(finding.rule)), "{name}");
        let out: Value = serde_json::from_str(&out).unwrap();
        assert!(out["labels"].get("sidecar.istio.io/bundleURI").is_none(), "{name}");
        assert!(!out.to_string().contains("bundle-certs"), "{name}");
    }
}
