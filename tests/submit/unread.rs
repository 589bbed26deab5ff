//! Readers who leave early, and places that take no more: the words are lost, the exit code is not.

use std::fs;

use crate::marathon::Trouble;
use crate::scratch::{INJECT, labels, pod, pod_with};
use crate::site::Site;

/// The exit code of a submission in a shell that does `with` what it says.
fn code_of(site: &Site, arguments: &[&str], with: &str) -> String {
    let arguments = site.submission(arguments);
    let arguments = arguments.iter().map(String::as_str);
    let line = format!("{{ \"$@\"; echo $? > code; }} {with}");
    let line: Vec<_> = ["-c", &line, "sh", INJECT].into_iter().chain(arguments).collect();
    site.scratch.run("sh", &line).told();
    fs::read_to_string(site.scratch.path("code")).unwrap()
}

fn failing() -> Site {
    let site = Site::with(&pod("/a"));
    site.marathon.script("/a", Trouble::exits("app", 1));
    site
}

#[test]
fn a_failure_stays_one_whoever_reads_of_it() {
    for with in ["| true", "2>&1 | true", "> /dev/full", "2> /dev/full"] {
        assert_eq!(code_of(&failing(), &["pod.json"], with), "3\n", "{with}");
    }
}

#[test]
fn a_success_needs_no_reader() {
    for with in ["| true", "2>&1 | true", "2> /dev/full"] {
        assert_eq!(code_of(&Site::with(&pod("/a")), &["pod.json"], with), "0\n", "{with}");
    }
}

#[test]
fn a_result_that_cannot_be_written_is_no_success_and_no_bad_input() {
    assert_eq!(code_of(&Site::with(&pod("/a")), &["pod.json"], "> /dev/full"), "1\n");
}

#[test]
fn a_gate_needs_no_reader() {
    let site = Site::with(&pod("/a"));
    let update = pod_with("/a", labels(serde_json::json!({"tier": "2"})));
    site.submit(&["pod.json"]).done();
    let site = site.file("pod.json", &update);
    let url = site.marathon.url();
    for live in [&["--live", "--marathon", &url][..], &[]] {
        let line = "{ \"$@\"; echo $? > code; } | true";
        let fixed = ["-c", line, "sh", INJECT, "diff", "--exit-code", "pod.json"];
        site.scratch.run("sh", &[&fixed, live].concat()).told();
        assert_eq!(fs::read_to_string(site.scratch.path("code")).unwrap(), "1\n", "{live:?}");
    }
}
