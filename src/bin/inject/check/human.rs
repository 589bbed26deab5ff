//! The result for people: a line for each pod, its findings in their source, and how many there are
//! of what.

use std::fmt::Write;

use marathon_inject::check::State;
use marathon_inject::command_line::printable;
use marathon_inject::document::Severity;

use super::results::{Item, Results, Standing, counted, word};

pub(super) fn text(results: &Results) -> String {
    let mut lines: Vec<String> =
        results.items.iter().filter_map(|item| line(item, results.quiet)).collect();
    let hidden = results.list().filter(|finding| finding.drawn.is_none()).count();
    if hidden > 0 {
        lines.push(format!("note: {hidden} more findings are not shown"));
    }
    if !results.quiet {
        lines.push(summary(results));
    }
    lines.into_iter().map(|line| line + "\n").collect()
}

fn line(item: &Item, quiet: bool) -> Option<String> {
    match item {
        Item::Finding(finding) => finding.drawn.clone(),
        _ if quiet => None,
        Item::Nothing { file } => Some(format!("{}: nothing in it to check", printable(file))),
        Item::Entry(standing) => Some(entry(standing)),
    }
}

fn entry(standing: &Standing) -> String {
    let name = standing.id.as_deref().unwrap_or(&standing.pointer);
    // An app's id is not checked: it must not speak to the terminal.
    let (file, name) = (printable(&standing.file), printable(name));
    let space = if name.is_empty() { "" } else { " " };
    format!("{file}: {name}{space}{}", standing.state)
}

/// Such as `3 pods: 2 up to date, 1 stale; 1 error`.
fn summary(results: &Results) -> String {
    let pods: Vec<_> = results
        .entries()
        .map(|standing| &standing.state)
        .filter(|state| !matches!(state, State::NotAPod(_)))
        .map(State::word)
        .collect();
    let mut text = counted(pods.len(), "pod");
    let mut words = pods.clone();
    words.sort_unstable();
    words.dedup();
    let states = words.iter().map(|word| {
        let count = pods.iter().filter(|other| *other == word).count();
        format!("{count} {}", word.replace('-', " "))
    });
    let states: Vec<_> = states.collect();
    if !states.is_empty() {
        let _ = write!(text, ": {}", states.join(", "));
    }
    let counts = [Severity::Error, Severity::Warning, Severity::Note].map(|severity| {
        let count = results.count(severity);
        (count > 0).then(|| counted(count, word(severity)))
    });
    let counts: Vec<_> = counts.into_iter().flatten().collect();
    text + "; " + &if counts.is_empty() { "no findings".to_owned() } else { counts.join(", ") }
}
