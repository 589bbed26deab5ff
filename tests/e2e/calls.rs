//! Calls with curl, as the walk-through makes them, from wherever a command can be run.

use std::process::Output;
use std::thread;
use std::time::{Duration, Instant};

use crate::mesos::{Agent, Inside};

/// How long a change may take to be seen.
const PATIENCE: Duration = Duration::from_secs(30);
const MOMENT: Duration = Duration::from_millis(100);
/// So many answers in a row are no accident.
const STEADY: usize = 10;

/// Somewhere that calls come from.
pub(crate) trait Caller {
    fn run(&self, command: &[&str]) -> Output;

    /// What is known of the place, should a call go wrong.
    fn account(&self) -> String;

    /// What curl prints.
    fn curl(&self, arguments: &[&str]) -> String {
        let command = [&["curl", "-s", "--max-time", "10"], arguments].concat();
        String::from_utf8_lossy(&self.run(&command).stdout).into_owned()
    }

    /// The code with which a URL answers; 000 if nothing does.
    fn status(&self, url: &str) -> String {
        self.curl(&["-o", "/dev/null", "-w", "%{http_code}", url])
    }

    /// The head of the answer of a URL.
    fn head(&self, url: &str) -> String {
        self.curl(&["-o", "/dev/null", "-D", "-", url])
    }

    /// Waits until a URL answers with this code, many times in a row: an application takes a moment to
    /// listen, and a sidecar has connections from before a change until it has drained them.
    fn becomes(&self, expected: &str, url: &str) {
        let end = Instant::now() + PATIENCE;
        let mut in_a_row = 0;
        while in_a_row < STEADY {
            let seen = self.status(url);
            in_a_row = if seen == expected { in_a_row + 1 } else { 0 };
            assert!(Instant::now() < end, "{url}: {seen}, not {expected}\n{}", self.account());
            if in_a_row == 0 {
                thread::sleep(MOMENT);
            }
        }
    }
}

impl Caller for Agent {
    fn run(&self, command: &[&str]) -> Output {
        self.exec(command)
    }

    fn account(&self) -> String {
        "from the agent".to_owned()
    }
}

impl Caller for Inside<'_> {
    fn run(&self, command: &[&str]) -> Output {
        self.exec(command)
    }

    fn account(&self) -> String {
        self.instance.account()
    }
}
