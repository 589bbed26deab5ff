//! The command line of `inject`: arguments in, files read and written, a report on stderr, an exit
//! code. What is done to a pod is the library's business.

#![deny(clippy::exit, clippy::print_stderr, clippy::print_stdout, clippy::unwrap_used)]

mod apps;
mod args;
mod check;
mod diff;
mod emit;
mod inputs;
mod mtls;
mod outputs;
mod report;
mod rewriting;
mod run;
mod settings;
#[cfg(feature = "submit")]
mod submit;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use marathon_inject::command_line;

use args::{Cli, Command};

fn main() -> ExitCode {
    let cli = Cli::parse();
    cli.color().write_global();
    command_line::finish(match cli.command {
        Some(Command::Completions { shell }) => command_line::completions(Cli::command(), shell),
        Some(Command::Man { command }) => command_line::man(Cli::command(), command.as_deref()),
        Some(Command::Diff(args)) => diff::run(*args),
        Some(Command::Check(args)) => check::run(&args),
        #[cfg(feature = "submit")]
        Some(Command::Submit(args)) => submit::run(&args),
        Some(Command::Remove(args)) => run::remove(&args).map(|_| ()),
        Some(Command::Convert(args)) => run::convert(&args).map(|_| ()),
        Some(Command::Mtls(args)) => mtls::run(&args),
        None => run::inject(&cli.inject).map(|_| ()),
    })
}
