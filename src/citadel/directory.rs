//! The directory of a CA: who may read it, who holds it, and its files. Nothing in it is ever
//! written over: files appear whole under a name of their own and then take their place.

use std::fs::{File, Metadata, TryLockError, read_dir};
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::thread::sleep;
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use time::OffsetDateTime;

use super::disk::Disk;
use super::error::CaError;
use super::files::{at, read_secret, refuse_exposed};
use super::state::{AuthorityId, State};
use super::underway::{UNDERWAY, abandoned, directory_of, is_ours};
use crate::bundle::read;
use crate::identity::x509::{
    Authority, AuthorityError, AuthorityFile, AuthorityFiles, CERT_CHAIN, Certificate, ROOT_CERT,
    to_pem,
};

const STATE: &str = "state.json";
const CA_KEY: &str = "ca-key.pem";
const CA_CERT: &str = "ca-cert.pem";
/// Only where there are some.
const FORMER_ROOTS: &str = "former-roots.pem";

/// How long another process may hold the CA: less than whoever asks the service for a certificate
/// waits, or nobody would hear why there is none.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a directory is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// To look at; others may, too.
    Read,
    /// To change; alone.
    Write,
}

/// The directory of a CA, held against others until it is dropped.
#[derive(Debug)]
pub(super) struct Directory {
    path: Utf8PathBuf,
    held: File,
}

impl Directory {
    /// Makes the directory of a new CA: all of it at once, by giving it its name at the end.
    pub(super) fn create(
        path: &Utf8Path,
        state: &State,
        authority: &Authority,
        disk: &dyn Disk,
    ) -> Result<(), CaError> {
        refuse_occupied(path)?;
        let prefix = format!("{UNDERWAY}{}-", path.file_name().unwrap_or("citadel"));
        sweep_abandoned(directory_of(path), &prefix, disk);
        let new = directory_of(path).join(format!("{prefix}{}", state.active().id));
        disk.create_dir(&new).map_err(at(&new))?;
        let underway = Self { path: new.clone(), held: File::open(&new).map_err(at(&new))? };
        let made = underway
            .hold(Access::Write)
            .and_then(|()| underway.put_authority(&state.active().id, authority, disk))
            .and_then(|()| underway.put_state(state, disk))
            .and_then(|()| {
                disk.rename(&new, path).map_err(|error| match error.kind() {
                    ErrorKind::DirectoryNotEmpty => CaError::Exists(path.to_owned()),
                    _ => at(path)(error),
                })
            });
        or_removed(made, &new, disk)
    }

