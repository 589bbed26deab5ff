//! From a write to the word STABLE: when a submission is a success, and when it is none.

use std::time::Duration;

use crate::client::Client;
use crate::marathon::{Cluster, Fault, Marathon, Trouble};
use crate::scratch::pod;
use crate::site::{Site, is_followed, meanwhile, scaled};

/// `/a`, which never gets beyond staging.
fn staging() -> Site {
    let site = Site::with(&pod("/a"));
    site.marathon.script("/a", Trouble::stays_staging("app"));
    site
}

#[test]
fn the_end_is_when_istio_init_has_finished_and_not_before() {
    let site = Site::at(Marathon::builder().tick(Duration::from_millis(200)).start());
    let site = site.file("pod.json", &pod("/a"));
    let told = site.submit(&["--settle", "0s", "pod.json"]).done();
    told.says("1 of 1 stable: app running, istio-init running, istio-proxy running\n")
        .says("1 of 1 stable: app running, istio-init finished, istio-proxy running\n");
    let status = site.marathon.see(|cluster| cluster.status_document("/a")).unwrap();
    assert_eq!(status["instances"][0]["containers"][1]["status"], "TASK_FINISHED");
}

/// Whether somebody who follows `/a` has looked at the deployments since that many requests: how the
/// pod is, he looks at next.
fn is_seen_since(cluster: &Cluster, requests: usize) -> bool {
    let mut since = cluster.log().requests()[requests..].iter();
    since.any(|it| it.target == "/v2/deployments")
        && since.any(|it| it.target.ends_with("/a::status"))
}

#[test]
fn it_is_told_at_which_step_the_deployment_is_until_it_is_over() {
    let site = Site::at(Marathon::builder().by_hand().start());
    let site = site.file("pod.json", &pod("/a"));
    let marathon = &site.marathon;
    let told = meanwhile(site.submit(&["pod.json"]), || {
        marathon.wait_until(|cluster| is_seen_since(cluster, 0));
        marathon.tick(1);
        let requests = marathon.requests().len();
        marathon.wait_until(|cluster| is_seen_since(cluster, requests));
        marathon.tick(20);
        assert!(marathon.see(Cluster::is_settled));
    });
    assert_eq!(told.code, 0, "{}", told.err);
    let told = told.says("; step 1 of 2\n").says("; step 2 of 2\n");
    let last = told.err.lines().rfind(|line| line.contains(" stable: ")).unwrap();
    assert!(!last.contains("step"), "{last}");
}

#[test]
fn all_instances_are_waited_for() {
    let site = Site::with(&scaled("/a", 3));
    site.submit(&["pod.json"]).done().says("/a 3 of 3 stable");
    assert_eq!(site.marathon.see(|cluster| cluster.stable("/a")), 3);
}

#[test]
fn a_pod_without_instances_is_stable() {
    let site = Site::with(&scaled("/a", 0));
    let told = site.submit(&["pod.json"]).done().says("/a 0 of 0 stable");
    assert!(told.out.contains("created  stable"), "{}", told.out);
}

#[test]
fn a_pod_is_scaled_up_and_down() {
    let mut site = Site::new();
    for instances in [1, 3, 2, 0] {
        site = site.file("pod.json", &scaled("/a", instances));
        site.submit(&["pod.json"]).done();
        assert_eq!(site.marathon.instances("/a").len(), instances);
    }
}

#[test]
fn a_pod_that_was_scaled_before_is_stable_as_it_is() {
    let site = Site::with(&scaled("/a", 1));
    site.submit(&["pod.json"]).done();
    let site = site.file("pod.json", &scaled("/a", 2));
    site.submit(&["pod.json"]).done();
    let told = site.submit(&["pod.json"]).done();
    assert!(told.out.contains("unchanged  stable"), "{}", told.out);
}

#[test]
fn a_deployment_that_is_not_over_is_waited_for_even_where_all_is_stable() {
    let site = Site::with(&pod("/a"));
    site.submit(&["pod.json"]).done();
    site.marathon.lock("/a");
    let told = site.submit(&["--timeout", "500ms", "pod.json"]).ends(3);
    told.says("the time is over: 1 of 1 stable");
}

#[test]
fn what_is_stable_for_a_moment_only_is_no_success() {
    let crashing = || {
        let site = Site::with(&pod("/a"));
        site.marathon.script("/a", Trouble::exits("app", 1).after(15));
        site
    };
    crashing().submit(&["--settle", "2s", "pod.json"]).ends(3).says("instances failed");
    // It is the settling that tells.
    crashing().submit(&["--settle", "0s", "pod.json"]).done();
}

#[test]
fn an_instance_that_failed_is_forgiven_once_the_next_ones_are_stable() {
    let site = Site::with(&pod("/a"));
    site.marathon.script("/a", Trouble::exits("app", 1).times(2));
    site.submit(&["pod.json"]).done();
    assert_eq!(site.marathon.see(|cluster| cluster.failures("/a")), 2);
}

