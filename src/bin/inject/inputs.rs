//! What to read: the documents that the arguments name, or standard input.

use std::io::{self, IsTerminal};

use camino::Utf8Path;
use clap::CommandFactory;
use marathon_inject::command_line::{Failure, Input, documents};

use crate::args::{Cli, InputArgs};

/// The documents that the arguments name, in order. One that cannot be found is a fault, and the
/// others are named nevertheless.
pub(crate) fn inputs(
    args: &InputArgs,
    mut fault: impl FnMut(&Utf8Path, &Failure),
) -> Result<Vec<Input>, Failure> {
    let mut inputs = Vec::new();
    let mut named = args.inputs.iter().chain(&args.filenames).peekable();
    if named.peek().is_none() {
        return if io::stdin().is_terminal() { Err(usage()) } else { Ok(vec![Input::Stdin]) };
    }
    for path in named {
        let (found, failures) = documents(path);
        inputs.extend(found);
        failures.iter().for_each(|failure| fault(path, failure));
    }
    match inputs.iter().filter(|input| **input == Input::Stdin).count() {
        0 | 1 => Ok(inputs),
        _ => Err(Failure::input("standard input can be read only once")),
    }
}

/// Whether standard input is one of the documents.
#[cfg(feature = "submit")]
pub(crate) fn reads_stdin(args: &InputArgs) -> bool {
    let mut named = args.inputs.iter().chain(&args.filenames).peekable();
    named.peek().is_none() || named.any(|path| path == "-")
}

fn usage() -> Failure {
    let help = Cli::command().render_help();
    Failure::input("nothing to read: name a file, or pipe a pod in").below(format!("\n{help}"))
}
