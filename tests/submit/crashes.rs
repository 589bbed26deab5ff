//! Crash loops, which never fail a deployment: when enough is enough, and what is told of them.

use std::time::Duration;

use crate::marathon::{Marathon, Trouble};
use crate::scratch::{Told, pod};
use crate::site::{Site, scaled};

/// What is told of `/a` when all its instances meet that trouble.
fn trouble(trouble: Trouble) -> Told {
    let site = Site::with(&pod("/a"));
    site.marathon.script("/a", trouble);
    let told = site.submit(&["pod.json"]).ends(3);
    assert!(told.out.contains("created  failed"), "{}", told.out);
    told.says(" instances failed, one after the other\n").says("the last one was a.instance-")
}

#[test]
fn a_crashing_application_is_told_with_its_exit_status() {
    let told = trouble(Trouble::exits("app", 137).saying("Command terminated with signal Killed"));
    told.says(
        "container app: TASK_FAILED, exit status 137: Command terminated with signal Killed\n",
    );
}

#[test]
fn nothing_is_guessed_of_an_application() {
    let told = trouble(Trouble::exits("app", 1));
    assert!(!told.err.contains("probably"), "{}", told.err);
}

#[test]
fn what_was_killed_because_another_one_failed_comes_after_it_and_is_not_blamed() {
    let told = trouble(Trouble::exits("app", 1));
    let killed = "TASK_KILLED, exit status 143: Container was killed: task group failed";
    told.says(&format!(
        "  container app: TASK_FAILED, exit status 1: Command exited with status 1\n  \
         container istio-init: {killed}\n  container istio-proxy: {killed}\n"
    ));
    let told = trouble(Trouble::exits("istio-proxy", 255));
    assert_eq!(told.err.matches("probably").count(), 1, "{}", told.err);
}

#[test]
fn a_crashing_istio_init_is_told_with_what_it_lacks() {
    trouble(Trouble::exits("istio-init", 1))
        .says("container istio-init: TASK_FAILED, exit status 1: Command exited with status 1\n")
        .says("probably the certificate bundle lacks a file or has a broken one");
}

#[test]
fn a_crashing_istio_proxy_is_told_with_what_it_lacks() {
    trouble(Trouble::exits("istio-proxy", 255))
        .says("container istio-proxy: TASK_FAILED, exit status 255")
        .says("probably no certificates came in time");
}

#[test]
fn certificates_that_cannot_be_fetched_are_told() {
    trouble(Trouble::fetch("istio-init"))
        .says("Failed to fetch all URIs for container 'istio-init': exit status 1\n")
        .says("probably the certificate bundle was not fetched: is it at the setting `bundle-uri`");
}

#[test]
fn an_image_that_cannot_be_pulled_is_told() {
    let reason = "Unexpected HTTP response '404 Not Found' when trying to get the manifest";
    trouble(Trouble::image_pull("istio-proxy", reason))
        .says(reason)
        .says("probably the image could not be pulled");
}

#[test]
fn a_crash_loop_ends_long_before_the_time() {
    let site = Site::with(&pod("/a"));
    site.marathon.script("/a", Trouble::exits("app", 1));
    // A run that took so long would be killed.
    let told = site.submit(&["--timeout", "1h", "pod.json"]).ends(3);
    told.says(" instances failed, one after the other\n");
}

#[test]
fn more_failures_may_be_borne() {
    let site = Site::with(&pod("/a"));
    site.marathon.script("/a", Trouble::exits("app", 1).times(4));
    site.submit(&["--max-failures", "6", "pod.json"]).done();
    assert_eq!(site.marathon.see(|cluster| cluster.failures("/a")), 4);
}

#[test]
fn one_failure_may_be_too_much() {
    let site = Site::at(Marathon::builder().tick(Duration::from_millis(100)).start());
    let site = site.file("pod.json", &pod("/a"));
    site.marathon.script("/a", Trouble::exits("app", 1).times(1));
    let told = site.submit(&["--max-failures", "1", "pod.json"]).ends(3);
    told.says("error: /a: an instance failed\n");
}

#[test]
fn more_instances_may_fail_more_often() {
    let site = Site::with(&scaled("/a", 3));
    site.marathon.script("/a", Trouble::exits("app", 1).times(4));
    site.submit(&["pod.json"]).done();
    assert_eq!(site.marathon.see(|cluster| cluster.failures("/a")), 4);
}
