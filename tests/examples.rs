//! The examples in the documentation that make something: certificates with `citadel`, pods on a
//! Marathon. They are run from top to bottom in a directory of their own, beside a Marathon of
//! their own. `[..]` stands for what differs from run to run within a line, `...` for lines.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/marathon/mod.rs"]
mod marathon;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use marathon::Marathon;

/// Where the Marathon listens that the documentation tells to start.
const MARATHON: &str = "http://127.0.0.1:8080";

/// How the fence of such an example begins.
const FENCE: &str = "```console,ignore";

/// A command, and what it says as the documentation has it.
#[derive(Debug, Default, PartialEq)]
struct Example {
    command: String,
    exit: i32,
    output: Vec<String>,
}

/// The examples of a document, in order.
fn examples(document: &str) -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    let mut within = false;
    for line in document.lines() {
        if line.starts_with("```") {
            within = line == FENCE;
        }
        if !within || line == FENCE {
            continue;
        }
        if let Some(command) = line.strip_prefix("$ ") {
            examples.push(Example { command: command.to_owned(), ..Example::default() });
        } else if let Some(exit) = line.strip_prefix("? ") {
            examples.last_mut().unwrap().exit = exit.parse().unwrap();
        } else if !line.is_empty() {
            examples.last_mut().unwrap().output.push(line.to_owned());
        }
    }
    examples
}

/// Whether `line` is `pattern`, in which `[..]` stands for anything.
fn fits(pattern: &str, line: &str) -> bool {
    let mut parts = pattern.split("[..]");
    let first = parts.next().unwrap();
    let Some(mut rest) = line.strip_prefix(first) else { return false };
    let mut exact = true;
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
        exact = !part.is_empty();
    }
    rest.is_empty() || !exact
}

/// Whether the lines are those of the documentation.
fn all_fit(patterns: &[String], lines: &[String]) -> bool {
    match (patterns.split_first(), lines.split_first()) {
        (None, None) => true,
        (Some((pattern, rest)), _) if pattern == "..." => {
            (0..=lines.len()).any(|passed| all_fit(rest, &lines[passed..]))
        }
        (Some((pattern, patterns)), Some((line, lines))) => {
            fits(pattern, line) && all_fit(patterns, lines)
        }
        _ => false,
    }
}

/// Runs one as a shell would, standard output and error in one.
fn run(example: &Example, dir: &Path, marathon: &Marathon) -> (i32, Vec<String>) {
    let bin = Path::new(env!("CARGO_BIN_EXE_citadel")).parent().unwrap();
    let command = example.command.replace(MARATHON, &marathon.url());
    let output = Command::new("sh")
        .args(["-c", &format!("exec 2>&1; {command}")])
        .current_dir(dir)
        .env("PATH", format!("{}:{}", bin.display(), std::env::var("PATH").unwrap()))
        .env_remove("CITADEL_DIR")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect();
    (output.status.code().unwrap(), lines)
}

fn hold(document: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let examples = examples(&fs::read_to_string(root.join(document)).unwrap());
    assert!(examples.len() > 2, "{document} has {} examples", examples.len());
    let dir = TempDir::new().unwrap();
    symlink(root.join("pods"), dir.path().join("pods")).unwrap();
    let marathon = Marathon::start();
    for example in &examples {
        let (exit, lines) = run(example, dir.path(), &marathon);
        let same = all_fit(&example.output, &lines);
        let said = lines.join("\n");
        assert!(same && exit == example.exit, "{document}: {example:#?}\nexit {exit}:\n{said}");
    }
}

#[test]
fn the_readme_shows_what_the_programs_do() {
    hold("README.md");
}

#[test]
fn the_page_on_certificates_shows_what_citadel_does() {
    hold("docs/certificates.md");
}

/// Workloads and control plane, as they are in the repository: Marathon would take each of them.
#[test]
fn the_definitions_that_come_with_it_leave_nothing_to_be_said() {
    let output = Command::new(env!("CARGO_BIN_EXE_inject"))
        .args(["check", "--uninjected", "--strict", "pods"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{told}");
    let exempt = ["apiserver", "citadel", "etcd", "kubectl", "pilot", "zipkin"];
    for name in exempt {
        assert!(told.contains(&format!("/{name} exempt: its label")), "{name} in:\n{told}");
    }
    assert!(told.contains("; no findings"), "{told}");
}

#[test]
fn an_example_is_a_command_its_exit_code_and_its_lines() {
    let text =
        "```console\n$ other\n```\n```console,ignore\n$ a b\n? 2\nsays\n\n$ c\n```\nnot this\n";
    let first = Example { command: "a b".to_owned(), exit: 2, output: vec!["says".to_owned()] };
    let second = Example { command: "c".to_owned(), ..Example::default() };
    assert_eq!(examples(text), [first, second]);
}

#[test]
fn lines_that_differ_from_run_to_run_are_passed_over_between_those_that_do_not() {
    let lines = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    assert!(all_fit(&lines("a ... d"), &lines("a b c d")));
    assert!(all_fit(&lines("a ... d"), &lines("a d")));
    assert!(!all_fit(&lines("a ... d"), &lines("a b c")));
    assert!(!all_fit(&lines("a d"), &lines("a b d")));
}

#[test]
fn what_differs_from_run_to_run_is_passed_over_and_nothing_else() {
    for (pattern, line) in [("a [..] c", "a b c"), ("a [..]", "a b"), ("[..]c", "abc"), ("a", "a")]
    {
        assert!(fits(pattern, line), "{pattern}: {line}");
    }
    for (pattern, line) in
        [("a [..] c", "a b d"), ("a [..] c", "a b c d"), ("a", "ab"), ("ab", "a")]
    {
        assert!(!fits(pattern, line), "{pattern}: {line}");
    }
}
