//! What is at a path: a bundle, as an archive or a directory, or something else.

use camino::{Utf8Path, Utf8PathBuf};
use zeroize::Zeroizing;

use super::archive::{ArchiveError, CERTS, read_archive};
use super::read::{ReadError, read};
use crate::identity::x509::{Bundle, CERT_CHAIN, KEY, ROOT_CERT};

/// RFC 1952 §2.3.1.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// What is at a path.
pub enum Found {
    /// A bundle.
    Bundle(Bundle),
    /// The content of a file that is no archive: certificates, a key, or neither.
    Other(Zeroizing<Vec<u8>>),
}

/// Why a path gives no bundle.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A file that cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// An archive that is no bundle's.
    #[error("{path} {error}")]
    Archive {
        /// Which file.
        path: Utf8PathBuf,
        /// What is wrong.
        error: ArchiveError,
    },
    /// A directory of other things.
    #[error("{0} holds no bundle: neither key.pem nor certs/")]
    NoBundle(Utf8PathBuf),
}

/// Opens what is at a path. If it is a bundle, `roots` names the file that its roots are taken from
/// instead of its own.
///
/// # Errors
/// Something there, or the file of the roots, cannot be read, or only a part of a bundle is there.
pub fn open(path: &Utf8Path, roots: Option<&Utf8Path>) -> Result<Found, OpenError> {
    if path.is_dir() {
        return open_directory(path, roots).map(Found::Bundle);
    }
    let content = read(path)?;
    if !content.starts_with(&GZIP) {
        return Ok(Found::Other(content));
    }
    let path = path.to_owned();
    let mut bundle = read_archive(&content).map_err(|error| OpenError::Archive { path, error })?;
    if let Some(roots) = roots {
        bundle.root_cert = read(roots)?.to_vec();
    }
    Ok(Found::Bundle(bundle))
}

/// Opens the bundle that lies in a directory, or in `certs/` in it.
fn open_directory(path: &Utf8Path, roots: Option<&Utf8Path>) -> Result<Bundle, OpenError> {
    let dirs = [path.to_owned(), path.join(CERTS)];
    let dir = dirs.iter().find(|dir| is_bundle(dir));
    let dir = dir.ok_or_else(|| OpenError::NoBundle(path.to_owned()))?;
    let roots = roots.map_or_else(|| dir.join(ROOT_CERT), Utf8Path::to_owned);
    Ok(Bundle {
        root_cert: read(&roots)?.to_vec(),
        cert_chain: read(&dir.join(CERT_CHAIN))?.to_vec(),
        key: read(&dir.join(KEY))?,
    })
}

/// Whether a directory has at least one of the files that only bundles have.
fn is_bundle(path: &Utf8Path) -> bool {
    let has = |name: &str| path.join(name).exists();
    has(KEY) || has(CERT_CHAIN) && !has("ca-cert.pem")
}
