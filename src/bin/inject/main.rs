//! The command line of `inject`: arguments in, files read and written, a report on stderr, an exit
//! code. What is done to a pod is the library's business.

#![deny(clippy::exit, clippy::print_stderr, clippy::print_stdout, clippy::unwrap_used)]

mod args;
mod completions;
mod exit;
mod inputs;
mod outputs;
mod report;
mod run;
mod settings;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};
use exit::{Exit, Failure};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let color = cli.inject.color;
    color.write_global();
    let done = match cli.command {
        Some(Command::Completions { shell }) => completions::completions(shell),
        Some(Command::Man) => completions::man(),
        None => run::run(&cli.inject),
    };
    match done {
        Ok(()) => Exit::Done.into(),
        Err(failure) => tell(&failure),
    }
}

/// The one place where a failure is told.
fn tell(failure: &Failure) -> ExitCode {
    if failure.is_closed_pipe() {
        return Exit::Done.into();
    }
    // Where stderr is closed there is nobody left to tell.
    let _ = writeln!(io::LineWriter::new(anstream::stderr()), "{failure}");
    failure.exit.into()
}
