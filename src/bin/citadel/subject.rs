//! What is looked at: PEM files, bundles, the directory of a CA.

use camino::Utf8Path;
use marathon_inject::citadel::{Access, CERTS, CaError, Citadel, read, read_archive};
use marathon_inject::command_line::Failure;
use marathon_inject::identity::x509::{Bundle, CERT_CHAIN, KEY, ROOT_CERT};
use time::OffsetDateTime;
use zeroize::Zeroizing;

use crate::report::failure;

/// RFC 1952 §2.3.1.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// What a path is.
pub(crate) enum Subject {
    Ca(Box<Citadel>),
    Bundle(Bundle),
    Pem(Zeroizing<Vec<u8>>),
}

/// Reads what is at a path.
pub(crate) fn subject(path: &Utf8Path, now: OffsetDateTime) -> Result<Subject, Failure> {
    subject_with(None, path, now)
}

/// Reads what is at a path; the roots of a bundle from elsewhere, if that is given.
fn subject_with(
    roots: Option<&Utf8Path>,
    path: &Utf8Path,
    now: OffsetDateTime,
) -> Result<Subject, Failure> {
    if path.is_dir() {
        return match Citadel::open(path, Access::Read, now) {
            Ok(citadel) => Ok(Subject::Ca(Box::new(citadel))),
            Err(CaError::NoCa(_)) => bundle_directory(roots, path).map(Subject::Bundle),
            Err(error) => Err(failure(error)),
        };
    }
    let content = read(path).map_err(failure)?;
    if content.starts_with(&GZIP) {
        let mut bundle =
            read_archive(&content).map_err(|error| Failure::input(format!("{path} {error}")))?;
        if let Some(roots) = roots {
            bundle.root_cert = read(roots).map_err(failure)?.to_vec();
        }
        return Ok(Subject::Bundle(bundle));
    }
    Ok(Subject::Pem(content))
}

/// Reads a bundle, as an archive or a directory; its roots from elsewhere, if that is given.
pub(crate) fn bundle(
    roots: Option<&Utf8Path>,
    path: &Utf8Path,
    now: OffsetDateTime,
) -> Result<Bundle, Failure> {
    match subject_with(roots, path, now)? {
        Subject::Bundle(bundle) => Ok(bundle),
        Subject::Ca(_) => {
            Err(Failure::input(format!("{path} is the directory of a CA, no bundle")))
        }
        Subject::Pem(_) => Err(Failure::input(format!("{path} is a single file, no bundle"))
            .hint("name the archive, or the directory of the three files")),
    }
}

/// Whether a directory has at least one of the files that only bundles have.
fn is_bundle(path: &Utf8Path) -> bool {
    let has = |name: &str| path.join(name).exists();
    has(KEY) || has(CERT_CHAIN) && !has("ca-cert.pem")
}

/// Reads the bundle of a directory that is no CA's, from it or from `certs/` in it.
fn bundle_directory(roots: Option<&Utf8Path>, path: &Utf8Path) -> Result<Bundle, Failure> {
    let dirs = [path.to_owned(), path.join(CERTS)];
    let dir = dirs.iter().find(|dir| is_bundle(dir)).ok_or_else(|| {
        let words = "holds neither a bundle (key.pem, or certs/) nor a CA (state.json)";
        Failure::input(format!("{path} {words}"))
    })?;
    let file = |path: &Utf8Path| read(path).map_err(failure);
    let roots = roots.map_or_else(|| dir.join(ROOT_CERT), Utf8Path::to_owned);
    Ok(Bundle {
        root_cert: file(&roots)?.to_vec(),
        cert_chain: file(&dir.join(CERT_CHAIN))?.to_vec(),
        key: file(&dir.join(KEY))?,
    })
}
