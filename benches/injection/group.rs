//! The documents of the benchmarks, and the two things that are done with them.

use marathon_inject::document::Source;
use marathon_inject::plan::{Change, Injector, rewrite_to};
use marathon_inject::settings::Settings;
use serde_json::{Value, json};

/// A pod of the usual size: 2.5 kB when indented by two.
pub(crate) fn pod(number: usize) -> Value {
    let port = 8000 + number % 1000;
    let container = |name: &str, port: usize| {
        json!({
            "name": name,
            "resources": {"cpus": 0.5, "mem": 1024, "disk": 0, "gpus": 0},
            "image": {"kind": "DOCKER", "id": format!("registry.example.com/shop/{name}:1.8.0")},
            "environment": {"LOG_LEVEL": "info", "DATABASE": "postgres://db.example.com:5432/shop"},
            "healthCheck": {
                "http": {"endpoint": format!("http-{port}"), "path": "/healthz", "scheme": "HTTP"},
                "gracePeriodSeconds": 30, "intervalSeconds": 10, "timeoutSeconds": 5,
                "maxConsecutiveFailures": 3
            },
            "endpoints": [{
                "name": format!("http-{port}"), "containerPort": port, "hostPort": 0,
                "protocol": ["tcp"], "labels": {"VIP_0": format!("/{name}-{number}:{port}")}
            }]
        })
    };
    json!({
        "id": format!("/shop/service-{number}"),
        "labels": {"version": "v1", "team": "checkout"},
        "containers": [container("app", port), container("admin", port + 1000)],
        "networks": [{"name": "dcos", "mode": "container"}],
        "scaling": {"kind": "fixed", "instances": 2},
        "scheduling": {
            "backoff": {"backoff": 1, "backoffFactor": 1.15, "maxLaunchDelay": 3600},
            "placement": {"constraints": []}
        }
    })
}

/// A group with that many pods.
pub(crate) fn group(pods: usize) -> String {
    let pods: Vec<_> = (0..pods).map(pod).collect();
    document(&json!({"id": "/shop", "pods": pods}))
}

/// A value as people keep it in a file.
pub(crate) fn document(value: &Value) -> String {
    let mut text = serde_json::to_string_pretty(value).expect("a value serialises");
    text.push('\n');
    text
}

/// Injects every pod of a document. The result goes nowhere, as it would to a file.
pub(crate) fn inject(text: &str) -> usize {
    let source = Source::new("group.json", text);
    let injector = Injector::new(Settings::default(), Vec::new());
    let entries = rewrite_to(&source, Change::Inject(&injector), std::io::sink())
        .expect("the document is fine")
        .expect("a sink takes everything");
    assert!(entries.iter().all(|entry| entry.findings.is_empty()));
    entries.len()
}

/// The baseline: the same bytes into a `Value`, and back to bytes that go nowhere either.
pub(crate) fn reparse(text: &str) {
    let value: Value = serde_json::from_slice(text.as_bytes()).expect("it is JSON");
    serde_json::to_writer(std::io::sink(), &value).expect("a sink takes everything");
}