#[test]
fn old_instances_that_are_still_stable_are_no_success() {
    let site = Site::with_update();
    site.marathon.script("/a", Trouble::stays_staging("app"));
    let told = site.submit(&["--timeout", "1s", "pod.json"]).ends(3).says("the time is over");
    assert!(told.out.contains("updated  failed"), "{}", told.out);
    assert_eq!(site.marathon.see(|cluster| cluster.stable("/a")), 1, "the old one");
}

#[test]
fn an_instance_that_never_gets_up_ends_with_the_time() {
    let site = staging();
    let told = site.submit(&["--timeout", "500ms", "pod.json"]).ends(3);
    told.says("error: /a: the time is over: 0 of 1 stable: app staging")
        .says("Marathon goes on trying");
}

#[test]
fn an_unhealthy_container_ends_with_the_time() {
    let site = Site::with(&pod("/a"));
    site.marathon.script("/a", Trouble::unhealthy("app"));
    site.submit(&["--timeout", "1s", "pod.json"]).ends(3).says("the time is over: 0 of 1 stable");
}

#[test]
fn a_pod_that_somebody_removes_meanwhile_is_a_failure() {
    let site = staging();
    let told = meanwhile(site.submit(&["pod.json"]), || {
        site.marathon.wait_until(is_followed);
        site.marathon.delete("/a").unwrap();
    });
    assert_eq!(told.code, 3, "{}", told.err);
    told.says("/a: somebody removed the pod meanwhile").says("agree with the others");
}

#[test]
fn a_pod_that_somebody_redefines_meanwhile_is_a_failure() {
    let site = staging();
    let other = serde_json::from_str(&scaled("/a", 2)).unwrap();
    let told = meanwhile(site.submit(&["pod.json"]), || {
        site.marathon.wait_until(is_followed);
        site.marathon.put("/a", &other).unwrap();
    });
    assert_eq!(told.code, 3, "{}", told.err);
    told.says("/a: somebody gave the pod another definition meanwhile");
}

#[test]
fn a_deployment_that_somebody_rolls_back_is_a_failure() {
    let site = Site::with_update();
    site.marathon.script("/a", Trouble::stays_staging("app"));
    let told = meanwhile(site.submit(&["pod.json"]), || {
        site.marathon.wait_until(|cluster| !cluster.is_settled());
        let id = site.marathon.see(|cluster| cluster.deployments()[0].id.clone());
        let answer = Client::of(&site.marathon).delete(&format!("/v2/deployments/{id}"));
        assert_eq!(answer.status, 200);
    });
    assert_eq!(told.code, 3, "{}", told.err);
    told.says("/a: somebody");
}

#[test]
fn a_deployment_that_somebody_cancels_is_no_success() {
    let site = staging();
    let told = meanwhile(site.submit(&["--timeout", "1s", "pod.json"]), || {
        site.marathon.wait_until(is_followed);
        site.marathon.cancel_deployments();
    });
    assert_eq!(told.code, 3, "{}", told.err);
    told.says("/a: the time is over: 0 of 1 stable");
}

#[test]
fn old_instances_that_a_cancelled_update_left_are_no_success() {
    let site = Site::with_update();
    site.marathon.script("/a", Trouble::stays_staging("app"));
    let updating = |cluster: &Cluster| cluster.instances("/a").len() == 2;
    let told = meanwhile(site.submit(&["--timeout", "1s", "pod.json"]), || {
        site.marathon.wait_until(updating);
        site.marathon.cancel_deployments();
    });
    assert_eq!(told.code, 3, "{}", told.err);
    assert_eq!(site.marathon.see(|cluster| cluster.status("/a")), Some("STABLE"));
}

#[test]
fn what_is_not_followed_is_not_called_stable() {
    let site = staging();
    let told = site.submit(&["--no-wait", "pod.json"]).done();
    assert!(told.out.contains("created  not followed"), "{}", told.out);
    assert!(!told.out.contains("stable"), "{}", told.out);
    assert_eq!(site.asked("GET", "::status") + site.asked("GET", "/v2/events"), 0);
    assert!(site.marathon.has("/a"));
}

#[test]
fn without_the_stream_of_events_polling_is_enough() {
    let site = Site::with(&pod("/a"));
    site.marathon.fault(100, "GET", "/v2/events", Fault::Answer(404, String::new()));
    site.submit(&["pod.json"]).done();
    assert_eq!(site.marathon.see(|cluster| cluster.status("/a")), Some("STABLE"));
}

#[test]
fn with_the_stream_of_events_there_is_less_polling() {
    let looks = |site: Site| {
        site.submit(&["--poll", "50ms", "--timeout", "1s", "pod.json"]).ends(3);
        site.asked("GET", "::status")
    };
    let deaf = staging();
    deaf.marathon.fault(100, "GET", "/v2/events", Fault::Answer(404, String::new()));
    let (with, without) = (looks(staging()), looks(deaf));
    assert!(with < without, "{with} with events, {without} without");
}

#[test]
fn an_event_is_news_at_once() {
    let site = Site::with(&pod("/a"));
    // Without events the time would be over before the second look.
    site.submit(&["--poll", "10m", "--settle", "0s", "pod.json"]).done();
}
