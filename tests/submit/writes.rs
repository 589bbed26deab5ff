//! Writes whose answer is lost, late or broken: each is done once, and what somebody else wrote
//! meanwhile stays.

use std::time::Duration;

use serde_json::{Value, json};

use crate::marathon::{Cluster, Fault, Leaderless, Marathon};
use crate::scratch::{Told, labels, pod, pod_with};
use crate::site::{Site, meanwhile};

/// `/a`, to be created.
fn new() -> Site {
    Site::with(&pod("/a"))
}

/// `/a` as `--no-inject` sends it, with this label.
fn labelled(tier: &str) -> String {
    pod_with("/a", labels(json!({"tier": tier})))
}

/// `/a`, which runs, and its file with another label.
fn changed() -> Site {
    let site = new();
    site.submit(&["--no-inject", "pod.json"]).done();
    site.file("pod.json", &labelled("ours"))
}

/// A submission as it is, in which calls take a second at most.
fn submitted(site: &Site, more: &[&str], act: impl FnOnce() + Send) -> Told {
    let fixed = ["--no-inject", "--call-timeout", "1s", "pod.json"];
    meanwhile(site.submit(&[&fixed[..], more].concat()), act)
}

/// Whether there were so many writes.
fn wrote(count: usize) -> impl Fn(&Cluster) -> bool {
    move |cluster| cluster.log().writes().len() >= count
}

/// How many deployments of `/a` came to their end.
fn deployments(site: &Site) -> usize {
    site.marathon.see(|cluster| cluster.log().ended().len())
}

/// What `/a` is labelled with.
fn tier(site: &Site) -> Value {
    site.marathon.pod("/a").unwrap()["labels"]["tier"].clone()
}

/// Expects a conflict that left everything as it was.
fn is_conflict(told: Told, what: &str) {
    assert_eq!(told.code, 3, "{}", told.err);
    assert!(told.out.contains("failed"), "{}", told.out);
    told.says(&format!("/a was {what} by somebody else meanwhile")).says("inject diff --live");
}

/// Gives `/a` a definition, as somebody else does.
fn put(marathon: &Marathon, text: &str) {
    marathon.put("/a", &serde_json::from_str(text).unwrap()).unwrap();
}

#[test]
fn a_creation_whose_answer_is_lost_is_found_and_not_repeated() {
    for fault in [Fault::AnswerLost, Fault::HalfBody, Fault::HalfJson] {
        let site = new();
        site.marathon.fault(1, "POST", "/v2/pods", fault);
        let told = site.submit(&["pod.json"]).done();
        assert!(told.out.contains("created  stable"), "{}", told.out);
        assert_eq!(site.writes(), ["POST /v2/pods"]);
        assert_eq!(deployments(&site), 1);
    }
}

#[test]
fn a_creation_that_was_lost_is_sent_again() {
    let page = Fault::Answer(200, "<html>Sign in</html>".to_owned());
    let trouble = Fault::Answer(503, String::new());
    for fault in [Fault::Reset, Fault::Lost, page, trouble] {
        let site = new();
        site.marathon.fault(1, "POST", "/v2/pods", fault);
        site.submit(&["pod.json"]).done().says("trying again: ");
        assert_eq!(site.writes(), ["POST /v2/pods", "POST /v2/pods"]);
        assert_eq!(deployments(&site), 1);
    }
}

#[test]
fn a_creation_that_is_turned_away_for_now_is_sent_again_without_a_look() {
    let site = new();
    site.marathon.fault(2, "POST", "/v2/pods", Fault::Answer(429, String::new()));
    site.submit(&["pod.json"]).done().says("trying again: ").says("Too Many Requests (429)");
    assert_eq!(site.writes(), ["POST /v2/pods"; 3]);
    assert_eq!(site.asked("GET", "/v2/pods/a"), 1, "only before the first write");
}

#[test]
fn a_creation_that_stays_turned_away_ends_with_patience() {
    let site = new();
    site.marathon.fault(usize::MAX, "POST", "/v2/pods", Fault::Answer(429, String::new()));
    let told = site.submit(&["--patience", "500ms", "pod.json"]).ends(4);
    told.says("/v2/pods: Too Many Requests (429)");
    assert!(!site.marathon.has("/a"));
}

