//! Exit codes, which scripts rely on, and failures, which carry one.

use std::fmt;
use std::io::{self, Write};
use std::process::ExitCode;

use super::printable::{printable, printable_lines};

/// The exit codes. All others are reserved; clap itself uses 2 for bad usage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// A check or a gate said no: a bundle would not serve, `--strict` found a warning.
    Gate = 1,
    /// Bad usage or bad input; nothing was written.
    Input = 2,
    /// Marathon refused, or what it was to bring about failed; Citadel denied a certificate.
    Refused = 3,
    /// Marathon could not be reached, or did not answer as Marathon does.
    Unreachable = 4,
    /// A signal ended the run, as Ctrl-C does; what was begun goes on without it.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a run ends early.
#[derive(Debug)]
pub struct Failure {
    exit: Exit,
    message: String,
    below: Option<String>,
    hint: Option<String>,
    kind: Option<io::ErrorKind>,
}

impl Failure {
    /// Bad usage or bad input. The message is one line, whatever names are in it.
    pub fn input(message: impl Into<String>) -> Self {
        Self { exit: Exit::Input, message: message.into(), below: None, hint: None, kind: None }
    }

    /// Something about a file or directory, with its name before the error's own words.
    pub fn at(path: impl fmt::Display, error: &io::Error) -> Self {
        Self::input(format!("{path}: {error}"))
    }

    /// A check or a gate said no.
    pub fn gate(message: impl Into<String>) -> Self {
        Self { exit: Exit::Gate, ..Self::input(message) }
    }

    /// Anything else, which ends with that code.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, ..Self::input(message) }
    }

    /// The same with what it is about before the message.
    pub fn about(mut self, what: &str) -> Self {
        self.message = format!("{what}: {}", self.message);
        self
    }

    /// The same with lines below the message.
    pub fn below(mut self, lines: impl Into<String>) -> Self {
        self.below = Some(lines.into());
        self
    }

    /// The same with a word on what to do about it.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// What is wrong, without what to do about it.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// How the run ends. Where nobody reads our output any more, as in `inject … | head`, all that
    /// was wanted is done.
    pub fn exit(&self) -> Exit {
        match self.kind {
            Some(io::ErrorKind::BrokenPipe) => Exit::Done,
            _ => self.exit,
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        let kind = Some(error.kind());
        Self { kind, ..Self::input(error.to_string()) }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", printable(&self.message))?;
        if let Some(below) = &self.below {
            write!(f, "\n{}", printable_lines(below))?;
        }
        match &self.hint {
            Some(hint) => write!(f, "\n  = help: {}", printable_lines(hint)),
            None => Ok(()),
        }
    }
}

/// The same, but that a reader who left early is no reason to end: he has read what he wanted.
///
/// # Errors
/// Those of the output, but that one.
pub fn unless_unread(told: Result<(), Failure>) -> Result<(), Failure> {
    told.or_else(|failure| if failure.exit() == Exit::Done { Ok(()) } else { Err(failure) })
}

/// Ends a run: the one place where a failure is told.
pub fn finish(done: Result<(), Failure>) -> ExitCode {
    let Err(failure) = done else {
        return Exit::Done.into();
    };
    if failure.exit() != Exit::Done {
        // Where stderr is closed there is nobody left to tell.
        let _ = writeln!(io::LineWriter::new(anstream::stderr()), "{failure}");
    }
    failure.exit().into()
}
