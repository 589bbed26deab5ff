//! Reading the secrets of a CA: only if nobody else can.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;

use camino::Utf8Path;
use zeroize::Zeroizing;

use super::error::CaError;
use crate::bundle::read_from;

/// Reads a private key, if nobody else can.
///
/// # Errors
/// It cannot be read, or others can read it.
pub fn read_secret(path: &Utf8Path) -> Result<Zeroizing<Vec<u8>>, CaError> {
    let file = File::open(path).map_err(at(path))?;
    refuse_exposed(path, &file.metadata().map_err(at(path))?)?;
    Ok(read_from(&file, path)?)
}

/// Refuses what others than its owner can read or change.
pub(super) fn refuse_exposed(path: &Utf8Path, metadata: &Metadata) -> Result<(), CaError> {
    match metadata.mode() & 0o7777 {
        mode if mode & 0o077 == 0 => Ok(()),
        mode => Err(CaError::Exposed { path: path.to_owned(), mode }),
    }
}

/// The disk's words about a path.
pub(super) fn at(path: &Utf8Path) -> impl Fn(io::Error) -> CaError {
    move |error| CaError::Io { path: path.to_owned(), error }
}
