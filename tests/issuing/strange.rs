//! Whatever Marathon, or who passes for it, says of a pod: nobody joins by it who should not, and
//! nothing breaks.

use marathon_inject::citadel::attest::{Attested, Denied, SourceAddress};
use marathon_inject::identity::NONCE_LABEL;
use serde_json::{Value, json};

use crate::marathon::Fault;
use crate::site::{POD, Site, forbidden, undecided};

/// What comes of an enrolment where Marathon's answer is another.
fn told(change: impl FnOnce(&mut Value)) -> Result<Attested, Denied> {
    told_by(&Site::new(), change)
}

fn told_by(site: &Site, change: impl FnOnce(&mut Value)) -> Result<Attested, Denied> {
    let applicant = site.applicant();
    let mut status = site.marathon.see(|cluster| cluster.status_document(POD)).unwrap();
    change(&mut status);
    site.marathon.fault(1, "GET", "/v2/pods", Fault::Answer(200, status.to_string()));
    site.attest(&applicant)
}

#[test]
fn a_pod_whose_addresses_mesos_has_not_told_yet_is_to_come_again() {
    assert!(told(|_| {}).is_ok());
    undecided(told(|it| it["instances"][0]["networks"] = json!([])), "where the pod is");
    undecided(told(|it| it["instances"][0]["networks"] = Value::Null), "where the pod is");
    let none = json!([{"name": "dcos", "addresses": null}]);
    undecided(told(|it| it["instances"][0]["networks"] = none), "where the pod is");
}

#[test]
fn an_instance_that_is_being_taken_away_is_refused() {
    forbidden(told(|it| it["instances"][0]["status"] = "TERMINAL".into()), "has ended");
}

#[test]
fn only_a_task_that_runs_or_is_about_to_is_enrolled() {
    let state =
        |state: &str| told(|it| it["instances"][0]["containers"][1]["status"] = json!(state));
    for alive in ["TASK_STAGING", "TASK_STARTING", "TASK_RUNNING"] {
        assert!(state(alive).is_ok(), "{alive}");
    }
    for ended in ["TASK_FINISHED", "TASK_FAILED", "TASK_KILLED", "TASK_LOST", "TASK_GONE"] {
        forbidden(state(ended), "has ended");
    }
    for unclear in ["TASK_UNREACHABLE", "TASK_KILLING", "TASK_SPARKLING", ""] {
        undecided(state(unclear), "unclear");
    }
}

#[test]
fn a_task_without_a_known_beginning_is_not_enrolled() {
    undecided(
        told(|it| {
            it["instances"][0]["statusSince"] = "yesterday".into();
            it["instances"][0]["containers"][1]["statusSince"] = Value::Null;
        }),
        "when it began",
    );
}

#[test]
fn a_change_of_health_makes_no_task_young() {
    let old = "2020-01-01T00:00:00.000Z";
    forbidden(told(|it| it["instances"][0]["statusSince"] = old.into()), "window");
    forbidden(told(|it| it["instances"][0]["containers"][1]["statusSince"] = old.into()), "window");
}

#[test]
fn an_instance_of_no_known_definition_is_not_enrolled() {
    undecided(told(|it| it["instances"][0]["specReference"] = Value::Null), "which definition");
    let strange = "/v2/pods/shop/cart::versions/../../../v2/info?x";
    undecided(told(|it| it["instances"][0]["specReference"] = strange.into()), "no version");
    let gone = "/v2/pods/shop/cart::versions/2001-01-01T00:00:00.000Z";
    forbidden(told(|it| it["instances"][0]["specReference"] = gone.into()), "another submission");
}

#[test]
fn a_pod_without_a_nonce_is_not_enrolled() {
    forbidden(told(|it| it["spec"]["labels"] = json!({})), "another submission");
    forbidden(told(|it| it["spec"]["labels"] = Value::Null), "another submission");
    forbidden(told(|it| it["spec"]["labels"] = json!({NONCE_LABEL: 1})), "another submission");
}

#[test]
fn the_name_of_an_agent_that_cannot_be_resolved_decides_nothing() {
    let site = Site::with(|rules| rules.source = SourceAddress::Agent);
    let lost = told_by(&site, |it| {
        it["instances"][0]["networks"] = json!([]);
        it["instances"][0]["agentHostname"] = "agent.invalid".into();
    });
    undecided(lost, "agent.invalid");
}

#[test]
fn an_answer_that_is_none_of_marathons_decides_nothing() {
    for answer in ["", "[]", "{}", "null", "<html>", "{\"instances\": 1}", "{\"instances\": [[]]}"]
    {
        let site = Site::new();
        let renewing = site.renewing();
        site.marathon.fault(2, "GET", "/v2/pods", Fault::Answer(200, answer.to_owned()));
        undecided(site.attest(&site.applicant()), "");
        assert!(site.attest(&renewing).is_ok(), "{answer}");
    }
    let site = Site::new();
    site.marathon.fault(1, "GET", "/v2/pods", Fault::Answer(403, "{}".to_owned()));
    undecided(site.attest(&site.applicant()), "");
}

#[test]
fn a_pod_that_there_is_not_has_no_tasks() {
    let site = Site::new();
    let applicant = site.applicant();
    site.marathon.delete(POD).unwrap();
    site.marathon.tick(20);
    forbidden(site.attest(&applicant), "knows no task");
}
