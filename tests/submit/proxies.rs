//! Proxies that the environment names: who is reached through them, and what is told of them.

use crate::marathon::Fault;
use crate::outages::nowhere;
use crate::scratch::{Run, pod};
use crate::site::Site;

/// Where Marathon is, so that only a proxy finds it.
const ELSEWHERE: &str = "http://marathon.invalid:8080";

/// `/a`, to be submitted.
fn new() -> Site {
    Site::with(&pod("/a"))
}

/// A submission that gives up soon.
fn hasty(site: &Site, url: &str) -> Run {
    site.submit_to(url, &["--patience", "300ms", "pod.json"])
}

#[test]
fn a_marathon_elsewhere_is_reached_through_the_proxy() {
    let site = new();
    hasty(&site, ELSEWHERE).env("HTTP_PROXY", &site.marathon.url()).done();
    assert!(site.marathon.has("/a"));
}

#[test]
fn this_machine_is_reached_without_a_proxy() {
    let site = new();
    for name in ["127.0.0.1", "localhost"] {
        let url = site.marathon.url().replace("127.0.0.1", name);
        hasty(&site, &url).env("HTTP_PROXY", &nowhere()).env("ALL_PROXY", &nowhere()).done();
    }
}

#[test]
fn a_proxy_that_cannot_be_reached_is_named_without_its_credentials() {
    let site = new();
    let proxy = nowhere();
    let secret = proxy.replace("http://", "http://me:hunter2@");
    for (variable, url) in [("HTTP_PROXY", ELSEWHERE), ("HTTPS_PROXY", "https://marathon.invalid")]
    {
        let told = hasty(&site, url).env(variable, &secret).ends(4);
        let told = told.says(&format!("error: {url}/v2/info: Connection refused"));
        let told = told.says(&format!(", through the proxy {proxy}/\n"));
        assert!(!told.err.contains("hunter2") && !told.err.contains("me:"), "{}", told.err);
    }
}

#[test]
fn what_a_proxy_says_itself_is_told_as_heard_through_it() {
    let site = new();
    site.marathon.fault(usize::MAX, "GET", "/v2/", Fault::Answer(504, String::new()));
    let told = hasty(&site, ELSEWHERE).env("HTTP_PROXY", &site.marathon.url()).ends(4);
    told.says(&format!("Gateway Timeout (504), through the proxy {}/\n", site.marathon.url()));
}

#[test]
fn no_proxy_is_blamed_on_the_way_to_a_host_that_has_none() {
    let run = hasty(&new(), ELSEWHERE).env("HTTP_PROXY", &nowhere());
    let told = run.env("NO_PROXY", "other, .invalid").ends(4).says(ELSEWHERE);
    assert!(!told.err.contains("proxy"), "{}", told.err);
}