#[test]
fn a_creation_that_took_a_server_too_long_to_hear_is_looked_for_before_it_is_sent_again() {
    let site = new();
    site.marathon.fault(1, "POST", "/v2/pods", Fault::Answer(408, String::new()));
    site.submit(&["pod.json"]).done().says("trying again: ").says("Request Timeout (408)");
    assert_eq!(site.writes(), ["POST /v2/pods"; 2]);
    assert_eq!(site.asked("GET", "/v2/pods/a"), 2, "before each write");
}

#[test]
fn an_update_whose_answer_is_lost_is_found_and_deployed_once() {
    for fault in [Fault::AnswerLost, Fault::HalfBody, Fault::HalfJson] {
        let site = changed();
        site.marathon.fault(1, "PUT", "/v2/pods/a", fault);
        let told = submitted(&site, &[], || ());
        assert_eq!(told.code, 0, "{}", told.err);
        assert!(told.out.contains("updated  stable"), "{}", told.out);
        assert_eq!(site.writes(), ["POST /v2/pods", "PUT /v2/pods/a"]);
        assert_eq!(deployments(&site), 2);
    }
}

#[test]
fn an_update_that_was_lost_is_sent_again_and_deployed_once() {
    let site = changed();
    site.marathon.fault(1, "PUT", "/v2/pods/a", Fault::Lost);
    let told = submitted(&site, &[], || ());
    assert_eq!(told.code, 0, "{}", told.err);
    assert_eq!(site.writes(), ["POST /v2/pods", "PUT /v2/pods/a", "PUT /v2/pods/a"]);
    assert_eq!((tier(&site), deployments(&site)), (json!("ours"), 2));
}

#[test]
fn a_write_that_takes_too_long_is_looked_for() {
    let site = new();
    site.marathon.fault(1, "POST", "/v2/pods", Fault::Hang);
    let told = submitted(&site, &[], || ());
    assert_eq!(told.code, 0, "{}", told.err);
    assert_eq!(site.writes(), ["POST /v2/pods", "POST /v2/pods"]);
    told.says("no answer within 1s");
}

#[test]
fn a_creation_that_has_its_effect_late_is_no_conflict() {
    let site = new();
    site.marathon.fault(1, "POST", "/v2/pods", Fault::Lost);
    site.marathon.fault(1, "POST", "/v2/pods", Fault::Late(Duration::from_millis(800)));
    let told = submitted(&site, &[], || {
        site.marathon.wait_until(wrote(2));
        put(&site.marathon, &site.marathon.writes()[0].body);
    });
    assert_eq!(told.code, 0, "{}", told.err);
    assert!(told.out.contains("created  stable"), "{}", told.out);
    assert_eq!(deployments(&site), 1);
}

#[test]
fn an_update_that_has_its_effect_late_is_not_broken_into_by_its_own_repetition() {
    let slow = Marathon::builder().tick(Duration::from_millis(100)).start();
    let site = Site::at(slow).file("pod.json", &pod("/a"));
    site.submit(&["--no-inject", "pod.json"]).done();
    let site = site.file("pod.json", &labelled("ours"));
    site.marathon.fault(1, "PUT", "/v2/pods/a", Fault::Lost);
    site.marathon.fault(1, "PUT", "/v2/pods/a", Fault::Late(Duration::from_millis(300)));
    let told = submitted(&site, &["--force"], || {
        site.marathon.wait_until(wrote(3));
        put(&site.marathon, &site.marathon.writes()[1].body);
    });
    assert_eq!(told.code, 0, "{}", told.err);
    let forced = "PUT /v2/pods/a?force=true";
    assert_eq!(site.writes(), ["POST /v2/pods", forced, "PUT /v2/pods/a"]);
    assert_eq!(deployments(&site), 2);
}

#[test]
fn force_is_used_again_only_against_somebody_elses_deployment() {
    let site = changed();
    site.marathon.fault(1, "PUT", "/v2/pods/a", Fault::Hang);
    let told = submitted(&site, &["--force"], || {
        site.marathon.wait_until(wrote(2));
        site.marathon.lock("/a");
    });
    assert_eq!(told.code, 0, "{}", told.err);
    let forced = "PUT /v2/pods/a?force=true";
    assert_eq!(site.writes()[1..], [forced, "PUT /v2/pods/a", forced]);
}

/// Somebody creates the pod while our own creation has this fault: his stays, and is told.
fn theirs_stays_where_creating_meets(fault: Fault) {
    let site = Site::new().file("pod.json", &labelled("ours"));
    site.marathon.fault(1, "POST", "/v2/pods", fault);
    let told = submitted(&site, &[], || {
        site.marathon.wait_until(wrote(1));
        put(&site.marathon, &labelled("theirs"));
    });
    is_conflict(told, "created");
    assert_eq!((tier(&site), site.writes().len()), (json!("theirs"), 1));
}

