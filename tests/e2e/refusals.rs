//! Who is refused under mutual TLS, and why, by the counters of whoever refuses.

use marathon_inject::bundle::read_archive;
use marathon_inject::identity::x509;

use crate::bundles::{self, Authority};
use crate::calls::Caller;
use crate::mesh::{HTTPBIN, Mesh};
use crate::mesos::{Instance, Pod};
use crate::pilot::Policy;

/// On the shelf, beside the one that all others have.
const OWN_BUNDLE: &str = "own-certs.tgz";
/// Not the one that Pilot expects of servers.
const ANOTHER: &str = "spiffe://cluster.local/ns/default/sa/web";
/// What `two-ports` serves at the port of `httpbin`.
const CONTROL: &str = "http://two-ports.marathon.l4lb.thisdcos.directory:8000/";

/// Envoy's counters of handshakes that have failed, those that are not 0.
fn failures(instance: &Instance) -> Vec<String> {
    const STATS: &str =
        "http://127.0.0.1:15000/stats?usedonly&filter=%5C.ssl%5C.(fail_|connection_error)";
    let stats = instance.inside("istio-proxy").curl(&[STATS]);
    let counter = |line: &str| Some(line.split_once(".ssl.")?.1.split_once(':')?.0.to_owned());
    let mut counters: Vec<_> = stats.lines().filter_map(counter).collect();
    counters.sort_unstable();
    counters
}

/// What it has against the certificates of others. A connection that the other side gave up, or
/// that did not speak TLS at all, is no reason.
fn reasons(instance: &Instance) -> Vec<String> {
    failures(instance).into_iter().filter(|counter| counter != "connection_error").collect()
}

/// Runs a pod with a bundle of its own.
fn run(mesh: &Mesh, file: &str, bundle: Vec<u8>) -> Pod {
    mesh.shelf.put(OWN_BUNDLE, bundle);
    mesh.run_with(file, &["--bundle-uri", &Mesh::uri(OWN_BUNDLE)])
}

/// A bundle of another CA, whose owner trusts this one.
fn foreign(authority: &Authority) -> Vec<u8> {
    let trusted = read_archive(&authority.bundle(&[])).unwrap().root_cert;
    bundles::with(&Authority::new().bundle(&[]), x509::ROOT_CERT, &trusted)
}

fn another(authority: &Authority) -> Vec<u8> {
    authority.bundle(&["--identity", ANOTHER])
}

/// The server refuses a client that has what `bundle` makes, for this reason, and no other client.
fn server_refuses(bundle: impl Fn(&Authority) -> Vec<u8>, reason: &str) {
    let mesh = Mesh::start();
    let (httpbin, sleep) = (mesh.run("pods/httpbin.json"), mesh.run("pods/sleep.json"));
    let refused = run(&mesh, "pods/sleep.json", bundle(&mesh.authority));
    let pods = mesh.settle(&[&httpbin, &sleep, &refused]);
    mesh.apply(Policy::MUTUAL, &pods);
    pods[1].inside("sleep").becomes("200", HTTPBIN);
    assert_eq!(reasons(&pods[0]), [""; 0]);

    pods[2].inside("sleep").becomes("503", HTTPBIN);
    assert_eq!(reasons(&pods[0]), [reason]);
    assert_eq!(reasons(&pods[2]), [""; 0]);
}

/// The client refuses a server that has what `bundle` makes, for this reason, and no other server.
fn client_refuses(bundle: impl Fn(&Authority) -> Vec<u8>, reason: &str) {
    let mesh = Mesh::start();
    let (control, sleep) = (mesh.run("tests/e2e/pods/two-ports.json"), mesh.run("pods/sleep.json"));
    let refused = run(&mesh, "pods/httpbin.json", bundle(&mesh.authority));
    let pods = mesh.settle(&[&control, &sleep, &refused]);
    mesh.apply(Policy::MUTUAL, &pods);
    pods[1].inside("sleep").becomes("200", CONTROL);
    assert_eq!(reasons(&pods[1]), [""; 0]);

    pods[1].inside("sleep").becomes("503", HTTPBIN);
    assert_eq!(reasons(&pods[1]), [reason]);
    assert_eq!(reasons(&pods[2]), [""; 0]);
}

fn a_client_of_a_foreign_ca_is_refused() {
    server_refuses(foreign, "fail_verify_error");
}

fn a_server_of_a_foreign_ca_is_refused() {
    client_refuses(foreign, "fail_verify_error");
}

fn a_client_whose_certificate_has_ended_is_refused() {
    server_refuses(Authority::expired, "fail_verify_error");
}

fn a_server_whose_certificate_has_ended_is_refused() {
    client_refuses(Authority::expired, "fail_verify_error");
}

fn a_server_of_another_identity_is_refused() {
    client_refuses(another, "fail_verify_san");
}

/// Servers of Istio 1.0.5 take any certificate of their CA: who may call is not decided here.
fn a_client_of_another_identity_is_let_in_and_named() {
    let mesh = Mesh::start();
    let httpbin = mesh.run("pods/httpbin.json");
    let sleep = run(&mesh, "pods/sleep.json", another(&mesh.authority));
    let pods = mesh.settle(&[&httpbin, &sleep]);
    mesh.apply(Policy::MUTUAL, &pods);
    pods[1].inside("sleep").becomes("200", HTTPBIN);
    let headers = pods[1].inside("sleep").curl(&[&HTTPBIN.replace("/ip", "/headers")]);
    assert!(headers.contains(&format!("URI={ANOTHER}")), "{headers}");
}

/// From outside of the mesh, where it takes a certificate to be let in.
fn a_client_without_a_certificate_is_refused() {
    let mesh = Mesh::start();
    let httpbin = mesh.run("pods/httpbin.json");
    let pods = mesh.settle(&[&httpbin]);
    let plain = format!("http://{}:8000/ip", pods[0].address);
    let tls = plain.replace("http:", "https:");
    mesh.agent.becomes("200", &plain);

    mesh.apply(Policy::MUTUAL, &pods);
    mesh.agent.becomes("000", &plain);
    assert_eq!(failures(&pods[0]), ["connection_error"]);

    let dir = tempfile::tempdir().unwrap();
    bundles::unpack(&mesh.authority.bundle(&[]), dir.path());
    let file = |name| dir.path().join(name).to_str().unwrap().to_owned();
    let (chain, key) = (file(x509::CERT_CHAIN), file(x509::KEY));
    let call = ["-k", "-o", "/dev/null", "-w", "%{http_code}", &*tls];
    let with_a_certificate = [&call[..], &["--cert", &chain, "--key", &key]].concat();
    assert_eq!(mesh.agent.curl(&with_a_certificate), "200");
    assert_eq!(mesh.agent.curl(&call), "000");
    assert_eq!(failures(&pods[0]), ["connection_error", "fail_verify_no_cert"]);
}

crate::tests! {
    a_client_of_a_foreign_ca_is_refused,
    a_server_of_a_foreign_ca_is_refused,
    a_client_whose_certificate_has_ended_is_refused,
    a_server_whose_certificate_has_ended_is_refused,
    a_server_of_another_identity_is_refused,
    a_client_of_another_identity_is_let_in_and_named,
    a_client_without_a_certificate_is_refused,
}
