//! What a program prints about its own command line: completions and the manual page.

use std::io::{self, Write};

use clap::Command;
use clap_complete::Shell;

use super::Failure;

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

/// Prints the manual page of a program.
///
/// # Errors
/// Standard output takes no more.
pub fn man(command: Command) -> Result<(), Failure> {
    let mut text = Vec::new();
    clap_mangen::Man::new(command).render(&mut text)?;
    print(&text)
}

fn print(text: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text)?;
    Ok(out.flush()?)
}
