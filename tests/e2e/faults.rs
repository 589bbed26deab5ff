//! Bundles that are missing, broken or late: what a pod says, and that it recovers by itself.

use crate::bundles::{self, truncated, with_empty, without};
use crate::calls::Caller;
use crate::mesh::{BUNDLE, HTTPBIN, Mesh};
use crate::mesos::{HOST, Instance, Pod, State, Tasks};
use crate::pilot::Policy;

/// Another than that of the other pods.
const OWN_BUNDLE: &str = "own-certs.tgz";
/// Accepts connections, and says nothing.
const SILENT_PORT: u16 = 7775;
/// So often may a pod start anew with a bundle that is good again.
const STARTS: usize = 5;

/// Why a container has failed, once it has.
fn failure(instance: &Instance, container: &str) -> String {
    let why = |tasks: &Tasks| match tasks.state(container) {
        State::Failed(why) => Some(why.clone()),
        _ => None,
    };
    instance.wait_until("the container fails", |tasks| why(tasks).is_some());
    instance.see(why).expect("it stays so")
}

/// Waits for an instance whose `istio-init` does its work.
fn recovers(pod: &Pod) {
    let does_its_work = |number| {
        let instance = pod.instance_number(number);
        let state = |tasks: &Tasks| tasks.state("istio-init").clone();
        instance.wait_until("istio-init ends", |tasks| {
            !matches!(state(tasks), State::Staging | State::Running)
        });
        instance.see(state) == State::Finished
    };
    assert!((1..=STARTS).any(does_its_work), "{}", pod.instance().account());
}

/// `httpbin`, with what is put on the shelf for it alone.
fn httpbin(mesh: &Mesh) -> Pod {
    mesh.run_with("pods/httpbin.json", &["--bundle-uri", &Mesh::uri(OWN_BUNDLE)])
}

fn a_pod_whose_bundle_is_not_there_starts_again_until_it_is() {
    let mesh = Mesh::start();
    let (httpbin, sleep) = (httpbin(&mesh), mesh.run("pods/sleep.json"));
    let why = failure(&httpbin.instance_number(0), "istio-init");
    assert!(why.starts_with(&format!("Failed to fetch '{}'", Mesh::uri(OWN_BUNDLE))), "{why}");
    assert!(why.contains("404"), "{why}");
    httpbin.instance_number(1);

    mesh.shelf.put(OWN_BUNDLE, mesh.authority.bundle(&[]));
    recovers(&httpbin);
    let pods = mesh.settle(&[&httpbin, &sleep]);
    mesh.apply(Policy::MUTUAL, &pods);
    pods[1].inside("sleep").becomes("200", HTTPBIN);
}

/// With what `broken` makes of a good bundle `istio-init` says this of a file of it, and nothing
/// else; none of what it was given stays; and with the good bundle the pod comes up.
fn says(broken: impl Fn(&[u8]) -> Vec<u8>, fault: &str) {
    let mesh = Mesh::start();
    let good = mesh.authority.bundle(&[]);
    mesh.shelf.put(OWN_BUNDLE, broken(&good));
    let pod = httpbin(&mesh);
    let first = pod.instance_number(0);
    assert_eq!(failure(&first, "istio-init"), "exited with 1");
    let said =
        format!("istio-init: /mnt/mesos/sandbox/certs/{fault}; rebuild the bundle {BUNDLE}\n");
    assert_eq!(first.sandbox_file("istio-init", "stderr"), said);
    assert_eq!(first.sandbox_files("istio-init"), ["stderr", "stdout"]);

    mesh.shelf.put(OWN_BUNDLE, good);
    recovers(&pod);
    mesh.settle(&[&pod]);
}

fn a_bundle_without_a_key_is_told_until_it_is_mended() {
    says(|good| without(good, "key.pem"), "key.pem is missing");
}

fn an_empty_key_is_told_until_it_is_mended() {
    says(|good| with_empty(good, "key.pem"), "key.pem is empty");
}

/// The key is there, and gone when `istio-init` has ended.
fn a_chain_that_is_no_pem_is_told_until_it_is_mended() {
    let broken = |good: &[u8]| bundles::with(good, "cert-chain.pem", b"\x30\x82\x01\x0a");
    says(broken, "cert-chain.pem holds no PEM certificate");
}

/// Mesos cannot unpack it, so no script of ours gets to say anything, or to remove it.
fn a_truncated_bundle_is_told_by_mesos_until_it_is_mended() {
    let mesh = Mesh::start();
    let good = mesh.authority.bundle(&[]);
    mesh.shelf.put(OWN_BUNDLE, truncated(&good));
    let pod = httpbin(&mesh);
    let first = pod.instance_number(0);
    let why = failure(&first, "istio-init");
    assert!(why.contains("Failed to extract") && why.contains(BUNDLE), "{why}");
    assert!(first.sandbox_files("istio-init").iter().any(|name| name == BUNDLE));

    mesh.shelf.put(OWN_BUNDLE, good);
    recovers(&pod);
    mesh.settle(&[&pod]);
}

/// Until the bundle's server hangs up, it is on its way.
fn a_proxy_whose_certificates_do_not_come_in_time_says_so_and_the_pod_starts_again() {
    let mesh = Mesh::start();
    let silent = mesh.agent.listen(SILENT_PORT);
    let uri = format!("http://{HOST}:{SILENT_PORT}/{BUNDLE}");
    let flags = ["--bundle-uri", &uri, "--certs-timeout", "2"];
    let pod = mesh.run_with("pods/sleep.json", &flags);
    let first = pod.instance_number(0);
    assert_eq!(failure(&first, "istio-proxy"), "exited with 1");
    let said =
        "istio-proxy: no certificates in /etc/certs after 2 s; see the stderr of istio-init\n";
    assert_eq!(first.sandbox_file("istio-proxy", "stderr"), said);
    assert_eq!(first.see(|tasks| tasks.state("istio-init").clone()), State::Staging);

    drop(silent);
    pod.instance_number(1);
}

crate::tests! {
    a_pod_whose_bundle_is_not_there_starts_again_until_it_is,
    a_bundle_without_a_key_is_told_until_it_is_mended,
    an_empty_key_is_told_until_it_is_mended,
    a_chain_that_is_no_pem_is_told_until_it_is_mended,
    a_truncated_bundle_is_told_by_mesos_until_it_is_mended,
    a_proxy_whose_certificates_do_not_come_in_time_says_so_and_the_pod_starts_again,
}
