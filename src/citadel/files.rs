//! Reading the files of a CA and of bundles: never more than one could hold, and the CA's secrets
//! only if nobody else can.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;

use camino::Utf8Path;
use zeroize::Zeroizing;

use super::error::CaError;

/// No such file comes near this.
const MAX_BYTES: u64 = 1024 * 1024;

/// Reads a private key, if nobody else can.
///
/// # Errors
/// It cannot be read, or others can read it.
pub fn read_secret(path: &Utf8Path) -> Result<Zeroizing<Vec<u8>>, CaError> {
    let file = File::open(path).map_err(at(path))?;
    refuse_exposed(path, &file.metadata().map_err(at(path))?)?;
    bounded(&file, path)
}

/// Reads a file, whoever else can.
///
/// # Errors
/// It cannot be read.
pub fn read(path: &Utf8Path) -> Result<Zeroizing<Vec<u8>>, CaError> {
    bounded(&File::open(path).map_err(at(path))?, path)
}

fn bounded(file: &File, path: &Utf8Path) -> Result<Zeroizing<Vec<u8>>, CaError> {
    // Room for all of it at once: a buffer that grows leaves copies of itself behind.
    let mut content = Zeroizing::new(Vec::with_capacity(64 * 1024));
    file.take(MAX_BYTES + 1).read_to_end(&mut content).map_err(at(path))?;
    if content.len() as u64 > MAX_BYTES {
        return Err(CaError::TooLarge { path: path.to_owned(), limit: MAX_BYTES });
    }
    Ok(content)
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
