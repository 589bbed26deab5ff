//! `citadel join-key`.

use std::io::ErrorKind;

use marathon_inject::citadel::{Disk, OsDisk};
use marathon_inject::command_line::Failure;
use marathon_inject::identity::JoinKey;

use crate::args::JoinKeyArgs;
use crate::report::Report;

/// Makes a join key, in a file that only its owner can read.
pub(crate) fn run(args: &JoinKeyArgs, report: &Report) -> Result<(), Failure> {
    let path = &args.output;
    if path.as_str().is_empty() || path == "-" {
        return Err(Failure::input("a join key is put into a file; name one with --output"));
    }
    let key = JoinKey::generate().map_err(|error| Failure::input(error.to_string()))?;
    OsDisk.create_file(path, key.to_text().as_bytes()).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => Failure::input(format!("{path} is there already")).hint(
            "name another file: while keys change, citadel serve takes the old one and the new one",
        ),
        _ => Failure::at(path, &error),
    })?;
    report.done(&format!("{path}: join key {}", key.id()));
    Ok(())
}
