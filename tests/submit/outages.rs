//! A Marathon that cannot be reached or does not answer as it should: what is asked again, when
//! that ends, and that nothing of it looks like a success.

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use crate::marathon::{Cluster, Fault, Leaderless, Marathon, Tls};
use crate::scratch::{Told, pod};
use crate::site::{Site, meanwhile};

/// A place where nobody listens.
pub(crate) fn nowhere() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

/// Somebody who takes connections and never says anything.
pub(crate) fn silent() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (listener, url)
}

/// The arguments of a submission of `/a` that gives up soon.
const HASTY: [&str; 3] = ["--patience", "100ms", "pod.json"];

/// `/a`, to be submitted.
fn new() -> Site {
    Site::with(&pod("/a"))
}

/// `/a`, which runs as its file says.
fn running() -> Site {
    let site = new();
    site.submit(&["pod.json"]).done();
    site
}

/// A submission that finds no Marathon at a place, and says so.
fn unreachable(url: &str, why: &str) {
    let told = new().submit_to(url, &HASTY).ends(4);
    told.says(&format!("error: {url}/v2/info: ")).says(why);
}

/// A Marathon that speaks TLS, and the authority that vouches for it.
fn with_tls(builder: crate::marathon::Builder) -> Site {
    let site = Site::at(builder.tls(Tls::Server).start());
    let ca = site.marathon.ca();
    site.file("ca.pem", &ca).file("pod.json", &pod("/a"))
}

/// Pods that run, each with what goes wrong with answers to reads of it.
fn broken() -> (Site, Vec<(String, Fault)>) {
    let ids = ('a'..='z').map(|letter| format!("/{letter}"));
    let broken: Vec<_> = ids.zip(broken_answers()).collect();
    let pods = broken.iter().map(|(id, _)| pod(id)).collect::<Vec<_>>().join(",");
    let site = Site::with(&format!("[{pods}]"));
    site.submit(&["--concurrency", "20", "pod.json"]).done();
    (site, broken)
}