    /// Opens the directory, if it is closed to all but its owner.
    pub(super) fn open(path: &Utf8Path, access: Access) -> Result<Self, CaError> {
        let held = File::open(path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => CaError::Missing(path.to_owned()),
            _ => at(path)(error),
        })?;
        let metadata = held.metadata().map_err(at(path))?;
        if !metadata.is_dir() {
            return Err(CaError::NoCa(path.to_owned()));
        }
        let directory = Self { path: path.to_owned(), held };
        if !path.join(STATE).exists() {
            return Err(CaError::NoCa(path.to_owned()));
        }
        refuse_exposed(path, &metadata)?;
        refuse_foreign(path, &metadata)?;
        directory.hold(access)?;
        Ok(directory)
    }

    fn hold(&self, access: Access) -> Result<(), CaError> {
        let begun = Instant::now();
        loop {
            let held = match access {
                Access::Read => self.held.try_lock_shared(),
                Access::Write => self.held.try_lock(),
            };
            match held {
                Ok(()) => return Ok(()),
                Err(TryLockError::Error(error)) => return Err(at(&self.path)(error)),
                Err(TryLockError::WouldBlock) if begun.elapsed() > PATIENCE => {
                    return Err(CaError::Busy(self.path.clone()));
                }
                Err(TryLockError::WouldBlock) => sleep(Duration::from_millis(20)),
            }
        }
    }

    pub(super) fn state(&self) -> Result<State, CaError> {
        let path = self.path.join(STATE);
        State::parse(&read(&path)?).map_err(|reason| CaError::State { path, reason })
    }

    pub(super) fn authority(
        &self,
        id: &AuthorityId,
        now: OffsetDateTime,
    ) -> Result<Authority, CaError> {
        let path = self.path.join(id.as_str());
        let file = |name: &str| read(&path.join(name));
        let metadata = path.metadata().map_err(at(&path))?;
        refuse_exposed(&path, &metadata)?;
        let (key, certificate) = (read_secret(&path.join(CA_KEY))?, file(CA_CERT)?);
        if let Ok(found) = Certificate::all_from_pem(&certificate)
            && AuthorityId::of(&found[0]) != *id
        {
            let reason = "is not the certificate that gave its directory the name".to_owned();
            return Err(CaError::State { path: path.join(CA_CERT), reason });
        }
        let (chain, roots) = (file(CERT_CHAIN)?, file(ROOT_CERT)?);
        let files =
            AuthorityFiles { key: &key, certificate: &certificate, chain: &chain, roots: &roots };
        let authority = Authority::from_pem(&files, now)
            .map_err(|error| CaError::Authority { path: blamed(&path, &error), error })?;
        let path = path.join(FORMER_ROOTS);
        authority.preceded_by(former(&path)?).map_err(|error| CaError::Authority { path, error })
    }

    /// Puts an authority's files into the directory, all at once.
    pub(super) fn put_authority(
        &self,
        id: &AuthorityId,
        authority: &Authority,
        disk: &dyn Disk,
    ) -> Result<(), CaError> {
        let (new, place) = (self.path.join(format!("{UNDERWAY}{id}")), self.path.join(id.as_str()));
        disk.create_dir(&new).map_err(at(&new))?;
        let (key, former) = (authority.key().to_pem(), to_pem(authority.former()));
        let files = [
            (CA_KEY, key.as_bytes()),
            (CA_CERT, authority.certificate().to_pem().as_bytes()),
            (CERT_CHAIN, to_pem(authority.intermediates()).as_bytes()),
            (ROOT_CERT, to_pem(authority.roots()).as_bytes()),
            (FORMER_ROOTS, former.as_bytes()),
        ]
        .into_iter()
        .filter(|(name, content)| *name != FORMER_ROOTS || !content.is_empty())
        .try_for_each(|(name, content)| {
            let path = new.join(name);
            disk.create_file(&path, content).map_err(at(&path))
        });
        let put = files.and_then(|()| disk.rename(&new, &place).map_err(at(&place)));
        or_removed(put, &new, disk)
    }

    /// Puts a state in the place of the one before.
    pub(super) fn put_state(&self, state: &State, disk: &dyn Disk) -> Result<(), CaError> {
        let (new, place) = (self.path.join(format!("{UNDERWAY}{STATE}")), self.path.join(STATE));
        if new.exists() {
            disk.remove(&new).map_err(at(&new))?;
        }
        disk.create_file(&new, &state.to_json()).map_err(at(&new))?;
        disk.rename(&new, &place).map_err(at(&place))
    }

    /// What a step that was cut short left behind: authorities that the state does not name, and
    /// what had not yet got its place.
    pub(super) fn leftovers(&self, state: &State) -> Result<Vec<String>, CaError> {
        let named = |name: &str| {
            let mut signers = [state.active()].into_iter().chain(state.other());
            signers.any(|signer| signer.id.as_str() == name)
        };
        let ours = |name: &String| {
            name.starts_with(UNDERWAY)
                || AuthorityId::try_from(name.clone()).is_ok() && !named(name)
        };
        let mut leftovers = names(&self.path)?;
        leftovers.retain(ours);
        leftovers.sort();
        Ok(leftovers)
    }

    /// Removes what was left behind: keys that nobody uses any more.
    pub(super) fn sweep(&self, state: &State, disk: &dyn Disk) -> Result<(), CaError> {
        self.leftovers(state)?.iter().try_for_each(|name| {
            let path = self.path.join(name);
            disk.remove(&path).map_err(at(&path))
        })
    }
}