#[test]
fn what_somebody_else_created_while_an_answer_was_lost_stays() {
    theirs_stays_where_creating_meets(Fault::Hang);
}

#[test]
fn what_somebody_else_changed_while_an_answer_was_lost_stays() {
    let site = changed();
    site.marathon.fault(1, "PUT", "/v2/pods/a", Fault::Hang);
    let told = submitted(&site, &["--force"], || {
        site.marathon.wait_until(wrote(2));
        put(&site.marathon, &labelled("theirs"));
    });
    is_conflict(told, "changed");
    assert_eq!((tier(&site), site.writes().len()), (json!("theirs"), 2));
}

#[test]
fn what_somebody_else_removed_while_an_answer_was_lost_is_not_brought_back() {
    let site = changed();
    site.marathon.fault(1, "PUT", "/v2/pods/a", Fault::Hang);
    let told = submitted(&site, &[], || {
        site.marathon.wait_until(wrote(2));
        site.marathon.delete("/a").unwrap();
    });
    is_conflict(told, "removed");
    site.marathon.wait_until(|cluster| !cluster.has("/a"));
    assert_eq!(site.writes().len(), 2);
}

#[test]
fn what_somebody_else_changed_while_the_pod_was_locked_stays() {
    let site = changed();
    site.marathon.lock("/a");
    let told = submitted(&site, &[], || {
        site.marathon.wait_until(wrote(2));
        put(&site.marathon, &labelled("theirs"));
    });
    is_conflict(told, "changed");
    assert_eq!(tier(&site), "theirs");
}

#[test]
fn what_somebody_else_brought_about_while_the_pod_was_locked_is_not_done_again() {
    let site = changed();
    site.marathon.lock("/a");
    let told = submitted(&site, &[], || {
        site.marathon.wait_until(wrote(2));
        put(&site.marathon, &labelled("ours"));
    });
    assert_eq!(told.code, 0, "{}", told.err);
    assert_eq!(site.writes(), ["POST /v2/pods", "PUT /v2/pods/a"]);
}

#[test]
fn a_pod_that_somebody_creates_first_is_a_conflict() {
    theirs_stays_where_creating_meets(Fault::Late(Duration::from_millis(500)));
}

#[test]
fn a_write_of_which_nothing_can_be_learnt_is_told_as_open() {
    let site = new();
    site.marathon.fault(1, "POST", "/v2/pods", Fault::Hang);
    let told = submitted(&site, &["--patience", "1500ms"], || {
        site.marathon.wait_until(wrote(1));
        site.marathon.depose(Leaderless::BadGateway);
    });
    assert_eq!(told.code, 4, "{}", told.err);
    assert!(told.out.contains("unknown  failed"), "{}", told.out);
    told.says("error: whether Marathon took /a is not known: ").says("the same command again");
}

#[test]
fn the_same_command_again_finds_what_the_first_one_did() {
    let site = new();
    site.marathon.fault(1, "POST", "/v2/pods", Fault::AnswerLost);
    site.marathon.fault(usize::MAX, "GET", "/v2/deployments", Fault::Answer(503, String::new()));
    site.submit(&["--patience", "600ms", "pod.json"]).ends(4);
    site.marathon.clear_faults();
    let told = site.submit(&["pod.json"]).done();
    assert!(told.out.contains("unchanged  stable"), "{}", told.out);
    assert_eq!(site.writes(), ["POST /v2/pods"]);
}

#[test]
fn a_body_has_its_length_also_on_its_way_through_a_standby() {
    let site = Site::at(Marathon::builder().nodes(2).start()).file("pod.json", &pod("/a"));
    let standby = site.marathon.url_of(1);
    site.submit_to(&standby, &["--no-inject", "pod.json"]).done();
    let site = site.file("pod.json", &labelled("ours"));
    site.submit_to(&standby, &["--no-inject", "pod.json"]).done();
    let writes = site.marathon.writes();
    assert_eq!(writes.iter().map(|it| it.method.as_str()).collect::<Vec<_>>(), ["POST", "PUT"]);
    for write in writes {
        assert_eq!(write.content_length, Some(write.body.len() as u64));
        assert!(!write.is_chunked && write.node == 1);
    }
}
