//! What is looked at: PEM files, bundles, the directory of a CA.

use camino::Utf8Path;
use marathon_inject::bundle::{self, Found, OpenError};
use marathon_inject::citadel::{Access, CaError, Citadel};
use marathon_inject::command_line::Failure;
use marathon_inject::identity::x509::Bundle;
use time::OffsetDateTime;
use zeroize::Zeroizing;

use crate::report::failure;

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
        match Citadel::open(path, Access::Read, now) {
            Ok(citadel) => return Ok(Subject::Ca(Box::new(citadel))),
            Err(CaError::NoCa(_)) => {}
            Err(error) => return Err(failure(error)),
        }
    }
    match bundle::open(path, roots) {
        Ok(Found::Bundle(bundle)) => Ok(Subject::Bundle(bundle)),
        Ok(Found::Other(content)) => Ok(Subject::Pem(content)),
        Err(OpenError::NoBundle(path)) => {
            let words = "holds neither a bundle (key.pem, or certs/) nor a CA (state.json)";
            Err(Failure::input(format!("{path} {words}")))
        }
        Err(error) => Err(Failure::input(error.to_string())),
    }
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
