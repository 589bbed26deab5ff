//! How a pod joins: by its token, and by what Marathon says of its task.

use marathon_inject::citadel::attest::{
    Applicant, Attested, Denied, Method, Naming, Policy, SourceAddress,
};
use marathon_inject::identity::{JoinKey, JoinToken, Nonce, TrustDomain};
use time::Duration;

use crate::marathon::Fault;
use crate::site::{
    ADDRESS, CART, POD, Site, WINDOW, applicant, forbidden, identity, now, pod, unauthenticated,
    undecided,
};

fn by(site: &Site, change: impl FnOnce(&mut Applicant)) -> Result<Attested, Denied> {
    let mut applicant = site.applicant();
    change(&mut applicant);
    site.enrol(&applicant)
}

#[test]
fn a_live_task_with_the_token_of_its_pod_gets_the_identity_of_the_pod() {
    let site = Site::new();
    let (identity, task) = (identity(CART), Some(site.task()));
    let attested = Attested { identity, task, method: Method::Token };
    assert_eq!(site.enrol(&site.applicant()), Ok(attested));
}

#[test]
fn whoever_shows_nothing_is_nobody() {
    let site = Site::new();
    unauthenticated(by(&site, |it| it.token = None), "neither token nor certificate");
    assert!(site.marathon.requests().is_empty());
}

#[test]
fn a_token_that_was_not_made_with_the_key_is_refused_before_marathon_is_asked() {
    let site = Site::new();
    let forged = JoinKey::generate().unwrap().token(POD, &site.nonce);
    unauthenticated(by(&site, |it| it.token = Some(forged)), "not known here");
    let (ours, others) = (site.key().token(POD, &site.nonce), site.key().token("/a", &site.nonce));
    let (said, _) = ours.expose().rsplit_once('.').unwrap();
    let (_, mac) = others.expose().rsplit_once('.').unwrap();
    let forged = JoinToken::new(&format!("{said}.{mac}"));
    unauthenticated(by(&site, |it| it.token = Some(forged)), "was not made with the key");
    assert_eq!(site.asked("/v2/pods"), 0);
}

#[test]
fn the_token_of_an_older_key_is_accepted_while_that_is_still_listed() {
    let old = JoinKey::generate().unwrap();
    let text = old.to_text();
    let site = Site::with(|rules| rules.keys.push(JoinKey::parse(&text).unwrap()));
    let token = old.token(POD, &site.nonce);
    assert!(by(&site, |it| it.token = Some(token)).is_ok());
}

#[test]
fn the_token_of_an_earlier_submission_is_refused() {
    let site = Site::new();
    let token = site.key().token(POD, &Nonce::random().unwrap());
    forbidden(by(&site, |it| it.token = Some(token)), "another submission");
}

#[test]
fn an_instance_of_an_earlier_submission_joins_with_the_token_of_that_one() {
    let site = Site::new();
    site.marathon.put(POD, &pod(&Nonce::random().unwrap())).unwrap();
    assert!(site.enrol(&site.applicant()).is_ok());
    assert_eq!(site.asked("::versions/"), 1);
    assert!(site.enrol(&site.applicant()).is_err(), "another key");
}

#[test]
fn the_token_of_one_pod_is_of_no_use_to_another() {
    let site = Site::new();
    let token = site.key().token("/shop/other", &site.nonce);
    forbidden(by(&site, |it| it.token = Some(token)), "knows no task");
}

#[test]
fn a_task_that_marathon_does_not_know_is_refused() {
    let site = Site::new();
    let made_up = |it: &mut Applicant| it.task_id = Some("shop_cart.instance-1.istio-agent".into());
    forbidden(by(&site, made_up), "knows no task");
    unauthenticated(by(&site, |it| it.task_id = None), "names no task");
    unauthenticated(by(&site, |it| it.task_id = Some("a b".into())), "the id of a task");
}

#[test]
fn a_task_that_has_ended_is_refused() {
    let site = Site::new();
    let applicant = site.applicant();
    site.marathon.crash(POD, "istio-agent", 1, "it failed");
    forbidden(site.enrol(&applicant), "has ended");
}

#[test]
fn a_connection_from_elsewhere_is_refused() {
    let site = Site::new();
    forbidden(by(&site, |it| it.address = "9.0.0.9".parse().unwrap()), "not at 9.0.0.9");
    forbidden(by(&site, |it| it.address = "10.0.0.67".parse().unwrap()), "not at 10.0.0.67");
}

#[test]
fn an_ipv4_address_counts_on_a_socket_for_both_versions() {
    let mapped = format!("::ffff:{ADDRESS}").parse().unwrap();
    assert!(by(&Site::new(), |it| it.address = mapped).is_ok());
}

#[test]
fn the_address_of_the_agent_counts_where_that_is_laid_down() {
    let site = Site::with(|rules| rules.source = SourceAddress::Agent);
    forbidden(by(&site, |it| it.address = "9.0.0.9".parse().unwrap()), "not at 9.0.0.9");
    assert!(by(&site, |it| it.address = "10.0.0.67".parse().unwrap()).is_ok());
}

#[test]
fn any_address_counts_where_that_is_laid_down() {
    let site = Site::with(|rules| rules.source = SourceAddress::Any);
    assert!(by(&site, |it| it.address = "203.0.113.1".parse().unwrap()).is_ok());
}

