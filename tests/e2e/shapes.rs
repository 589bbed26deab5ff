//! Pods of other shapes than the walk-through's, under mutual TLS.

use crate::calls::Caller;
use crate::mesh::{HTTPBIN, Mesh};
use crate::pilot::Policy;

/// Tells what it was asked with, the certificate of whoever asks among it.
const HEADERS: &str = "http://httpbin.marathon.l4lb.thisdcos.directory:8000/headers";

/// Prints the answer to a datagram. One that nobody answers is sent again.
const ASK_BY_UDP: &str = "
import socket, sys
s = socket.socket(type=socket.SOCK_DGRAM)
s.settimeout(1)
for _ in range(30):
    s.sendto(b'?', (sys.argv[1], 8053))
    try:
        print(s.recv(99).decode(), end='')
        break
    except TimeoutError:
        pass";

/// The name of a service, as clients call it.
fn url(service: &str, port: u16) -> String {
    format!("http://{service}.marathon.l4lb.thisdcos.directory:{port}")
}

fn the_ports_of_all_containers_are_behind_one_sidecar() {
    let mesh = Mesh::start();
    let (two, sleep) =
        (mesh.run("tests/e2e/pods/two-containers.json"), mesh.run("pods/sleep.json"));
    let pods = mesh.settle(&[&two, &sleep]);
    mesh.apply(Policy::MUTUAL, &pods);
    for (port, name) in [(8000, "one\n"), (8001, "other\n")] {
        let url = format!("{}/name", url("two-containers", port));
        pods[1].inside("sleep").becomes("200", &url);
        assert_eq!(pods[1].inside("sleep").curl(&[&url]), name);
        mesh.agent.becomes("000", &format!("http://{}:{port}/name", pods[0].address));
    }
}

fn udp_goes_past_envoy_and_tcp_beside_it_through() {
    let mesh = Mesh::start();
    let (mixed, sleep) = (mesh.run("tests/e2e/pods/mixed.json"), mesh.run("pods/sleep.json"));
    let pods = mesh.settle(&[&mixed, &sleep]);
    mesh.apply(Policy::MUTUAL, &pods);
    let server = pods[0].address.to_string();
    let caller = pods[1].inside("sleep").run(&["python3", "-c", ASK_BY_UDP, &server]);
    assert_eq!(String::from_utf8_lossy(&caller.stdout), pods[1].address.to_string());

    pods[1].inside("sleep").becomes("200", &url("mixed", 8000));
    mesh.agent.becomes("000", &format!("http://{server}:8000/"));
}

fn a_pod_without_endpoints_calls_with_its_own_certificate_and_nothing_to_it_is_captured() {
    let identity = "spiffe://cluster.local/ns/default/sa/client";
    let mesh = Mesh::start();
    mesh.shelf.put("client.tgz", mesh.authority.bundle(&["--identity", identity]));
    let flags = ["--bundle-uri", &Mesh::uri("client.tgz")];
    let client = mesh.run_with("tests/e2e/pods/client.json", &flags);
    let httpbin = mesh.run("pods/httpbin.json");
    let pods = mesh.settle(&[&client, &httpbin]);
    mesh.apply(Policy::MUTUAL, &pods);
    pods[0].inside("client").becomes("200", HEADERS);
    let seen = pods[0].inside("client").curl(&[HEADERS]);
    assert!(seen.contains(&format!("URI={identity}\"")), "{seen}");

    let own = format!("http://{}:9999/", pods[0].address);
    mesh.agent.becomes("200", &own);
    assert!(!mesh.agent.head(&own).contains("envoy"));
}

/// Each variable would do harm if it reached a script: a shell's own, those of `istio-iptables.sh`,
/// and the names of ours.
fn the_pods_variables_do_not_reach_the_scripts() {
    let mesh = Mesh::start();
    let disturbing = mesh.run("tests/e2e/pods/disturbing.json");
    let httpbin = mesh.run("pods/httpbin.json");
    let pods = mesh.settle(&[&disturbing, &httpbin]);
    mesh.apply(Policy::MUTUAL, &pods);
    pods[0].inside("app").becomes("200", HTTPBIN);
    mesh.agent.becomes("000", &format!("http://{}:8000/", pods[0].address));
}

fn an_application_that_is_not_root_is_captured_too() {
    let mesh = Mesh::start();
    let (nobody, httpbin) = (mesh.run("tests/e2e/pods/nobody.json"), mesh.run("pods/httpbin.json"));
    let pods = mesh.settle(&[&nobody, &httpbin]);
    mesh.apply(Policy::MUTUAL, &pods);
    assert_eq!(pods[0].inside("app").run(&["id", "-un"]).stdout, b"nobody\n");
    pods[0].inside("app").becomes("200", HTTPBIN);
    mesh.agent.becomes("000", &format!("http://{}:8000/", pods[0].address));
}

crate::tests!(
    the_ports_of_all_containers_are_behind_one_sidecar,
    udp_goes_past_envoy_and_tcp_beside_it_through,
    a_pod_without_endpoints_calls_with_its_own_certificate_and_nothing_to_it_is_captured,
    the_pods_variables_do_not_reach_the_scripts,
    an_application_that_is_not_root_is_captured_too,
);
