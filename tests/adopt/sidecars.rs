//! Generated pods with sidecars as people write them: by shell line, by arguments, or by the
//! variables of an image, with more or fewer flags, and anywhere among the containers.

use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};
use serde_json::{Value, json};

use crate::support::pods::pod;

/// A pod on a network of its own, with a sidecar.
pub(crate) fn pod_with_sidecar() -> impl Strategy<Value = Value> {
    let own_network = |pod: &Value| pod["networks"][0]["mode"] != "host";
    let pod = pod().prop_filter("of the host's network", own_network);
    (pod, sidecar(), any::<Index>()).prop_map(|(mut pod, (sidecar, environment), place)| {
        let containers = pod["containers"].as_array_mut().unwrap();
        containers.insert(place.index(containers.len() + 1), sidecar);
        if let Some(environment) = environment {
            pod["environment"] = environment;
        }
        pod
    })
}

/// The container, and what it needs in the pod's environment.
fn sidecar() -> impl Strategy<Value = (Value, Option<Value>)> {
    let start = prop_oneof![
        4 => shell_line().prop_map(|line| (json!({"command": {"shell": line}}), None, None)),
        1 => flags("=").prop_map(|flags| {
            let argv = ["/usr/local/bin/pilot-agent", "proxy"].map(str::to_owned).into_iter();
            (json!({"command": {"argv": argv.chain(flags).collect::<Vec<_>>()}}), None, None)
        }),
        1 => variables().prop_map(|all| (Value::Null, Some(all), None)),
        1 => variables().prop_map(|all| (Value::Null, None, Some(all))),
    ];
    (start, artifacts(), resources()).prop_map(|((exec, own, pods), artifacts, resources)| {
        let mut container = json!({
            "name": "proxy",
            "image": {"kind": "DOCKER", "id": "example/proxy_debug:1"},
            "resources": resources,
            "artifacts": artifacts,
        });
        if !exec.is_null() {
            container["exec"] = exec;
        }
        container["environment"] = own.unwrap_or(json!({"ISTIO_META_ZONE": "eu"}));
        (container, pods)
    })
}

fn resources() -> impl Strategy<Value = Value> {
    select(vec![
        json!({"cpus": 0.5, "mem": 512}),
        json!({"cpus": 2e-1, "mem": 1024, "disk": 0, "gpus": 0}),
        json!({"cpus": 1, "mem": 64, "disk": 10}),
    ])
}

fn artifacts() -> impl Strategy<Value = Value> {
    select(vec![
        Value::Null,
        json!([]),
        json!([{"uri": "https://files.example.com/bundle-certs.tgz", "extract": true}]),
        json!([{"uri": "file:///tools.tgz"}, {"uri": "file:///opt/certs.tgz", "cache": false}]),
    ])
}

fn variables() -> impl Strategy<Value = Value> {
    let all = [
        ("SERVICES_DOMAIN", "mesh.example.com"),
        ("SERVICE_NAME", "cart-v1"),
        ("INBOUND_PORTS", "8000, 8001"),
        ("ZIPKIN_ADDRESS", "zipkin.example.com:9411"),
        ("EXTRA", "x"),
    ];
    subsequence(all.to_vec(), 0..=all.len()).prop_map(|some| {
        let mut variables = json!({"DISCOVERY_ADDRESSS": "pilot.example.com:31510"});
        for (name, value) in some {
            variables[name] = json!(value);
        }
        variables
    })
}

/// pilot-agent's flags, each as one word or as two.
fn flags(joined: &'static str) -> impl Strategy<Value = Vec<String>> {
    let all = [
        ("discoveryAddress", "pilot.example.com:15010"),
        ("zipkinAddress", "zipkin.example.com:9411"),
        ("domain", "mesh.example.com"),
        ("serviceregistry", "Mesos"),
        ("serviceCluster", "cart"),
        ("drainDuration", "4s"),
        ("parentShutdownDuration", "1m0s"),
        ("connectTimeout", "10s"),
        ("proxyLogLevel", "debug"),
        ("concurrency", "2"),
        ("statsdUdpAddress", "statsd.example.com:9125"),
        ("controlPlaneAuthPolicy", "NONE"),
        ("log_output_level", "debug"),
        ("configPath", "/var/lib/istio"),
    ];
    let some = subsequence(all.to_vec(), 0..=all.len()).prop_shuffle();
    let word = move |(name, value)| format!("--{name}{joined}{value}");
    // Draining must end before the old Envoy does.
    let ends = |flags: &Vec<String>| {
        let has = |name: &str| flags.iter().any(|flag| flag.starts_with(name));
        !has("--drain") || has("--parent")
    };
    some.prop_map(move |some| some.into_iter().map(word).collect()).prop_filter("drains", ends)
}

fn shell_line() -> impl Strategy<Value = String> {
    let before = select(vec!["", "chmod +777 /dev/stdout; ", "set -e\n"]);
    let capture = select(vec![
        "",
        "/usr/local/bin/istio-iptables.sh -p 15001 -u 1337 -m REDIRECT -i '*' -b 8000; ",
        "istio-iptables.sh -p15002 -b '*' -d 22,9090 -x 10.0.0.0/8 && ",
    ]);
    let rule = select(vec![
        "",
        "iptables -t nat -I ISTIO_OUTPUT -d $HOST/32 -p tcp --dport 5051 -j RETURN; ",
    ]);
    let certificates = select(vec!["", "mkdir -p /etc/certs; cp ./certs/*.pem /etc/certs; "]);
    (before, capture, rule, certificates, flags(" "), 0..3).prop_map(
        |(before, capture, rule, certificates, flags, form)| {
            let agent = format!("pilot-agent proxy {}", flags.join("  "));
            let agent = match form {
                0 => format!("su istio-proxy -c \"/usr/local/bin/{agent}\""),
                1 => format!("exec su istio-proxy -c 'exec {agent}'"),
                _ => agent,
            };
            [before, capture, rule, certificates, &agent].concat()
        },
    )
}