#[test]
fn a_task_can_be_enrolled_only_at_its_beginning() {
    let site = Site::new();
    let late = now() + WINDOW + Duration::minutes(1);
    forbidden(site.attest_at(&site.applicant(), late), "enrolment window");
    let timely = now() + WINDOW - Duration::minutes(1);
    assert!(site.attest_at(&site.applicant(), timely).is_ok());
}

#[test]
fn clocks_may_differ_a_little() {
    let site = Site::new();
    assert!(site.attest_at(&site.applicant(), now() - Duration::minutes(1)).is_ok());
    undecided(site.attest_at(&site.applicant(), now() - Duration::minutes(5)), "clocks differ");
}

#[test]
fn a_task_is_enrolled_once() {
    let site = Site::new();
    assert!(site.enrol(&site.applicant()).is_ok());
    forbidden(site.enrol(&site.applicant()), "enrolled before");
}

#[test]
fn an_answer_that_got_lost_is_given_again_to_the_same_key() {
    let site = Site::new();
    let applicant = site.applicant();
    let first = site.enrol(&applicant);
    assert!(first.is_ok());
    assert_eq!(site.enrol(&applicant), first);
}

#[test]
fn of_many_that_enrol_one_task_at_once_one_succeeds() {
    let site = Site::new();
    let applicants: Vec<_> = (0..8).map(|_| site.applicant()).collect();
    let enrolled = site.enrol_all(&applicants);
    assert_eq!(enrolled.iter().filter(|it| it.is_ok()).count(), 1, "{enrolled:?}");
}

#[test]
fn a_task_stays_enrolled_when_the_service_is_started_anew() {
    let site = Site::new();
    let applicant = site.applicant();
    assert!(site.enrol(&applicant).is_ok());
    let site = site.restart();
    forbidden(site.enrol(&site.applicant()), "enrolled before");
    assert!(site.enrol(&applicant).is_ok());
}

#[test]
fn what_is_attested_but_not_recorded_is_not_enrolled() {
    let site = Site::new();
    assert!(site.attest(&site.applicant()).is_ok());
    assert!(site.enrol(&site.applicant()).is_ok());
}

#[test]
fn the_instance_that_follows_one_that_failed_is_enrolled_in_its_turn() {
    let site = Site::new();
    assert!(site.enrol(&site.applicant()).is_ok());
    let before = site.task_id();
    site.marathon.crash(POD, "app", 1, "it failed");
    site.marathon.tick(20);
    assert_ne!(site.task_id(), before);
    assert!(by(&site, |it| it.address = "9.0.0.4".parse().unwrap()).is_ok());
}

#[test]
fn nobody_is_enrolled_while_marathon_does_not_answer() {
    let site = Site::new();
    assert_eq!(site.reaches_marathon(), Some(true));
    site.marathon.fault(1, "GET", "/v2/pods", Fault::Reset);
    undecided(site.enrol(&site.applicant()), "");
    assert_eq!(site.reaches_marathon(), Some(false));
}

#[test]
fn many_that_join_at_once_are_one_question_to_marathon() {
    let site = Site::new();
    let late = Fault::Late(std::time::Duration::from_millis(50));
    site.marathon.fault(1, "GET", "/v2/pods", late);
    let applicants: Vec<_> = (0..32).map(|_| site.applicant()).collect();
    assert!(site.attest_all(&applicants).iter().all(Result::is_ok));
    assert_eq!(site.asked("::status"), 1);
}

#[test]
fn many_that_ask_in_vain_wait_for_one_answer_together() {
    let site = Site::new();
    site.marathon.fault(1, "GET", "/v2/pods", Fault::Reset);
    let applicants: Vec<_> = (0..32).map(|_| site.applicant()).collect();
    assert!(site.attest_all(&applicants).iter().all(Result::is_err));
    assert_eq!(site.asked("::status"), 1);
}

#[test]
fn a_task_that_began_after_the_last_answer_is_asked_for() {
    let site = Site::new();
    assert!(site.enrol(&site.applicant()).is_ok());
    let before = site.task_id();
    site.marathon.crash(POD, "app", 1, "it failed");
    site.marathon.tick(20);
    // Within a second of the answer, in which that task is still the live one.
    assert_ne!(site.task_id(), before);
    let asked = site.asked("::status");
    assert!(by(&site, |it| it.address = "9.0.0.4".parse().unwrap()).is_ok());
    assert!(site.asked("::status") > asked);
}

#[test]
fn the_administrators_lay_down_other_identities_and_labels_do_not() {
    let text = "[identities]\n'/shop' = 'spiffe://cluster.local/ns/trade/sa/all'";
    let policy = Policy::parse(text, &TrustDomain::default()).unwrap();
    let site = Site::with(|rules| rules.policy = policy);
    let identity = site.enrol(&site.applicant()).unwrap().identity.to_string();
    assert_eq!(identity, "spiffe://cluster.local/ns/trade/sa/all");
}

#[test]
fn all_pods_have_one_identity_where_that_is_laid_down() {
    let site = Site::with(|rules| rules.naming = Naming::Shared);
    let identity = site.enrol(&site.applicant()).unwrap().identity.to_string();
    assert_eq!(identity, "spiffe://cluster.local/ns/default/sa/default");
}

#[test]
fn a_reason_repeats_no_token() {
    let site = Site::new();
    let token = JoinKey::generate().unwrap().token(POD, &site.nonce);
    let asks = applicant(token.clone());
    let denied = site.attest(&asks).unwrap_err();
    for text in [denied.to_string(), format!("{denied:?}"), format!("{asks:?}")] {
        assert!(!text.contains(token.expose()), "{text}");
    }
}
