//! The real Envoy finds nothing wrong with what it is told.

use std::process::Command;

use serde_json::json;

use super::super::{ClientTls, Policy, ServerTls};
use super::machine::certificates;
use super::sidecar::Sidecar;
use super::{pilot, workload};
use crate::pilot::tls::SERVER;

crate::tests! {
    envoy_takes_what_policies_with_plain_clients_make,
    envoy_takes_what_policies_with_mutual_tls_make,
}

fn envoy_takes_what_policies_with_plain_clients_make() {
    for server in [ServerTls::Disabled, ServerTls::Permissive, ServerTls::Strict] {
        is_valid(Policy { server, client: ClientTls::Disabled });
    }
}

fn envoy_takes_what_policies_with_mutual_tls_make() {
    for server in [ServerTls::Disabled, ServerTls::Permissive, ServerTls::Strict] {
        is_valid(Policy { server, client: ClientTls::IstioMutual });
    }
}

/// Has Envoy read all that a sidecar is told, with certificates in a place of the test's own.
fn is_valid(policy: Policy) {
    let directory = tempfile::tempdir().unwrap();
    certificates(directory.path(), SERVER);
    let workloads = vec![
        workload("httpbin.1", "httpbin", [9, 0, 0, 2]),
        workload("sleep.1", "sleep", [9, 0, 0, 3]),
    ];
    let (pilot, address) = pilot(workloads);
    pilot.apply(policy);
    let sidecar = Sidecar::new(&address, "httpbin.1");
    let mut told = json!({"static_resources": {"listeners": sidecar.listeners(), "clusters": sidecar.clusters()}});
    for kind in ["listeners", "clusters"] {
        for resource in told["static_resources"][kind].as_array_mut().unwrap() {
            resource.as_object_mut().unwrap().remove("@type");
        }
    }
    let place = directory.path().to_str().unwrap();
    let file = directory.path().join("envoy.json");
    std::fs::write(&file, told.to_string().replace("/etc/certs", place)).unwrap();
    let out = Command::new("unshare")
        .arg("--net")
        .arg(crate::parts::envoy())
        .args(["--mode", "validate", "--disable-hot-restart", "-c"])
        .arg(file)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "{policy:?}: {said}");
    assert!(!said.contains("[warning]"), "{policy:?}: {said}");
}
