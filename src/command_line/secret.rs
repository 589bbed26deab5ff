//! Reading secrets: never more than one could be, into memory that is wiped.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;

use camino::Utf8Path;
use zeroize::Zeroizing;

use super::Failure;

/// More than any password or key.
const MOST_BYTES: u64 = 1 << 20;

/// Room for most: a text that grows leaves copies of itself behind.
const USUAL_BYTES: usize = 16 * 1024;

/// The text of a file that nobody but its owner can read or change.
///
/// # Errors
/// It cannot be read, others can read or change it, or it is too large.
pub fn secret(path: &Utf8Path) -> Result<Zeroizing<String>, Failure> {
    let failed = |error: io::Error| Failure::at(path, &error);
    let file = File::open(path).map_err(failed)?;
    let mode = file.metadata().map_err(failed)?.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        let words = format!("{path} holds a secret and is open to others (mode {mode:04o})");
        return Err(Failure::input(words).hint(format!("close it: chmod 600 {path}")));
    }
    secret_from(file, path)
}

/// The text of what is open; `path` is its name in what is said of it.
pub(super) fn secret_from(from: impl Read, path: &Utf8Path) -> Result<Zeroizing<String>, Failure> {
    let mut text = Zeroizing::new(String::with_capacity(USUAL_BYTES));
    let read = from.take(MOST_BYTES + 1).read_to_string(&mut text);
    let read = read.map_err(|error| Failure::at(path, &error))?;
    if read as u64 > MOST_BYTES {
        return Err(Failure::input(format!("{path}: too large for a password or a key")));
    }
    Ok(text)
}
