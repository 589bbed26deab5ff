//! How far the pods are: lines that change in place on a terminal, lines one after the other in a
//! pipe.

use crate::scratch::{INJECT, Run, pod, there_is};
use crate::site::Site;

const ESCAPE: char = '\u{1b}';

/// A submission with a terminal; `None`, said aloud, where there is none to be had.
fn at_a_terminal(site: &Site, arguments: &[&str]) -> Option<Run> {
    if !there_is("script", "what a terminal sees of a submission") {
        return None;
    }
    let line = format!("{INJECT} {}", site.submission(arguments).join(" "));
    Some(site.scratch.run("script", &["-qec", &line, "/dev/null"]).env("TERM", "xterm"))
}

fn two() -> Site {
    Site::new().file("a.json", &pod("/a")).file("b.json", &pod("/b"))
}

#[test]
fn in_a_pipe_each_change_is_a_plain_line() {
    let told = two().submit(&["a.json", "b.json"]).done();
    assert!(!told.err.contains([ESCAPE, '\r']), "{:?}", told.err);
    for id in ["/a", "/b"] {
        let lines: Vec<_> = told.err.lines().filter(|line| line.starts_with(id)).collect();
        assert!(lines[0].starts_with(&format!("{id} created; deployment ")), "{lines:?}");
        assert!(lines[1].contains(" of 1 stable"), "{lines:?}");
        assert!(lines.iter().any(|line| line.contains("istio-init finished")), "{lines:?}");
        assert!(lines.last().unwrap().starts_with(&format!("{id} STABLE after ")), "{lines:?}");
        assert!(lines.windows(2).all(|pair| pair[0] != pair[1]), "{lines:?}");
    }
}

#[test]
fn at_a_terminal_each_pod_has_a_line_that_changes_in_place() {
    let site = two();
    let Some(run) = at_a_terminal(&site, &["a.json", "b.json"]) else { return };
    let told = run.done();
    let up = format!("{ESCAPE}[1A");
    assert!(told.out.contains(&up), "the cursor goes up to the lines: {:?}", told.out);
    for id in ["/a", "/b"] {
        assert!(told.out.contains(&format!(" {id} ")), "{:?}", told.out);
        assert!(told.out.contains(&format!("{id} STABLE after ")), "{:?}", told.out);
    }
    assert!(told.out.contains("of 1 stable: app "), "{:?}", told.out);
}

#[test]
fn at_a_terminal_nothing_of_the_progress_stays_below_the_table() {
    let site = two();
    let Some(run) = at_a_terminal(&site, &["a.json", "b.json"]) else { return };
    let out = run.done().out;
    let (_, table) = out.split_once("POD ").unwrap();
    assert!(!table.contains(ESCAPE) && table.ends_with("b.json\r\n"), "{table:?}");
}

#[test]
fn at_a_terminal_a_quiet_run_shows_no_progress() {
    let site = two();
    let Some(run) = at_a_terminal(&site, &["--quiet", "a.json", "b.json"]) else { return };
    let out = run.done().out;
    assert!(out.starts_with("POD ") && !out.contains(ESCAPE), "{out:?}");
}