/// What goes wrong with answers to reads.
fn broken_answers() -> Vec<Fault> {
    let page = "<html><body>Sign in</body></html>".to_owned();
    vec![
        Fault::Reset,
        Fault::Lost,
        Fault::HalfBody,
        Fault::HalfJson,
        Fault::EndlessBody,
        Fault::Hang,
        Fault::Answer(200, page.clone()),
        Fault::Answer(500, String::new()),
        Fault::Answer(500, r#"{"message": null}"#.to_owned()),
        Fault::Answer(502, page),
        Fault::Answer(503, r#"{"message": "concurrency limit"}"#.to_owned()),
    ]
}

/// Whether somebody asks how the pod is.
fn is_followed(cluster: &Cluster) -> bool {
    cluster.log().requests().iter().any(|request| request.target.ends_with("/a::status"))
}

/// Expects that a run says of no pod that it is stable.
fn is_no_success(told: &Told) {
    assert!(!told.out.contains(" stable"), "{}", told.out);
    assert!(!told.err.contains("STABLE after"), "{}", told.err);
}

#[test]
fn where_nobody_listens_the_url_and_the_cause_are_said() {
    unreachable(&nowhere(), "Connection refused");
}

#[test]
fn a_name_that_does_not_exist_is_said() {
    // In which words depends on the resolver of the machine.
    unreachable("http://marathon.invalid:8080", "");
}

#[test]
fn who_takes_the_connection_and_says_nothing_is_not_waited_for() {
    let (_listener, url) = silent();
    let hasty = [&["--call-timeout", "300ms"], &HASTY[..]].concat();
    new().submit_to(&url, &hasty).ends(4).says("no answer within 300ms");
}

#[test]
fn a_server_that_nobody_vouches_for_is_not_talked_to() {
    let site = with_tls(Marathon::builder());
    let site = site.file("other.pem", &Marathon::start().ca());
    let told = site.submit(&[&["--ca-cert", "other.pem"], &HASTY[..]].concat()).ends(4);
    told.says("invalid peer certificate");
    assert!(site.marathon.requests().is_empty());
}

#[test]
fn a_certificate_for_another_host_is_not_taken() {
    let elsewhere = SocketAddr::from(([127, 0, 0, 2], 0));
    let site = with_tls(Marathon::builder().address(elsewhere));
    let told = site.submit(&[&["--ca-cert", "ca.pem"], &HASTY[..]].concat()).ends(4);
    told.says("not valid for").says("127.0.0.2");
    assert!(site.marathon.requests().is_empty());
}

#[test]
fn http_and_https_are_not_mistaken_for_each_other() {
    let (plain, secure) = (Marathon::start(), with_tls(Marathon::builder()));
    let url = plain.url().replace("http:", "https:");
    let told = secure.submit_to(&url, &[&["--ca-cert", "ca.pem"], &HASTY[..]].concat()).ends(4);
    told.says(&format!("error: {url}/v2/info: ")).says("InvalidContentType");
    let url = secure.marathon.url().replace("https:", "http:");
    let told = secure.submit_to(&url, &HASTY).ends(4);
    told.says(&format!("error: {url}/v2/info: "));
    assert!(plain.requests().is_empty() && secure.marathon.requests().is_empty());
}

#[test]
fn a_machine_without_authorities_still_speaks_plain_http() {
    let site = new();
    site.submit(&["pod.json"]).env("SSL_CERT_FILE", "/nonexistent").done();
    let secure = with_tls(Marathon::builder());
    let told = secure.submit(&HASTY).env("SSL_CERT_FILE", "/nonexistent").ends(4);
    told.says("invalid peer certificate");
}

#[test]
fn a_read_that_went_wrong_is_repeated() {
    let (site, broken) = broken();
    for (id, fault) in &broken {
        site.marathon.fault(1, "GET", &format!("/v2/pods{id}"), fault.clone());
    }
    let all = ["--concurrency", "20", "--call-timeout", "400ms", "pod.json"];
    let told = site.submit(&all).done();
    assert_eq!(told.out.matches("unchanged  stable").count(), broken.len(), "{}", told.out);
    for (id, fault) in broken {
        let again = format!("trying again: {}/v2/pods{id}: ", site.marathon.url());
        assert!(told.err.contains(&again), "{fault:?}: {}", told.err);
    }
}

#[test]
fn reads_that_stay_wrong_end_with_patience_and_never_in_success() {
    let (site, broken) = broken();
    for (id, fault) in &broken {
        let path = format!("/v2/pods{id}::status");
        site.marathon.fault(usize::MAX, "GET", &path, fault.clone());
    }
    let short = ["--call-timeout", "300ms", "--patience", "400ms", "--concurrency", "20"];
    let told = site.submit(&[&short[..], &["pod.json"]].concat()).ends(4);
    is_no_success(&told);
    for (id, fault) in broken {
        let error = format!("error: {id}: {}/v2/pods{id}::status: ", site.marathon.url());
        assert!(told.err.contains(&error), "{fault:?}: {}", told.err);
    }
}

#[test]
fn a_page_that_is_none_of_marathons_is_no_marathon_and_soon_given_up() {
    let site = new();
    let page = "<html>It works!</html>".to_owned();
    site.marathon.fault(usize::MAX, "GET", "/v2/", Fault::Answer(200, page));
    let url = site.marathon.url();
    let told = site.scratch.inject(&["submit", "--marathon", &url, "pod.json"]).ends(4);
    told.says("the answer is not what Marathon sends");
}

#[test]
fn a_leader_that_is_still_being_elected_is_waited_for() {
    let marathon = Marathon::builder().patience(Duration::from_millis(300)).start();
    let site = Site::at(marathon).file("pod.json", &pod("/a"));
    // The first of them for longer than where nobody is.
    for (leaderless, asks) in [(Leaderless::BadGateway, 4), (Leaderless::Unavailable, 2)] {
        site.marathon.depose(leaderless);
        let asked = site.marathon.requests().len();
        let told = meanwhile(site.submit(&["--patience", "20s", "pod.json"]), || {
            site.marathon.wait_until(|cluster| cluster.log().requests().len() >= asked + asks);
            site.marathon.lead(0);
        });
        assert_eq!(told.code, 0, "{}", told.err);
        told.says("Could not determine the current leader");
    }
}

#[test]
fn where_nobody_leads_in_time_nothing_is_written() {
    let site = new();
    site.marathon.depose(Leaderless::BadGateway);
    let told = site.submit(&["--patience", "500ms", "pod.json"]).ends(4);
    is_no_success(&told);
    told.says("Could not determine the current leader (502)");
    assert!(site.marathon.writes().is_empty());
}

#[test]
fn a_deployment_is_followed_through_a_change_of_leader() {
    let marathon = Marathon::builder().nodes(3).tick(Duration::from_millis(50)).start();
    let site = Site::at(marathon).file("pod.json", &pod("/a"));
    let told = meanwhile(site.submit(&["pod.json"]), || {
        site.marathon.wait_until(is_followed);
        site.marathon.depose(Leaderless::BadGateway);
        let asked = site.marathon.requests().len();
        site.marathon.wait_until(|cluster| cluster.log().requests().len() > asked);
        site.marathon.lead(2);
    });
    assert_eq!(told.code, 0, "{}", told.err);
    assert!(told.out.contains("created  stable"), "{}", told.out);
    assert_eq!(site.writes(), ["POST /v2/pods"]);
}

#[test]
fn nodes_that_are_all_gone_while_a_pod_is_followed_end_it_within_patience() {
    let site = Site::at(Marathon::builder().nodes(2).tick(Duration::from_secs(1)).start());
    let site = site.file("pod.json", &pod("/a"));
    let both = format!("{},{}", site.marathon.url_of(0), site.marathon.url_of(1));
    let run = site.submit_to(&both, &["--patience", "500ms", "pod.json"]);
    let told = meanwhile(run, || {
        site.marathon.wait_until(is_followed);
        site.marathon.fault(usize::MAX, "GET", "/v2/", Fault::Reset);
    });
    assert_eq!(told.code, 4, "{}", told.err);
    is_no_success(&told);
    assert!(told.out.contains("created  failed"), "{}", told.out);
}

#[test]
fn the_time_of_a_pod_is_over_whatever_hangs() {
    let calls = [
        ("GET", "/v2/pods/a", "/a: the time is over\n"),
        ("POST", "/v2/pods", "/a: the time is over: whether Marathon took it is not known\n"),
        ("GET", "/v2/deployments", "/a: the time is over\n"),
        ("GET", "/v2/pods/a::status", "/a: the time is over\n"),
    ];
    for (method, path, words) in calls {
        let site = new();
        site.marathon.fault(usize::MAX, method, path, Fault::Hang);
        let patient = ["--call-timeout", "1m", "--patience", "1m", "--timeout", "700ms"];
        let told = site.submit(&[&patient[..], &["pod.json"]].concat()).ends(3);
        is_no_success(&told);
        told.says(words);
    }
}

#[test]
fn a_plan_that_cannot_be_made_for_outages_says_so() {
    let site = running();
    site.marathon.fault(usize::MAX, "GET", "/v2/pods/a", Fault::HalfJson);
    let told = site.submit(&["--dry-run", "--patience", "400ms", "pod.json"]).ends(4);
    told.says("/a: ").says("the answer is not what Marathon sends");
    site.diff_live(&["pod.json"]).ends(4).says("the answer is not what Marathon sends");
}

#[test]
fn nobody_depends_on_the_stream_of_events() {
    let faults = [
        Fault::SilentAfter(0),
        Fault::SilentAfter(1),
        Fault::EndsAfter(0),
        Fault::EndsAfter(2),
        Fault::EndlessLine,
        Fault::Hang,
        Fault::Reset,
        Fault::Answer(200, "<html></html>".to_owned()),
        Fault::Answer(500, String::new()),
    ];
    for fault in faults {
        let site = new();
        site.marathon.fault(usize::MAX, "GET", "/v2/events", fault.clone());
        let told = site.submit(&["pod.json"]).done();
        assert!(told.out.contains("created  stable"), "{fault:?}: {}", told.out);
    }
}

#[test]
fn what_was_submitted_before_an_outage_is_said_to_go_on() {
    let site = Site::with(&pod("/a"));
    let down = || Fault::Answer(503, String::new());
    site.marathon.fault(99, "GET", "/v2/deployments", down());
    let told = site.submit(&["--patience", "200ms", "pod.json"]).ends(4);
    told.says("may still be under way: Marathon goes on trying");
}

#[test]
fn no_time_is_no_bound() {
    for flag in ["--timeout", "--call-timeout", "--poll"] {
        Site::with(&pod("/a")).submit(&[flag, "0s", "pod.json"]).refused().says(flag);
    }
}
