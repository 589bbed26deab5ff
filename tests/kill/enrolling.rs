//! Enrolments that are cut short: who was answered is enrolled, and the file can be opened.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::sync::Arc;

use marathon_inject::citadel::{Applied, Enrolments, OsDisk, Subject};
use marathon_inject::identity::Task;
use marathon_inject::identity::x509::rfc3339;
use time::Duration;

use crate::{DAY, DEATH, Deadly, HOME, Home, NOW, list, run_anew, scratch};

/// How many tasks a process enrols, unless it dies before.
const TASKS: usize = 3;

fn task(number: usize) -> Subject {
    Subject::Task(Task::new("/a", &format!("a.instance-{number}.istio-agent")).unwrap())
}

/// The SHA-256 of the key of a task, and of another key.
fn key(number: usize) -> String {
    format!("{number:064x}")
}

fn open(home: &Home) -> Enrolments {
    Enrolments::open(&home.ca(), Arc::new(OsDisk), DAY / 4, NOW).unwrap()
}

/// Enrols, and notes each that was answered.
fn enrol(home: &Home, moment: &str) {
    let disk = Arc::new(Deadly::at(moment));
    let enrolments = Enrolments::open(&home.ca(), disk, DAY / 4, NOW).unwrap();
    let answered = home.0.join("answered");
    let mut answered = OpenOptions::new().create(true).append(true).open(answered).unwrap();
    for number in 0..TASKS {
        let applied = enrolments.enrol(&task(number), &key(number), NOW).unwrap();
        assert_eq!(applied, Applied::Enrolled);
        writeln!(answered, "{number}").unwrap();
    }
}

/// Holds a process that begins with this `file`, in which the task `before` is enrolled, against
/// death at every moment, of which there are `at_least` so many.
fn survives(test: &str, file: Option<&str>, before: Option<usize>, at_least: usize) {
    if let (Ok(home), Ok(moment)) = (std::env::var(HOME), std::env::var(DEATH)) {
        return enrol(&Home(home.into()), &moment);
    }
    let scratch = scratch();
    for moment in 1.. {
        let home = Home::new(&scratch, &moment.to_string());
        fs::create_dir(home.ca()).unwrap();
        if let Some(file) = file {
            let path = home.ca().join("enrolments");
            fs::write(&path, file).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        }
        let output = run_anew(test, &home, moment);
        // It may be killed again over what the first death left.
        let again = output.status.signal().map(|_| run_anew(test, &home, 2));
        holds(&home, before);
        match (output.status.signal(), again) {
            (Some(_), _) => {}
            (None, _) if output.status.success() => {
                assert!(moment > at_least, "it was killed at {} moments only", moment - 1);
                return;
            }
            (None, _) => panic!("{moment}: {}", String::from_utf8_lossy(&output.stdout)),
        }
    }
}

/// Holds that whoever was answered is enrolled, and that all others can be.
fn holds(home: &Home, before: Option<usize>) {
    let answered = fs::read_to_string(home.0.join("answered")).unwrap_or_default();
    let answered = answered.lines().map(|line| line.parse().unwrap()).chain(before);
    let answered = answered.collect::<Vec<usize>>();
    for _run in 0..2 {
        let enrolments = open(home);
        for number in &answered {
            assert!(enrolments.is_taken(&task(*number), &key(99)), "{}: {number}", home.0);
        }
        for number in 0..TASKS {
            let applied = enrolments.enrol(&task(number), &key(number), NOW).unwrap();
            assert_eq!(applied, Applied::Enrolled, "{}: {number}", home.0);
        }
    }
    let left = list(&home.ca());
    assert!(left.contains(&"enrolments".to_owned()) && left.len() <= 2, "{left:?}");
}

/// A file in which a task is enrolled now, after so many that are forgotten by now.
fn file(forgotten: usize, number: usize) -> String {
    let line =
        |number: usize, moment| format!("{} {} {}\n", rfc3339(moment), key(number), task(number));
    let past = NOW - Duration::days(9);
    let forgotten = (1000..1000 + forgotten).map(|number| line(number, past));
    ["enrolments v1\n".to_owned()].into_iter().chain(forgotten).chain([line(number, NOW)]).collect()
}

#[test]
fn whoever_was_answered_is_enrolled_though_the_first_file_was_just_made() {
    let test = "enrolling::whoever_was_answered_is_enrolled_though_the_first_file_was_just_made";
    survives(test, None, None, 3 + TASKS * 3);
}

#[test]
fn whoever_was_answered_is_enrolled_after_a_line_that_was_cut_short() {
    let test = "enrolling::whoever_was_answered_is_enrolled_after_a_line_that_was_cut_short";
    let file = file(0, 7) + "2026-11-22T14:00:";
    // The file is made anew and renamed; then come the lines.
    survives(test, Some(&file), Some(7), 3 + 1 + TASKS * 3);
}

#[test]
fn whoever_was_answered_is_enrolled_while_others_are_forgotten() {
    let test = "enrolling::whoever_was_answered_is_enrolled_while_others_are_forgotten";
    survives(test, Some(&file(1100, 7)), Some(7), 3 + 1 + TASKS * 3);
}
