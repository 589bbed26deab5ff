//! How a pod stays: by the certificate that it has, as long as its task lives.

use marathon_inject::citadel::attest::{Applicant, Attested, Method, Policy};
use marathon_inject::identity::{Task, TrustDomain};
use serde_json::json;

use crate::marathon::Fault;
use crate::site::{CART, POD, Site, forbidden, identity, now};

#[test]
fn a_certificate_is_renewed_for_the_same_identity_and_task_with_any_key() {
    let site = Site::new();
    let attested =
        Attested { identity: identity(CART), task: Some(site.task()), method: Method::Certificate };
    for _ in 0..3 {
        assert_eq!(site.enrol(&site.renewing()), Ok(attested.clone()));
    }
}

#[test]
fn a_certificate_is_renewed_long_after_the_enrolment_window_and_from_any_address() {
    let site = Site::new();
    let elsewhere = Applicant { address: "9.9.9.9".parse().unwrap(), ..site.renewing() };
    assert!(site.attest_at(&elsewhere, now() + time::Duration::days(30)).is_ok());
}

#[test]
fn a_task_is_enrolled_once_though_its_certificate_was_renewed() {
    let site = Site::new();
    assert!(site.enrol(&site.applicant()).is_ok());
    assert!(site.enrol(&site.renewing()).is_ok());
    forbidden(site.enrol(&site.applicant()), "enrolled before");
}

#[test]
fn whoever_has_a_certificate_is_asked_for_no_token() {
    let site = Site::new();
    let both = Applicant { certificate: site.renewing().certificate, ..site.applicant() };
    let attested = site.enrol(&both).unwrap();
    assert_eq!(attested.method, Method::Certificate);
}

#[test]
fn the_certificate_of_a_task_that_has_ended_is_not_renewed() {
    let site = Site::new();
    let renewing = site.renewing();
    site.marathon.crash(POD, "istio-agent", 1, "it failed");
    forbidden(site.attest(&renewing), "has ended");
}

#[test]
fn the_certificate_of_a_task_that_is_gone_is_not_renewed() {
    let site = Site::new();
    let renewing = site.renewing();
    site.marathon.crash(POD, "istio-agent", 1, "it failed");
    site.marathon.tick(20);
    forbidden(site.attest(&renewing), "no task");
}

#[test]
fn the_certificate_of_a_pod_that_was_deleted_is_not_renewed() {
    let site = Site::new();
    let renewing = site.renewing();
    site.marathon.delete(POD).unwrap();
    site.marathon.tick(20);
    forbidden(site.attest(&renewing), "no task");
}

#[test]
fn certificates_are_renewed_while_marathon_does_not_answer() {
    let site = Site::new();
    let renewing = site.renewing();
    for fault in [Fault::Reset, Fault::Answer(500, String::new()), Fault::Answer(401, "{}".into())]
    {
        let site = Site::new();
        site.marathon.fault(usize::MAX, "GET", "/v2/pods", fault);
        assert!(site.attest(&renewing).is_ok());
    }
}

#[test]
fn the_certificate_of_a_task_whose_agent_is_out_of_reach_is_renewed() {
    let site = Site::new();
    let renewing = site.renewing();
    let mut status = site.marathon.see(|cluster| cluster.status_document(POD)).unwrap();
    status["instances"][0]["containers"][1]["status"] = json!("TASK_UNREACHABLE");
    site.marathon.fault(1, "GET", "/v2/pods", Fault::Answer(200, status.to_string()));
    assert!(site.attest(&renewing).is_ok());
}

#[test]
fn the_certificate_of_a_bundle_is_renewed_only_where_the_policy_says_so() {
    let strict = Site::new();
    let bundle = strict.ca.certificate(CART, None);
    let renewing = Applicant { certificate: Some(bundle), ..strict.renewing() };
    forbidden(strict.attest(&renewing), "given to no task");
    let policy = Policy::parse("renew-bundles = true", &TrustDomain::default()).unwrap();
    let lenient = Site::with(|rules| rules.policy = policy);
    let attested = Attested { identity: identity(CART), task: None, method: Method::Certificate };
    assert_eq!(lenient.attest(&renewing), Ok(attested));
    assert_eq!(lenient.asked("/v2/pods"), 0);
}

#[test]
fn a_pod_with_a_bundle_and_a_token_joins_by_the_token() {
    let site = Site::new();
    let bundle = Some(site.ca.certificate("spiffe://cluster.local/ns/a/sa/b", None));
    let attested = site.enrol(&Applicant { certificate: bundle, ..site.applicant() }).unwrap();
    assert_eq!((attested.identity, attested.method), (identity(CART), Method::Token));
}

#[test]
fn a_certificate_names_its_task_whatever_the_request_says() {
    let site = Site::new();
    let other = Task::new(POD, "shop_cart.instance-1.istio-agent").unwrap();
    let stale = Some(site.ca.certificate(CART, Some(&other)));
    let lies = Applicant { certificate: stale, token: None, ..site.applicant() };
    forbidden(site.attest(&lies), "no task");
}

#[test]
fn the_serving_certificate_of_a_ca_is_no_workloads() {
    let site = Site::new();
    let names = ["istio-citadel".to_owned()];
    let serving = site.ca.signer().serving(&names, crate::site::HOUR, now()).unwrap();
    let policy = Policy::parse("renew-bundles = true", &TrustDomain::default()).unwrap();
    let lenient = Site::with(|rules| rules.policy = policy);
    let shown = Applicant { certificate: Some(serving.chain[0].clone()), ..site.renewing() };
    forbidden(lenient.attest(&shown), "for no workload");
}
