//! Taking back what failed, where Marathon's answers to that are lost.

use serde_json::json;

use crate::marathon::{Fault, Trouble};
use crate::scratch::{labels, pod, pod_with};
use crate::site::Site;

const ROLLBACK: [&str; 4] = ["--rollback-on-failure", "--call-timeout", "500ms", "pod.json"];

/// What befalls an answer: it is lost after the work was done, or the request before.
const LOST: [Fault; 5] =
    [Fault::AnswerLost, Fault::HalfBody, Fault::Lost, Fault::Reset, Fault::Hang];

#[test]
fn a_created_pod_is_gone_again_though_an_answer_was_lost() {
    for fault in LOST {
        let site = Site::with(&pod("/a"));
        site.marathon.script("/a", Trouble::exits("app", 1));
        site.marathon.fault(1, "DELETE", "/v2/", fault.clone());
        site.submit(&ROLLBACK).ends(3).says("what was before is back");
        assert!(!site.marathon.has("/a"), "{fault:?}");
    }
}

#[test]
fn an_old_definition_is_back_though_an_answer_was_lost() {
    for fault in LOST {
        let site = Site::with(&pod("/a"));
        site.submit(&["pod.json"]).done();
        let site = site.file("pod.json", &pod_with("/a", labels(json!({"tier": "2"}))));
        site.marathon.script("/a", Trouble::exits("app", 1).times(3));
        site.marathon.fault(1, "DELETE", "/v2/deployments", fault.clone());
        site.submit(&ROLLBACK).ends(3).says("what was before is back");
        let running = site.marathon.pod("/a").unwrap();
        assert_eq!(running["labels"].get("tier"), None, "{fault:?}");
        assert!(site.marathon.see(|cluster| cluster.is_settled()), "{fault:?}");
    }
}

#[test]
fn a_way_back_that_stays_closed_is_told() {
    let site = Site::with(&pod("/a"));
    site.marathon.script("/a", Trouble::exits("app", 1));
    site.marathon.fault(usize::MAX, "DELETE", "/v2/", Fault::Answer(503, String::new()));
    let told = site.submit(&[&ROLLBACK[..], &["--patience", "500ms"]].concat()).ends(3);
    told.says("what was before is not back: ").says("Service Unavailable");
}
