//! The command line of `citadel`: arguments in, the directory of the CA and bundles out, a report
//! on stderr, an exit code. What a CA is, is the library's business.

#![deny(clippy::exit, clippy::print_stderr, clippy::print_stdout, clippy::unwrap_used)]

mod args;
mod authority;
mod bundle;
mod init;
mod inspect;
mod join_key;
mod marathon;
mod page;
mod release;
mod report;
mod rotate_root;
mod serve;
mod server;
mod settings;
mod subject;
mod underway;
mod verify;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use marathon_inject::command_line;
use rustix::process::{DumpableBehavior, set_dumpable_behavior};
use time::OffsetDateTime;

use args::{Cli, Command};
use report::Report;

fn main() -> ExitCode {
    // A crash must not leave keys in a core file; where the system cannot promise that, it works on.
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    let cli = Cli::parse();
    cli.color.write_global();
    // Certificates know whole seconds only.
    let now = OffsetDateTime::now_utc().truncate_to_second();
    let report = Report::new(cli.quiet);
    command_line::finish(match &cli.command {
        Command::Init(args) => init::run(args, &report, now),
        Command::Bundle(args) => bundle::run(args, &report, now),
        Command::Inspect(args) => inspect::run(args, now),
        Command::Verify(args) => verify::run(args, &report, now),
        Command::RotateRoot(args) => rotate_root::run(args, &report, now),
        Command::Serve(args) => serve::run(args, &report, now),
        Command::JoinKey(args) => join_key::run(args, &report),
        Command::Completions { shell } => command_line::completions(Cli::command(), *shell),
        Command::Man { command } => command_line::man(Cli::command(), command.as_deref()),
    })
}
