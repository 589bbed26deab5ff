//! The walk-through's experiment: `sleep` calls `httpbin`.

use std::fs;

use crate::calls::Caller;
use crate::mesh::{BUNDLE, HTTPBIN, Mesh};
use crate::mesos::{State, Tasks};
use crate::pilot::{ClientTls, Policy, ServerTls};

fn from_sleep_to_httpbin_200_then_503_then_200_again() {
    let mesh = Mesh::start();
    let (httpbin, sleep) = (mesh.run("pods/httpbin.json"), mesh.run("pods/sleep.json"));
    let pods = mesh.settle(&[&httpbin, &sleep]);
    let sleep = pods[1].inside("sleep");
    sleep.becomes("200", HTTPBIN);

    mesh.apply(Policy { server: ServerTls::Strict, client: ClientTls::Disabled }, &pods);
    sleep.becomes("503", HTTPBIN);

    mesh.apply(Policy::MUTUAL, &pods);
    sleep.becomes("200", HTTPBIN);
}

/// The default of `bundle-uri`: a file that somebody has put on each agent.
fn the_bundle_may_be_a_file_of_the_agent() {
    let mesh = Mesh::start();
    let file = mesh.agent.path("/var/lib/istio/bundle-certs.tgz");
    fs::create_dir(file.parent().unwrap()).unwrap();
    fs::write(&file, mesh.authority.bundle(&[])).unwrap();
    let default = ["--bundle-uri", "file:///var/lib/istio/bundle-certs.tgz"];
    let httpbin = mesh.run_with("pods/httpbin.json", &default);
    let finished = |tasks: &Tasks| *tasks.state("istio-init") == State::Finished;
    httpbin.instance().wait_until("istio-init has finished", finished);
    assert_eq!(mesh.shelf.requests(BUNDLE), 0);
}

crate::tests!(
    the_bundle_may_be_a_file_of_the_agent,
    from_sleep_to_httpbin_200_then_503_then_200_again
);
