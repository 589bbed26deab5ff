//! `--rollback-on-failure`: what was before is back, and nobody else's change is undone.

use crate::marathon::{Cluster, Trouble};
use crate::scratch::pod;
use crate::site::{Site, meanwhile, scaled};

/// Whether the pod that ran before `update` runs again.
fn is_back(site: &Site) -> bool {
    let spec = site.marathon.pod("/a").unwrap();
    spec["labels"].get("tier").is_none()
        && site.marathon.see(|cluster| cluster.is_settled() && cluster.stable("/a") == 1)
}

#[test]
fn a_created_pod_that_fails_is_gone_again() {
    let site = Site::with(&pod("/a"));
    site.marathon.script("/a", Trouble::exits("app", 1));
    let told = site.submit(&["--rollback-on-failure", "pod.json"]).ends(3);
    told.says("instances failed, one after the other").says("what was before is back");
    assert!(!site.marathon.has("/a"));
}

#[test]
fn an_update_that_fails_under_way_is_rolled_back_by_marathon() {
    let site = Site::with_update();
    site.marathon.script("/a", Trouble::stays_staging("app").times(1));
    let arguments = ["--timeout", "1s", "--rollback-on-failure", "pod.json"];
    site.submit(&arguments).ends(3).says("what was before is back");
    assert!(is_back(&site));
    let writes = site.writes();
    assert_eq!(writes[..2], ["POST /v2/pods", "PUT /v2/pods/a"]);
    assert!(writes[2].starts_with("DELETE /v2/deployments/") && writes.len() == 3, "{writes:?}");
}

#[test]
fn an_update_that_fails_once_deployed_gets_its_old_definition() {
    let site = Site::with_update();
    site.marathon.script("/a", Trouble::exits("app", 1).after(20).times(1));
    let arguments = ["--settle", "5s", "--max-failures", "1", "--rollback-on-failure", "pod.json"];
    site.submit(&arguments).ends(3).says("what was before is back");
    assert!(is_back(&site));
    let last = site.writes().pop().unwrap();
    assert_eq!(last, "PUT /v2/pods/a?force=true");
}

#[test]
fn a_pod_that_runs_out_of_time_is_taken_back_too() {
    let site = Site::with(&pod("/a"));
    site.marathon.script("/a", Trouble::stays_staging("app"));
    let arguments = ["--timeout", "500ms", "--rollback-on-failure", "pod.json"];
    site.submit(&arguments).ends(3).says("the time is over").says("what was before is back");
    assert!(!site.marathon.has("/a"));
}

#[test]
fn what_somebody_else_changed_is_left_to_them() {
    let site = Site::with_update();
    site.marathon.script("/a", Trouble::stays_staging("app"));
    let other = serde_json::from_str(&scaled("/a", 2)).unwrap();
    let updated = |cluster: &Cluster| cluster.spec("/a").unwrap()["labels"]["tier"] == "2";
    let told = meanwhile(site.submit(&["--rollback-on-failure", "pod.json"]), || {
        site.marathon.wait_until(updated);
        site.marathon.put("/a", &other).unwrap();
    });
    assert_eq!(told.code, 3, "{}", told.err);
    told.says("what was before is not back: /a was changed by somebody else meanwhile");
    assert_eq!(site.marathon.pod("/a").unwrap()["scaling"]["instances"], 2);
    assert_eq!(site.writes(), ["POST /v2/pods", "PUT /v2/pods/a"]);
}

#[test]
fn what_marathon_refuses_needs_no_rollback() {
    let site = Site::with_update();
    site.marathon.app("/a");
    site.submit(&["--rollback-on-failure", "pod.json"]).ends(3);
    assert_eq!(site.writes(), ["POST /v2/pods", "PUT /v2/pods/a"]);
}

#[test]
fn only_the_pod_that_failed_is_taken_back() {
    let site = Site::new().file("a.json", &pod("/a")).file("b.json", &pod("/b"));
    site.marathon.script("/a", Trouble::exits("app", 1));
    site.submit(&["--rollback-on-failure", "a.json", "b.json"]).ends(3);
    assert!(!site.marathon.has("/a"));
    assert_eq!(site.marathon.see(|cluster| cluster.status("/b")), Some("STABLE"));
}

#[test]
fn without_being_asked_nothing_is_taken_back() {
    let site = Site::with_update();
    site.marathon.script("/a", Trouble::exits("app", 1));
    let told = site.submit(&["pod.json"]).ends(3);
    assert!(!told.err.contains("what was before"), "{}", told.err);
    assert_eq!(site.writes(), ["POST /v2/pods", "PUT /v2/pods/a"]);
    assert_eq!(site.marathon.pod("/a").unwrap()["labels"]["tier"], "2");
}
