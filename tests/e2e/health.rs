//! Health checks of injected pods: the executor makes them past Envoy.

use crate::calls::Caller;
use crate::mesh::Mesh;
use crate::mesos::{Instance, State, Tasks};
use crate::pilot::Policy;

/// How an application that is asked has been asked once more.
const LOGS: [&str; 2] = ["stdout", "stderr"];

const AILING: &str = "http://ailing.marathon.l4lb.thisdcos.directory:8000/well";

/// What the server in a container has noted; each request is a line.
fn noted(instance: &Instance, container: &str) -> usize {
    LOGS.iter().map(|log| instance.sandbox_file(container, log).lines().count()).sum()
}

fn checks_of_each_kind_pass_where_a_plain_call_from_outside_is_refused() {
    let mesh = Mesh::start();
    let checked = mesh.run("tests/e2e/pods/checked.json");
    let pods = mesh.settle(&[&checked]);
    mesh.apply(Policy::MUTUAL, &pods);
    for port in [8000, 8001, 8002] {
        mesh.agent.becomes("000", &format!("http://{}:{port}/", pods[0].address));
    }
    for container in ["http", "tcp", "exec"] {
        let before = noted(&pods[0], container);
        pods[0].wait_until("it has been checked again", |tasks| {
            noted(&pods[0], container) > before && tasks.is_healthy(container) == Some(true)
        });
    }
    assert!(pods[0].see(Tasks::are_stable));
}

fn an_unhealthy_application_ends_the_pod_which_comes_back_with_its_sidecar() {
    let mesh = Mesh::start();
    let (ailing, sleep) = (mesh.run("tests/e2e/pods/ailing.json"), mesh.run("pods/sleep.json"));
    let first = ailing.stable();
    first.wait_until("it is healthy", |tasks| tasks.is_healthy("app") == Some(true));
    assert!(first.inside("app").run(&["rm", "/mnt/mesos/sandbox/well"]).status.success());
    first.wait_until("all of it has ended", Tasks::have_ended);
    let ended = first.see(Tasks::states);
    assert_eq!(ended["app"], State::Failed("its health check failed".to_owned()));
    assert!(matches!(ended["istio-proxy"], State::Stopped(_)), "{ended:?}");

    ailing.instance_number(1);
    let pods = mesh.settle(&[&ailing, &sleep]);
    mesh.apply(Policy::MUTUAL, &pods);
    pods[1].inside("sleep").becomes("200", AILING);
    mesh.agent.becomes("000", &format!("http://{}:8000/well", pods[0].address));
}

crate::tests!(
    checks_of_each_kind_pass_where_a_plain_call_from_outside_is_refused,
    an_unhealthy_application_ends_the_pod_which_comes_back_with_its_sidecar,
);
