//! What is told on stderr, and in which words.

use std::io::{self, Write};

use marathon_inject::citadel::{CaError, Phase};
use marathon_inject::command_line::{Failure, Unreadable, printable, snippets};
use marathon_inject::document::{Diagnostic, Severity, Source};
use marathon_inject::identity::x509::{Authority, Certificate, rfc3339, time_left};
use time::OffsetDateTime;

/// The report of a run.
pub(crate) struct Report {
    quiet: bool,
}

impl Report {
    pub(crate) fn new(quiet: bool) -> Self {
        Self { quiet }
    }

    /// What was done.
    pub(crate) fn done(&self, words: &str) {
        if !self.quiet {
            self.tell(words);
        }
    }

    /// What somebody should look after.
    pub(crate) fn warn(&self, words: &str) {
        self.tell(&format!("warning: {words}"));
    }

    fn tell(&self, words: &str) {
        // Where stderr is closed there is nobody left to tell.
        let _ = writeln!(anstream::stderr(), "{}", printable(words));
    }

    /// A mesh whose authority ends unnoticed ends with it; also while a successor is on its way, that
    /// does not sign yet.
    pub(crate) fn ending(&self, authority: &Authority, phase: Phase, now: OffsetDateTime) {
        let above = authority.intermediates().iter().chain(authority.roots());
        let all = [authority.certificate()].into_iter().chain(above).map(Certificate::facts);
        let Some(first) = all.min_by_key(|facts| facts.not_after) else { return };
        if first.is_late(now) {
            let (subject, left) = (&first.subject, time_left(first.not_after, now));
            let next = match phase {
                Phase::Stable if authority.is_root() => "`citadel rotate-root renew`",
                Phase::Stable => "begin with `citadel rotate-root prepare`",
                Phase::Prepared => "go on with `citadel rotate-root activate`",
                Phase::Activated => {
                    "after `citadel rotate-root retire` begin again with `citadel rotate-root prepare`"
                }
            };
            self.warn(&format!("the CA's certificate {subject}: {left}; {next}"));
        }
    }
}

/// Until when something is valid, and how long that is.
pub(crate) fn until(moment: OffsetDateTime, now: OffsetDateTime) -> String {
    format!("until {} ({})", rfc3339(moment), time_left(moment, now))
}

/// A CA's error as the end of a run.
pub(crate) fn failure(error: impl Into<CaError>) -> Failure {
    let error = error.into();
    let failure = Failure::input(error.to_string());
    match error.hint() {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// Shows the errors among findings; whether there are any. What else there is to say of a pod,
/// inject says.
pub(crate) fn draw(source: &Source, findings: &[Diagnostic]) -> bool {
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error);
    let drawn: Vec<_> = errors.map(|error| snippets(&io::stderr()).draw(source, error)).collect();
    // Where stderr is closed there is nobody left to tell.
    let _ = drawn.iter().try_for_each(|error| writeln!(anstream::stderr(), "{error}"));
    !drawn.is_empty()
}

/// What cannot be read as the end of a run.
pub(crate) fn unreadable(unreadable: Unreadable) -> Failure {
    match unreadable {
        Unreadable::Failed(failure) => failure,
        Unreadable::NoText(source, fault) => {
            draw(&source, &[*fault]);
            Failure::input(format!("{}: cannot be read", source.name()))
        }
    }
}
