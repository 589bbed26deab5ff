//! New certificates while requests are on their way, without one of them failing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use marathon_inject::bundle::read_archive;

use crate::bundles::serial;
use crate::calls::Caller;
use crate::load::Load;
use crate::mesh::{BUNDLE, HTTPBIN, HTTPBIN_HOST, Mesh};
use crate::mesos::{Instance, Pod};
use crate::pilot::Policy;
use crate::wait;

/// How long pilot-agent may take to see new files, to start Envoy anew, and to be rid of the one from
/// before: it collects changes for 10 s.
const PATIENCE: Duration = Duration::from_secs(40);
/// Requests that see what comes after a change.
const ENOUGH: u64 = 500;
/// The user of `istio-proxy`.
const PROXY: u32 = 1337;
const WORKERS: usize = 4;

/// Requests from the pod's application to httpbin, through both sidecars.
fn load(from: &Arc<Instance>) -> Load {
    let from = Arc::clone(from);
    let address = ([11, 0, 0, 1], 8000).into();
    Load::start(move || from.connect(address), WORKERS, HTTPBIN_HOST, "/ip")
}

/// With what the caller's Envoy says of those that did not.
fn assert_all_went_well(load: Load, from: &Instance) {
    let outcome = load.stop();
    let access_log = from.sandbox_file("istio-proxy", "stdout");
    let odd = access_log.lines().filter(|line| line.contains("/ip") && !line.contains(" 200 "));
    let odd: Vec<&str> = odd.take(10).collect();
    assert_eq!(outcome.by_status, BTreeMap::from([(200, outcome.requests)]), "{odd:#?}");
    assert_eq!(outcome.failures, [""; 0]);
}

/// `httpbin` and `sleep` under mutual TLS, and requests from the one to the other.
fn under_load(mesh: &Mesh) -> ([Pod; 2], Vec<Arc<Instance>>, Load) {
    let (httpbin, sleep) = (mesh.run("pods/httpbin.json"), mesh.run("pods/sleep.json"));
    let instances = mesh.settle(&[&httpbin, &sleep]);
    mesh.apply(Policy::MUTUAL, &instances);
    instances[1].inside("sleep").becomes("200", HTTPBIN);
    let load = load(&instances[1]);
    load.wait_for(ENOUGH);
    ([httpbin, sleep], instances, load)
}

/// Whether Envoy has the certificate of this bundle.
fn has(instance: &Instance, bundle: &[u8]) -> bool {
    let certificates = instance.inside("istio-proxy").curl(&["http://127.0.0.1:15000/certs"]);
    certificates.contains(&serial(bundle))
}

/// Waits for something of Envoy.
fn wait_until(instance: &Instance, what: &str, reached: impl Fn() -> bool) {
    let account = || format!("not {what}\n{}", instance.account());
    wait::until(PATIENCE, account, || reached().then_some(()));
}

/// As Marathon's upgrade of a pod: the new instance is there before the old one goes.
fn replacing_the_bundle_rotates_certificates_with_the_pods() {
    let mesh = Mesh::start();
    let ([httpbin, sleep], _, load) = under_load(&mesh);

    let bundle = mesh.authority.bundle(&[]);
    mesh.shelf.put(BUNDLE, bundle.clone());
    let successor = mesh.run("pods/httpbin.json");
    let new = successor.stable();
    new.wait_for_port(8000);
    mesh.introduce(&new);
    let pods = mesh.settle(&[&httpbin, &successor, &sleep]);
    load.wait_for(ENOUGH);
    mesh.publish(&pods[1..]);
    load.wait_for(ENOUGH);
    httpbin.instance().stop();
    drop(httpbin);
    load.wait_for(ENOUGH);

    assert!(has(&new, &bundle));
    assert_all_went_well(load, &pods[2]);
}

/// As whoever brings new certificates into the pod: each file appears whole.
fn replacing_the_files_rotates_certificates_within_the_pods() {
    let mesh = Mesh::start();
    let (_kept, pods, load) = under_load(&mesh);

    let bundle = mesh.authority.bundle(&[]);
    for pod in &pods {
        for (name, content, _) in read_archive(&bundle).unwrap().files() {
            pod.put_into_volume("istio-certs", name, content, PROXY);
        }
    }
    let before_is_gone = |pod: &Instance| {
        pod.sandbox_file("istio-proxy", "stderr").contains("Epoch 0 ended with exit status: 0")
    };
    for pod in &pods {
        wait_until(pod, "with the new certificate", || has(pod, &bundle));
        wait_until(pod, "rid of the Envoy from before", || before_is_gone(pod));
    }
    load.wait_for(ENOUGH);
    assert_all_went_well(load, &pods[1]);
}

crate::tests!(
    replacing_the_bundle_rotates_certificates_with_the_pods,
    replacing_the_files_rotates_certificates_within_the_pods,
);
