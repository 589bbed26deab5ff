//! How an injected pod ends.

use crate::calls::Caller;
use crate::mesh::{BUNDLE, HTTPBIN, Mesh};
use crate::mesos::State;

/// Accepts connections, and says nothing.
const SILENT_PORT: u16 = 7776;

fn sigterm_stops_envoy_cleanly_within_the_grace_period() {
    let mesh = Mesh::start();
    let (httpbin, sleep) = (mesh.run("pods/httpbin.json"), mesh.run("pods/sleep.json"));
    let pods = mesh.settle(&[&httpbin, &sleep]);
    pods[1].inside("sleep").becomes("200", HTTPBIN);
    let ended = pods[0].stop();
    let log = pods[0].sandbox_file("istio-proxy", "stderr");
    assert_eq!(ended["istio-init"], State::Finished);
    assert_eq!(ended["istio-proxy"], State::Stopped(0), "{log}");
    assert!(log.contains("epoch 0 of Envoy ended with exit status: 0"), "{log}");
}

/// The bundle is on its way for ever, so `istio-proxy` still waits for it.
fn sigterm_ends_a_proxy_that_waits_for_certificates() {
    let mesh = Mesh::start();
    let _silent = mesh.agent.listen(SILENT_PORT);
    let uri = format!("http://{}:{SILENT_PORT}/{BUNDLE}", crate::mesos::HOST);
    let sleep = mesh.run_with("pods/sleep.json", &["--bundle-uri", &uri]);
    let instance = sleep.instance();
    instance.wait_until("the proxy runs", |tasks| *tasks.state("istio-proxy") == State::Running);
    let ended = instance.stop();
    assert_eq!(ended["istio-proxy"], State::Stopped(143));
}

crate::tests!(
    sigterm_stops_envoy_cleanly_within_the_grace_period,
    sigterm_ends_a_proxy_that_waits_for_certificates,
);
