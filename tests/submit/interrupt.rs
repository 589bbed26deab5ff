//! SIGINT and SIGTERM: what was submitted goes on, and what was not is told.

use std::fs;
use std::time::Duration;

use crate::marathon::{Cluster, Fault, Marathon, Trouble};
use crate::scratch::{INJECT, Run, Told, pod};
use crate::site::{Site, is_followed, meanwhile};

/// Keeps the id of the process, which then becomes the program.
const KEEP_ID: &str = "echo $$ > id; exec \"$@\"";

fn with_known_id(site: &Site, arguments: &[&str]) -> Run {
    let arguments = site.submission(arguments);
    let arguments = arguments.iter().map(String::as_str);
    let line: Vec<_> = ["-c", KEEP_ID, "sh", INJECT].into_iter().chain(arguments).collect();
    site.scratch.run("sh", &line)
}

/// A submission that gets a signal as soon as Marathon is in that state.
fn interrupted(
    site: &Site,
    arguments: &[&str],
    signal: &str,
    when: impl FnMut(&Cluster) -> bool + Send,
) -> Told {
    let (id, marathon) = (site.scratch.path("id"), &site.marathon);
    let run = with_known_id(site, arguments);
    meanwhile(run, move || {
        marathon.wait_until(when);
        let id = fs::read_to_string(id).unwrap();
        let mut kill = assert_cmd::Command::new("sh");
        kill.args(["-c", &format!("kill -{signal} {id}")]).assert().success();
    })
}

/// A Marathon that takes its time.
fn slow() -> Site {
    Site::at(Marathon::builder().tick(Duration::from_millis(200)).start())
}

#[test]
fn what_goes_on_is_told_and_how_to_follow_or_to_undo_it() {
    let site = slow().file("pod.json", &pod("/a"));
    let told = interrupted(&site, &["pod.json"], "INT", is_followed);
    assert_eq!(told.code, 130, "{}", told.err);
    let id = site.marathon.see(|cluster| cluster.deployments()[0].id.clone());
    assert!(told.out.contains("created  interrupted"), "{}", told.out);
    let url = site.marathon.url();
    told.says(&format!("error: interrupted\n  /a goes on: deployment {id}\n"))
        .says("the same command again follows what goes on")
        .says("`dcos marathon deployment rollback ID`")
        .says(&format!("or DELETE {url}/v2/deployments/ID"));
}

#[test]
fn the_deployment_really_goes_on() {
    let site = slow().file("pod.json", &pod("/a"));
    interrupted(&site, &["pod.json"], "INT", is_followed);
    assert!(site.marathon.see(|cluster| cluster.stable("/a") == 0), "too fast for this test");
    site.marathon.wait_until(|cluster| cluster.is_settled() && cluster.stable("/a") == 1);
    assert_eq!(site.writes(), ["POST /v2/pods"]);
}

#[test]
fn the_same_command_again_follows_what_goes_on() {
    let site = slow().file("pod.json", &pod("/a"));
    interrupted(&site, &["pod.json"], "INT", is_followed);
    let told = site.submit(&["pod.json"]).done();
    assert!(told.out.contains("unchanged  stable"), "{}", told.out);
    assert_eq!(site.writes(), ["POST /v2/pods"]);
}

#[test]
fn to_be_terminated_is_to_be_interrupted() {
    let site = slow().file("pod.json", &pod("/a"));
    let told = interrupted(&site, &["pod.json"], "TERM", is_followed);
    assert_eq!(told.code, 130, "{}", told.err);
    told.says("error: terminated\n  /a goes on");
}

#[test]
fn an_interruption_takes_nothing_back() {
    let site = slow().file("pod.json", &pod("/a"));
    let arguments = ["--rollback-on-failure", "pod.json"];
    let told = interrupted(&site, &arguments, "INT", is_followed);
    assert_eq!(told.code, 130, "{}", told.err);
    assert_eq!(site.writes(), ["POST /v2/pods"]);
}

#[test]
fn pods_that_were_not_begun_are_told() {
    let site = Site::new().file("pods/1.json", &pod("/a"));
    let site = site.file("pods/2.json", &pod("/b")).file("pods/3.json", &pod("/c"));
    site.marathon.script("/a", Trouble::stays_staging("app"));
    let told = interrupted(&site, &["--concurrency", "1", "pods"], "INT", is_followed);
    assert_eq!(told.code, 130, "{}", told.err);
    let rows: Vec<_> = told.out.lines().skip(1).map(columns).collect();
    let expected = [
        ["/a", "created", "interrupted"],
        ["/b", "none", "not begun"],
        ["/c", "none", "not begun"],
    ];
    assert_eq!(rows, expected);
    told.says("/a goes on: deployment").says("  2 pods were not submitted\n");
    assert!(!site.marathon.has("/b") && !site.marathon.has("/c"));
}

fn columns(row: &str) -> [&str; 3] {
    let mut cells = row.split("  ").map(str::trim).filter(|cell| !cell.is_empty());
    [(); 3].map(|()| cells.next().unwrap_or_default())
}

#[test]
fn a_pod_whose_answer_is_not_there_yet_is_not_called_unsubmitted() {
    let site = Site::with(&pod("/a"));
    site.marathon.fault(1, "POST", "/v2/pods", Fault::Hang);
    let writing = |cluster: &Cluster| !cluster.log().writes().is_empty();
    let told = interrupted(&site, &["--call-timeout", "20s", "pod.json"], "INT", writing);
    assert_eq!(told.code, 130, "{}", told.err);
    assert!(told.out.contains("/a   unknown  interrupted"), "{}", told.out);
    told.says("error: interrupted\n  /a may have been submitted\n");
}

#[test]
fn a_pod_that_is_being_taken_back_is_not_said_to_go_on() {
    let site = Site::with(&pod("/a"));
    site.marathon.script("/a", Trouble::exits("app", 1));
    site.marathon.fault(9, "DELETE", "/v2/", Fault::Hang);
    let undoing = |cluster: &Cluster| cluster.log().writes().len() > 1;
    let arguments = ["--rollback-on-failure", "--call-timeout", "20s", "pod.json"];
    let told = interrupted(&site, &arguments, "INT", undoing);
    assert_eq!(told.code, 130, "{}", told.err);
    told.says("error: interrupted\n  /a failed, and may or may not be taken back\n");
}

#[test]
fn where_nothing_was_begun_there_is_nothing_to_follow() {
    let site = Site::with(&pod("/a"));
    site.marathon.fault(9, "GET", "/v2/pods/a", Fault::Hang);
    let asking = |cluster: &Cluster| {
        cluster.log().requests().iter().any(|request| request.target == "/v2/pods/a")
    };
    let told = interrupted(&site, &["--call-timeout", "20s", "pod.json"], "INT", asking);
    assert_eq!(told.code, 130, "{}", told.err);
    assert!(!told.err.contains("follows"), "{}", told.err);
    told.says("error: interrupted\n  1 pod was not submitted\n");
}
