//! What a program prints about its own command line: completions and the manual page.

use clap::Command;
use clap_complete::Shell;

use super::{Failure, print};

/// Prints the completions of a program for a shell.
///
/// # Errors
/// Standard output takes no more.
pub fn completions(mut command: Command, shell: Shell) -> Result<(), Failure> {
    let name = command.get_name().to_owned();
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut command, name, &mut text);
    print(&text)
}

/// Prints the manual page of a program, or of one of its commands.
///
/// # Errors
/// There is no such command, or standard output takes no more.
pub fn man(mut command: Command, of: Option<&str>) -> Result<(), Failure> {
    command.build();
    // A command has no version of its own.
    let source = format!("{} {}", command.get_name(), command.get_version().unwrap_or_default());
    let command = match of {
        None => command,
        Some(name) => command
            .find_subcommand(name)
            .cloned()
            .ok_or_else(|| Failure::input(format!("there is no command {name}")))?,
    };
    let mut text = Vec::new();
    clap_mangen::Man::new(command).source(source).render(&mut text)?;
    print(&text)
}
