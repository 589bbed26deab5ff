//! Which traffic goes through Envoy, and which past it.

use crate::calls::Caller;
use crate::mesh::{HTTPBIN, Mesh};
use crate::mesos::{AGENT_PORT, HOST};
use crate::pilot::{ClientTls, Policy, ServerTls};

/// A port of the agent that is none of Mesos, and of no service.
const OTHER_PORT: u16 = 7777;

fn url(port: u16) -> String {
    format!("http://{HOST}:{port}/")
}

fn the_applications_port_is_captured_and_others_are_not() {
    let mesh = Mesh::start();
    let pod = mesh.run("tests/e2e/pods/two-ports.json");
    let pods = mesh.settle(&[&pod]);
    let address = pods[0].address;
    let (declared, other) = (format!("http://{address}:8000/"), format!("http://{address}:9999/"));
    mesh.agent.becomes("200", &declared);
    mesh.agent.becomes("200", &other);
    assert!(mesh.agent.head(&declared).contains("server: envoy"));
    assert!(!mesh.agent.head(&other).contains("envoy"));

    mesh.apply(Policy { server: ServerTls::Strict, client: ClientTls::Disabled }, &pods);
    mesh.agent.becomes("000", &declared);
    mesh.agent.becomes("200", &other);
}

fn an_excluded_inbound_port_is_not_captured() {
    let mesh = Mesh::start();
    let flags = ["--exclude-inbound-ports", "8000"];
    let pod = mesh.run_with("tests/e2e/pods/two-ports.json", &flags);
    let pods = mesh.settle(&[&pod]);
    mesh.apply(Policy { server: ServerTls::Strict, client: ClientTls::Disabled }, &pods);
    let declared = format!("http://{}:8000/", pods[0].address);
    mesh.agent.becomes("200", &declared);
    assert!(!mesh.agent.head(&declared).contains("envoy"));
}

fn calls_to_the_agent_bypass_envoy_and_no_others_do() {
    let mesh = Mesh::start();
    let other = mesh.agent.endpoint(OTHER_PORT, "another");
    let sleep = mesh.run("pods/sleep.json");
    let pods = mesh.settle(&[&sleep]);
    pods[0].inside("sleep").becomes("200", &url(AGENT_PORT));
    pods[0].inside("sleep").becomes("000", &url(OTHER_PORT));
    assert_eq!(other.asked(), 0);
}

fn excluded_ranges_bypass_envoy() {
    let mesh = Mesh::start();
    let other = mesh.agent.endpoint(OTHER_PORT, "another");
    let flags = ["--exclude-outbound-ip-ranges", "10.0.3.0/24"];
    let sleep = mesh.run_with("pods/sleep.json", &flags);
    let pods = mesh.settle(&[&sleep]);
    pods[0].inside("sleep").becomes("200", &url(OTHER_PORT));
    assert!(other.asked() > 0);
}

fn only_included_ranges_go_through_envoy() {
    let mesh = Mesh::start();
    let other = mesh.agent.endpoint(OTHER_PORT, "another");
    let flags = ["--include-outbound-ip-ranges", "11.0.0.0/8"];
    let (httpbin, sleep) =
        (mesh.run("pods/httpbin.json"), mesh.run_with("pods/sleep.json", &flags));
    let pods = mesh.settle(&[&httpbin, &sleep]);
    pods[1].inside("sleep").becomes("200", HTTPBIN);
    assert_eq!(pods[1].inside("sleep").status(&url(OTHER_PORT)), "200");
    assert!(other.asked() > 0);
}

crate::tests!(
    the_applications_port_is_captured_and_others_are_not,
    an_excluded_inbound_port_is_not_captured,
    calls_to_the_agent_bypass_envoy_and_no_others_do,
    excluded_ranges_bypass_envoy,
    only_included_ranges_go_through_envoy,
);
