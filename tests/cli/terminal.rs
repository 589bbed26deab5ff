//! What is only for a terminal: colours, the progress bar, a word to who forgot the input.

use crate::scratch::{INJECT, Run, Scratch, pod, there_is};

const ESCAPE: char = '\u{1b}';

/// More files than are done without a bar.
fn many() -> Scratch {
    (10..70).fold(Scratch::new(), |scratch, index| {
        scratch.file(&format!("pods/{index}.json"), pod(&format!("/p{index}")))
    })
}

/// A run with a terminal; `None`, said aloud, where there is none to be had.
fn at_a_terminal(scratch: &Scratch, arguments: &str) -> Option<Run> {
    if !there_is("script", "what a terminal sees") {
        return None;
    }
    let line = format!("{INJECT} {arguments}");
    Some(scratch.run("script", &["-qec", &line, "/dev/null"]).env("TERM", "xterm"))
}

#[test]
fn there_are_no_colours_in_a_pipe() {
    let told = Scratch::new().inject(&[]).stdin(pod("/A")).refused();
    assert!(!told.err.contains(ESCAPE), "{}", told.err);
    let help = Scratch::new().inject(&["--help"]).done();
    assert!(!help.out.contains(ESCAPE), "{}", help.out);
}

#[test]
fn colours_can_be_asked_for() {
    let told = Scratch::new().inject(&["--color", "always"]).stdin(pod("/A")).refused();
    assert!(told.err.contains(ESCAPE), "{}", told.err);
}

#[test]
fn colours_never_reach_the_result() {
    let told = Scratch::new().inject(&["--color", "always"]).stdin(pod("/a")).done();
    assert_eq!(told.out, Scratch::new().inject(&[]).stdin(pod("/a")).done().out);
}

#[test]
fn no_color_is_heeded_where_colours_would_be() {
    let forced = || Scratch::new().inject(&[]).stdin(pod("/A")).env("CLICOLOR_FORCE", "1");
    assert!(forced().refused().err.contains(ESCAPE));
    assert!(!forced().env("NO_COLOR", "1").refused().err.contains(ESCAPE));
}

#[test]
fn a_terminal_has_colours_unless_told_otherwise() {
    let scratch = Scratch::with(&pod("/A"));
    let Some(run) = at_a_terminal(&scratch, "pod.json") else { return };
    assert!(run.ends(2).out.contains(ESCAPE));
    for (arguments, variable) in [("pod.json", "NO_COLOR"), ("--color never pod.json", "X")] {
        let Some(run) = at_a_terminal(&scratch, arguments) else { return };
        let told = run.env(variable, "1").ends(2);
        assert!(!told.out.contains(ESCAPE), "{arguments}: {}", told.out);
    }
}

#[test]
fn in_a_pipe_many_files_have_no_progress_bar() {
    let told = many().inject(&["pods"]).done();
    let report: String =
        (10..70).map(|index| format!("pods/{index}.json: /p{index} injected\n")).collect();
    assert_eq!(told.err, report);
}

#[test]
fn at_a_terminal_many_files_have_a_progress_bar() {
    let scratch = many();
    let Some(run) = at_a_terminal(&scratch, "-i pods") else { return };
    let told = run.done();
    assert!(told.out.contains("/60 pods/"), "{}", told.out);
    assert!(told.out.ends_with("pods/69.json: /p69 injected\r\n"), "{}", told.out);
}

#[test]
fn at_a_terminal_a_quiet_run_has_no_progress_bar() {
    let scratch = many();
    let Some(run) = at_a_terminal(&scratch, "--quiet -i pods") else { return };
    assert_eq!(run.done().out, "");
}

#[test]
fn at_a_terminal_who_names_no_input_is_told_how() {
    let Some(run) = at_a_terminal(&Scratch::new(), "") else { return };
    let told = run.ends(2);
    assert!(told.out.starts_with("error: nothing to read: name a file, or pipe a pod in"));
    assert!(told.out.contains("Usage: inject"), "{}", told.out);
}

#[test]
fn no_name_speaks_to_the_terminal() {
    let name = "p\u{1b}]0;x\u{7}\u{202e}\n.json";
    let shown = "p\\u{1b}]0;x\\u{7}\\u{202e}\\n.json";
    let run = |text: Option<&str>, more: &[&str]| {
        let scratch = text.map_or_else(Scratch::new, |text| Scratch::new().file(name, text));
        let told = scratch.inject(&[&["--color", "always", name], more].concat()).told();
        assert!(!told.err.contains(['\u{7}', '\u{202e}']), "{:?}", told.err);
        assert!(!told.err.contains("\u{1b}]"), "{:?}", told.err);
        told.says(shown)
    };
    run(None, &[]);
    run(Some(&pod("/a")), &[]);
    run(Some(&pod("/A")), &[]);
    run(Some("{"), &[]);
    run(Some("[]"), &[]);
    run(Some(&pod("/a")), &["-o", "no/\u{202e}where"]);
    run(Some(&pod("/a")), &["--config", name]);
    let scratch = Scratch::with(&pod("/a"));
    let told = scratch.inject(&["pod.json"]).env("INJECT_\u{202e}", "").done();
    told.says("INJECT_\\u{202e} sets nothing");
}
