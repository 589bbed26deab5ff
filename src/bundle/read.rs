//! Reading files of keys and certificates: never more than one could hold, into memory that is
//! wiped.

use std::fs::File;
use std::io::{self, Read};

use camino::{Utf8Path, Utf8PathBuf};
use zeroize::Zeroizing;

/// No such file comes near this.
const MAX_BYTES: u64 = 1024 * 1024;

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The disk's own words.
    #[error("{path}: {error}")]
    Io {
        /// Which file.
        path: Utf8PathBuf,
        /// What happened.
        error: io::Error,
    },
    /// A file of another kind, surely.
    #[error("{path} is larger than {MAX_BYTES} bytes: no certificate, key or bundle")]
    TooLarge {
        /// Which file.
        path: Utf8PathBuf,
    },
}

/// Reads a file, whoever else can.
///
/// # Errors
/// It cannot be read, or is too large.
pub fn read(path: &Utf8Path) -> Result<Zeroizing<Vec<u8>>, ReadError> {
    let file = File::open(path).map_err(|error| ReadError::Io { path: path.to_owned(), error })?;
    read_from(&file, path)
}

/// Reads an open file; `path` is its name in what is said of it.
///
/// # Errors
/// Those of [`read`].
pub fn read_from(file: &File, path: &Utf8Path) -> Result<Zeroizing<Vec<u8>>, ReadError> {
    // Room for all of it at once: a buffer that grows leaves copies of itself behind.
    let mut content = Zeroizing::new(Vec::with_capacity(64 * 1024));
    let read = file.take(MAX_BYTES + 1).read_to_end(&mut content);
    read.map_err(|error| ReadError::Io { path: path.to_owned(), error })?;
    if content.len() as u64 > MAX_BYTES {
        return Err(ReadError::TooLarge { path: path.to_owned() });
    }
    Ok(content)
}
