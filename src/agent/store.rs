//! What the agent keeps for its next start, where only it can read: the key, its certificate and the
//! roots; and until the first certificate is kept, the key that it was asked for.

use std::fs::{DirBuilder, File, OpenOptions, Permissions, remove_file, rename, set_permissions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::credential::{Credential, Rejected};
use super::roots::{InvalidRoots, Roots};
use crate::identity::x509::{Bundle, KeyError, PrivateKey};

const CREDENTIAL: &str = "credential.json";
const ENROLMENT_KEY: &str = "enrolment-key.pem";

/// The directory.
#[derive(Clone, Debug)]
pub(super) struct Store {
    dir: Utf8PathBuf,
}

/// Why something is not there.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk failed.
    #[error("{path}: {error}")]
    Io {
        /// The file or directory.
        path: Utf8PathBuf,
        /// Why.
        error: io::Error,
    },
    /// What is kept was not written by an agent, or not all of it.
    #[error("{CREDENTIAL} cannot be read: {0}")]
    Malformed(String),
    /// A certificate that cannot be used.
    #[error("{CREDENTIAL}: {0}")]
    Certificate(#[from] Rejected),
    /// Roots that cannot be used.
    #[error("{CREDENTIAL}: {0}")]
    Roots(#[from] InvalidRoots),
    /// Another task's: the directory is not ours.
    #[error("{CREDENTIAL} is of another Mesos task, {0}")]
    OtherTask(String),
    /// A key that cannot be used.
    #[error("{ENROLMENT_KEY} {0}")]
    Key(#[from] KeyError),
}

/// How it stands in the file; one file, so that there never is a part of it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kept<T> {
    #[serde(with = "time::serde::rfc3339")]
    received: OffsetDateTime,
    root_cert: T,
    cert_chain: T,
    key: T,
}

impl Store {
    /// Opens the directory, and makes it where there is none.
    ///
    /// # Errors
    /// It cannot be made, or cannot be closed to others.
    pub(super) fn open(dir: &Utf8Path) -> Result<Self, StoreError> {
        DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(at(dir))?;
        set_permissions(dir, Permissions::from_mode(0o700)).map_err(at(dir))?;
        Ok(Self { dir: dir.to_owned() })
    }

    /// The certificate of an earlier run, if it has not ended and is one of `task`, and its roots. By
    /// a clock that was set back it may not have begun.
    ///
    /// # Errors
    /// There is one that cannot be used.
    pub(super) fn load(
        &self,
        task: Option<&str>,
        now: OffsetDateTime,
    ) -> Result<Option<(Credential, Roots)>, StoreError> {
        let Some(text) = self.read(CREDENTIAL)? else { return Ok(None) };
        let kept: Kept<String> = serde_json::from_slice(&text)
            // Its own words could quote the key.
            .map_err(|error| StoreError::Malformed(format!("{:?}", error.classify())))?;
        // It was good when it came; if the clock is behind that by now, it was set back.
        let moment = now.max(kept.received);
        let roots = Roots::parse(kept.root_cert.as_bytes(), moment)?;
        let bundle = Bundle {
            root_cert: kept.root_cert.into_bytes(),
            cert_chain: kept.cert_chain.into_bytes(),
            key: Zeroizing::new(kept.key.into_bytes()),
        };
        let credential = Credential::accept(bundle, None, kept.received, moment)?;
        match (credential.leaf().task(), task) {
            (Some(of), Some(task)) if of.id() != task => {
                Err(StoreError::OtherTask(of.id().to_owned()))
            }
            _ => Ok(Some((credential, roots))),
        }
    }

    /// Keeps a certificate and the roots that are trusted with it.
    ///
    /// # Errors
    /// The disk failed; what was there before still is.
    pub(super) fn save(&self, credential: &Credential, roots: &Roots) -> Result<(), StoreError> {
        let bundle = credential.bundle();
        let malformed = |error: std::str::Utf8Error| StoreError::Malformed(error.to_string());
        let kept = Kept {
            received: credential.life().received,
            root_cert: roots.pem(),
            cert_chain: std::str::from_utf8(&bundle.cert_chain).map_err(malformed)?,
            key: std::str::from_utf8(&bundle.key).map_err(malformed)?,
        };
        let text = serde_json::to_vec(&kept).map(Zeroizing::new);
        let text = text.map_err(|error| StoreError::Malformed(error.to_string()))?;
        self.write(CREDENTIAL, &text)
    }

    /// The key of an enrolment that was begun: the answer may have been lost, or could not be kept,
    /// and Citadel gives one for no other key.
    ///
    /// # Errors
    /// There is one that cannot be used.
    pub(super) fn enrolment_key(&self) -> Result<Option<PrivateKey>, StoreError> {
        let Some(pem) = self.read(ENROLMENT_KEY)? else { return Ok(None) };
        Ok(Some(PrivateKey::from_pem(&pem)?))
    }

    /// Keeps the key of an enrolment that begins.
    ///
    /// # Errors
    /// The disk failed.
    pub(super) fn keep_enrolment_key(&self, key: &PrivateKey) -> Result<(), StoreError> {
        self.write(ENROLMENT_KEY, key.to_pem().as_bytes())
    }

    /// Forgets that key.
    ///
    /// # Errors
    /// The disk failed.
    pub(super) fn forget_enrolment_key(&self) -> Result<(), StoreError> {
        let path = self.dir.join(ENROLMENT_KEY);
        match remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(at(&path)(error)),
            _ => Ok(()),
        }
    }

    fn read(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        let path = self.dir.join(name);
        let mut file = match File::open(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(at(&path))?,
        };
        let length = file.metadata().map_err(at(&path))?.len();
        // As long as is needed from the start: a buffer that grows leaves copies behind.
        let room = usize::try_from(length).unwrap_or_default() + 1;
        let mut content = Zeroizing::new(Vec::with_capacity(room));
        file.read_to_end(&mut content).map_err(at(&path))?;
        Ok(Some(content))
    }

    fn write(&self, name: &str, content: &[u8]) -> Result<(), StoreError> {
        let (path, new) = (self.dir.join(name), self.dir.join(format!("{name}.new")));
        let put = || {
            let mut options = OpenOptions::new();
            let mut file =
                options.write(true).create(true).truncate(true).mode(0o600).open(&new)?;
            file.write_all(content)?;
            file.sync_all()?;
            rename(&new, &path)?;
            File::open(&self.dir)?.sync_all()
        };
        put().map_err(at(&path))
    }
}

fn at(path: &Utf8Path) -> impl Fn(io::Error) -> StoreError {
    move |error| StoreError::Io { path: path.to_owned(), error }
}