/// Where the state of the CA in a directory is written.
pub(super) fn state_of(dir: &Utf8Path) -> Utf8PathBuf {
    dir.join(STATE)
}

/// Removes directories of new CAs that were never finished, with the keys in them. One that is
/// still being made is held; one that cannot be removed is somebody else's.
fn sweep_abandoned(dir: &Utf8Path, prefix: &str, disk: &dyn Disk) {
    let unfinished = |name: &String| {
        name.strip_prefix(prefix).is_some_and(|id| AuthorityId::try_from(id.to_owned()).is_ok())
    };
    for name in names(dir).unwrap_or_default().into_iter().filter(unfinished) {
        let path = dir.join(name);
        if let Some(held) = abandoned(&path)
            && held.metadata().is_ok_and(|metadata| metadata.is_dir())
        {
            let _ = disk.remove(&path);
        }
    }
}

/// The certificates of a file, if there is one.
fn former(path: &Utf8Path) -> Result<Vec<Certificate>, CaError> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let wrong = |reason: String| CaError::State { path: path.to_owned(), reason };
    Certificate::all_from_pem(&read(path)?).map_err(|error| wrong(error.to_string()))
}

/// The names in a directory.
fn names(dir: &Utf8Path) -> Result<Vec<String>, CaError> {
    let entries = read_dir(dir).map_err(at(dir))?;
    let names = entries.map(|entry| entry.map(|entry| entry.file_name().into_string().ok()));
    let names = names.collect::<Result<Vec<_>, _>>().map_err(at(dir))?;
    Ok(names.into_iter().flatten().collect())
}

/// Where something could not be made, nothing is left of it.
fn or_removed(made: Result<(), CaError>, new: &Utf8Path, disk: &dyn Disk) -> Result<(), CaError> {
    if made.is_err() {
        // The first error is the reason; what cannot be removed holds a key that nobody uses.
        let _ = disk.remove(new);
    }
    made
}

/// Refuses a place that a new CA cannot take: where something is, least of all another CA, and
/// where a rename would not put it.
pub(super) fn refuse_occupied(path: &Utf8Path) -> Result<(), CaError> {
    let no_place = |what| CaError::NoPlace { path: path.to_owned(), what };
    if path.file_name().is_none() {
        return Err(no_place("no name"));
    }
    let around = directory_of(path).metadata().map_err(at(directory_of(path)))?;
    let there = match path.symlink_metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        there => there.map_err(at(path))?,
    };
    if there.is_symlink() {
        return Err(no_place("a symbolic link"));
    }
    match read_dir(path).map_err(at(path))?.next() {
        Some(_) if path.join(STATE).exists() => Err(CaError::Exists(path.to_owned())),
        Some(_) => Err(CaError::NotEmpty(path.to_owned())),
        None if there.dev() != around.dev() => Err(no_place("a mount point")),
        None => Ok(()),
    }
}

/// Refuses the directory of another user. What is in a directory of one's own that is closed to
/// all others is out of their reach.
fn refuse_foreign(path: &Utf8Path, metadata: &Metadata) -> Result<(), CaError> {
    if is_ours(metadata) {
        return Ok(());
    }
    Err(CaError::Foreign { path: path.to_owned(), uid: metadata.uid() })
}

/// The file of an authority that an error is about, or all of them.
fn blamed(dir: &Utf8Path, error: &AuthorityError) -> Utf8PathBuf {
    match error.file() {
        Some(AuthorityFile::Key) => dir.join(CA_KEY),
        Some(AuthorityFile::Certificate) => dir.join(CA_CERT),
        Some(AuthorityFile::Chain) => dir.join(CERT_CHAIN),
        Some(AuthorityFile::Roots) => dir.join(ROOT_CERT),
        None => dir.to_owned(),
    }
}
