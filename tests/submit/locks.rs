//! Pods that a deployment holds, and a Marathon that runs no more deployments: patience, or force.

use crate::marathon::{Cluster, Marathon};
use crate::scratch::{Told, pod};
use crate::site::{Site, meanwhile};

/// `/a`, which runs and is held by a deployment, its file in another version, and the deployment.
fn locked() -> (Site, String) {
    let site = Site::with_update();
    let deployment = site.marathon.lock("/a");
    (site, deployment)
}

/// Whether somebody whose update was refused has come again.
fn comes_again(cluster: &Cluster) -> bool {
    cluster.log().writes().iter().filter(|write| write.method == "PUT").count() > 1
}

/// A submission whose time is over while it waits for the lock. How long it takes until it waits,
/// nobody knows.
fn gives_up(site: &Site) -> Told {
    let wait = |timeout| site.submit(&["--poll", "10m", "--timeout", timeout, "pod.json"]).ends(3);
    let mut tries = ["500ms", "2s", "8s", "32s"].into_iter().map(wait);
    let waited = |told: &Told| told.err.contains("/a waiting for deployment");
    tries.find(waited).expect("it comes to the lock in time")
}

#[test]
fn a_lock_is_waited_for() {
    let (site, deployment) = locked();
    let told = meanwhile(site.submit(&["pod.json"]), || {
        site.marathon.wait_until(comes_again);
        site.marathon.unlock("/a");
    });
    assert_eq!(told.code, 0, "{}", told.err);
    assert!(told.out.contains("updated  stable"), "{}", told.out);
    told.says(&format!("/a waiting for deployment {deployment}, which holds the pod"));
    assert_eq!(site.marathon.pod("/a").unwrap()["labels"]["tier"], "2");
}

#[test]
fn force_breaks_in() {
    let (site, deployment) = locked();
    site.submit(&["--force", "pod.json"]).done();
    assert_eq!(site.writes().pop().unwrap(), "PUT /v2/pods/a?force=true");
    assert!(
        site.marathon.see(|cluster| cluster.deployments().iter().all(|it| it.id != deployment))
    );
}

#[test]
fn nothing_is_forced_unasked() {
    let (site, deployment) = locked();
    gives_up(&site);
    assert!(site.writes().iter().all(|write| !write.contains("force")), "{:?}", site.writes());
    assert_eq!(site.marathon.see(|cluster| cluster.deployments()[0].id.clone()), deployment);
}

#[test]
fn a_lock_that_does_not_end_is_told_with_its_deployment() {
    let (site, deployment) = locked();
    let told = gives_up(&site);
    assert!(told.out.contains("/a   none    failed"), "{}", told.out);
    told.says(&format!("error: /a: the time is over: waiting for deployment {deployment}"))
        .says("--force breaks into it");
}

#[test]
fn a_marathon_with_too_many_deployments_is_waited_for() {
    let site = Site::at(Marathon::builder().max_running_deployments(1).start());
    let site = site.file("a.json", &pod("/a")).file("b.json", &pod("/b"));
    let told = site.submit(&["--concurrency", "2", "a.json", "b.json"]).done();
    told.says("waiting: POST /v2/pods: Max number (1) of running deployments is achieved");
    let both = |cluster: &Cluster| cluster.stable("/a") + cluster.stable("/b") == 2;
    assert!(site.marathon.see(both));
}
