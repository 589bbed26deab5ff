//! A file or directory on its way to its place, held as long as the run lasts, and the end of those
//! that killed runs left behind.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use camino::Utf8Path;
use marathon_inject::citadel::{UNDERWAY, abandoned, directory_of};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tempfile::Builder;

/// How many letters and digits the end of such a name has.
const RANDOM: usize = 6;

/// A file or a directory on its way, open to its owner only. What still has its name when it is
/// dropped goes with it.
pub(crate) struct Underway {
    path: Box<Path>,
    held: File,
}

impl Underway {
    /// An empty file on its way to `target`.
    pub(crate) fn file(target: &Utf8Path) -> io::Result<Self> {
        Self::new(target, |path| {
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
        })
    }

    /// An empty directory on its way to `target`.
    pub(crate) fn directory(target: &Utf8Path) -> io::Result<Self> {
        Self::new(target, |path| {
            DirBuilder::new().mode(0o700).create(path)?;
            File::open(path)
        })
    }

    fn new(target: &Utf8Path, make: impl Fn(&Path) -> io::Result<File>) -> io::Result<Self> {
        let dir = directory_of(target);
        let prefix = format!("{UNDERWAY}{}-", target.file_name().unwrap_or_default());
        sweep(dir, &prefix);
        let made = Builder::new().prefix(&prefix).rand_bytes(RANDOM).make_in(dir, |path| {
            let file = make(path)?;
            hold(&file, path)?;
            Ok(file)
        });
        let (held, path) = made?.into_parts();
        // tempfile knows how to remove files only.
        Ok(Self { path: path.keep()?.into(), held })
    }

    /// Where it lies.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The file, or the directory, itself.
    pub(crate) fn as_file(&self) -> &File {
        &self.held
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        remove(&self.path);
    }
}

/// Lets as many be underway as the system permits, for each is an open file.
pub(crate) fn allow_many() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    // Where that is refused, few still can.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
}

/// Holds what was just made. Another run may have come first and be about to remove it: then that
/// name counts as taken, and the next one is tried. Where nothing can be held, nothing is removed
/// either.
fn hold(file: &File, path: &Path) -> io::Result<()> {
    let lost = matches!(file.try_lock(), Err(TryLockError::WouldBlock));
    if lost || path.symlink_metadata().is_err() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    Ok(())
}

/// Removes what runs left that were killed. What cannot be removed hinders nobody.
fn sweep(dir: &Utf8Path, prefix: &str) {
    let Ok(entries) = dir.read_dir() else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let random = name.to_str().and_then(|name| name.strip_prefix(prefix));
        let ours = |end: &str| end.len() == RANDOM && end.chars().all(char::is_alphanumeric);
        if random.is_some_and(ours)
            && let Some(_held) = abandoned(entry.path())
        {
            remove(&entry.path());
        }
    }
}

fn remove(path: &Path) {
    // Links are not followed, neither by this nor by those.
    let is_dir = path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir());
    let _ = if is_dir { fs::remove_dir_all(path) } else { fs::remove_file(path) };
}
