//! Several masters: which one is asked, and where redirects may lead.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use marathon_inject::marathon::{Client, Credentials, Limits, Security};

use crate::marathon::{Access, Fault, Marathon};
use crate::outages::{nowhere, silent};
use crate::scratch::pod;
use crate::site::Site;

const FIVE: Duration = Duration::from_secs(5);

/// `/a`, and two masters, the first of which leads.
fn two_masters() -> Site {
    Site::at(Marathon::builder().nodes(2).start()).file("pod.json", &pod("/a"))
}

/// The URLs of both.
fn both(site: &Site) -> String {
    format!("{},{}", site.marathon.url_of(0), site.marathon.url_of(1))
}

/// A Marathon that asks for a user and a password, and the file with that.
fn with_password() -> Site {
    let access = Access::Basic { user: "me".to_owned(), password: "hunter2".to_owned() };
    let site = Site::at(Marathon::builder().nodes(2).access(access).start());
    site.file("pod.json", &pod("/a")).file("password", "hunter2\n")
}

const SIGNED_IN: [&str; 5] = ["--username", "me", "--password-file", "password", "pod.json"];

#[test]
fn where_one_master_is_dead_another_is_asked() {
    let site = Site::with(&pod("/a"));
    let urls = format!("{},{}", nowhere(), site.marathon.url());
    site.submit_to(&urls, &["pod.json"]).done().says("Connection refused");
    assert_eq!(site.writes(), ["POST /v2/pods"]);
}

#[test]
fn a_master_that_is_silent_does_not_use_up_the_patience_for_the_others() {
    let (_listener, silent) = silent();
    let site = Site::with(&pod("/a"));
    let urls = format!("{silent},{}", site.marathon.url());
    let short = ["--call-timeout", "1s", "--patience", "500ms", "pod.json"];
    site.submit_to(&urls, &short).done().says("no answer within 1s");
}

#[test]
fn calls_that_fail_together_go_on_together() {
    let marathon = Marathon::start();
    let retries = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&retries);
    let client = Client::new(
        format!("{},{}", nowhere(), marathon.url()).parse().unwrap(),
        &Security::default(),
        Credentials::default(),
        Limits { call: FIVE, patience: FIVE, first_contact: FIVE },
        Box::new(move |_| _ = counted.fetch_add(1, Ordering::Relaxed)),
    );
    let client = client.unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let found = runtime.block_on(join_all((0..8).map(|_| client.pod("/a"))));
    assert!(found.into_iter().all(|found| matches!(found, Ok(None))));
    assert_eq!(retries.load(Ordering::Relaxed), 8, "each fails once");
}

#[test]
fn a_standby_does_all_that_is_asked() {
    let site = two_masters();
    site.submit_to(&site.marathon.url_of(1), &["pod.json"]).done();
    let writes = site.marathon.writes();
    assert_eq!((writes.len(), writes[0].node), (1, 1));
}

#[test]
fn events_are_heard_where_a_standby_says() {
    let site = two_masters();
    site.submit_to(&site.marathon.url_of(1), &["pod.json"]).done();
    let requests = site.marathon.requests();
    let nodes: Vec<_> = requests
        .iter()
        .filter(|it| it.target.starts_with("/v2/events"))
        .map(|it| it.node)
        .collect();
    assert_eq!(nodes, [1, 0]);
}

#[test]
fn credentials_go_to_no_master_that_was_not_named() {
    let site = with_password();
    let told = site.submit_to(&site.marathon.url_of(1), &SIGNED_IN).done();
    assert!(told.out.contains("created  stable"), "{}", told.out);
    let requests = site.marathon.requests();
    let led: Vec<_> = requests.iter().filter(|request| request.node == 0).collect();
    assert!(!led.is_empty(), "the standby redirects to its leader");
    assert!(led.iter().all(|request| !request.is_authorized));
}

#[test]
fn credentials_go_to_all_masters_that_were_named() {
    let site = with_password();
    site.submit_to(&format!("{},{}", site.marathon.url_of(1), site.marathon.url()), &SIGNED_IN)
        .done();
    let requests = site.marathon.requests();
    assert!(requests.iter().any(|request| request.node == 0 && request.is_authorized));
}

#[test]
fn a_read_that_is_redirected_elsewhere_takes_no_credentials_along() {
    let (site, elsewhere) = (with_password(), Marathon::start());
    let target = format!("{}/v2/pods/a", elsewhere.url());
    site.marathon.fault(1, "GET", "/v2/pods/a", Fault::Redirect(307, target));
    site.submit(&SIGNED_IN).done();
    let requests = elsewhere.requests();
    assert_eq!(requests.len(), 1);
    assert!(!requests[0].is_authorized);
}

#[test]
fn who_asks_for_credentials_after_a_redirect_gets_none() {
    let (site, elsewhere) = (with_password(), with_password().marathon);
    let target = format!("{}/v2/pods/a", elsewhere.url());
    site.marathon.fault(1, "GET", "/v2/pods/a", Fault::Redirect(302, target));
    site.submit(&SIGNED_IN).ends(3).says("asks for credentials, but was only redirected to");
    assert!(elsewhere.requests().iter().all(|request| !request.is_authorized));
}

#[test]
fn a_write_is_not_redirected_to_a_master_that_was_not_named() {
    let (site, elsewhere) = (Site::with(&pod("/a")), Marathon::start());
    let target = format!("{}/v2/pods", elsewhere.url());
    site.marathon.fault(usize::MAX, "POST", "/v2/pods", Fault::Redirect(307, target));
    let told = site.submit(&["--patience", "500ms", "pod.json"]).ends(4);
    told.says("which is none of the URLs that were named");
    assert!(elsewhere.requests().is_empty());
}

#[test]
fn a_write_that_is_redirected_stays_the_same_write() {
    for status in [301, 302, 307, 308] {
        let site = two_masters();
        let target = format!("{}/v2/pods", site.marathon.url_of(1));
        site.marathon.fault(1, "POST", "/v2/pods", Fault::Redirect(status, target));
        site.submit_to(&both(&site), &["pod.json"]).done();
        let writes = site.marathon.writes();
        let seen = writes.iter().map(|it| (it.method.as_str(), it.node)).collect::<Vec<_>>();
        assert_eq!(seen, [("POST", 0), ("POST", 1)], "{status}");
        assert_eq!(writes[0].body, writes[1].body);
        assert_eq!(writes[1].content_length, Some(writes[1].body.len() as u64));
    }
}

#[test]
fn a_redirect_that_would_make_a_read_of_a_write_is_a_refusal() {
    let site = two_masters();
    let target = format!("{}/v2/pods/a", site.marathon.url_of(1));
    site.marathon.fault(1, "POST", "/v2/pods", Fault::Redirect(303, target.clone()));
    site.submit_to(&both(&site), &["pod.json"]).ends(3).says("POST /v2/pods: See Other (303)");
    site.marathon.fault(1, "GET", "/v2/pods/a", Fault::Redirect(303, target));
    site.submit_to(&both(&site), &["pod.json"]).done();
}

#[test]
fn a_redirect_that_leads_to_itself_ends() {
    let site = Site::with(&pod("/a"));
    let target = format!("{}/v2/info", site.marathon.url());
    site.marathon.fault(usize::MAX, "GET", "/v2/info", Fault::Redirect(307, target));
    site.submit(&["pod.json"]).ends(4).says("redirected in circles");
}
