//! What is on its way to its place: it lies beside that, under a name that tells of it, and is held
//! as long as the run lasts. A run that is killed leaves it behind, with a key in it; the next one
//! to the same place sees that nobody holds it any more, and removes it.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use camino::Utf8Path;
use rustix::fs::OFlags;
use rustix::process::{Resource, Rlimit, geteuid, getrlimit, setrlimit};
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
        let prefix = format!(".new-{}-", target.file_name().unwrap_or_default());
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

/// The directory that a path is in.
pub(crate) fn directory_of(path: &Utf8Path) -> &Utf8Path {
    match path.parent() {
        Some(parent) if !parent.as_str().is_empty() => parent,
        _ => Utf8Path::new("."),
    }
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
            && let Some(_held) = abandoned(&entry.path())
        {
            remove(&entry.path());
        }
    }
}

/// What lies there, if it is ours and nobody holds it; from now on we do.
fn abandoned(path: &Path) -> Option<File> {
    // Neither a link nor a pipe that somebody put there may lead elsewhere or keep us waiting.
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path).ok()?;
    let metadata = file.metadata().ok()?;
    let kind = metadata.is_file() || metadata.is_dir();
    let ours = kind && metadata.uid() == geteuid().as_raw();
    (ours && file.try_lock().is_ok()).then_some(file)
}

fn remove(path: &Path) {
    // Links are not followed, neither by this nor by those.
    let is_dir = path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir());
    let _ = if is_dir { fs::remove_dir_all(path) } else { fs::remove_file(path) };
}
