//! What is on its way to its place lies beside that, under a name that tells of it, and is held by
//! whoever makes it. A run that is killed leaves it behind, with a key in it; the next one to the
//! same place sees that nobody holds it any more.

use std::fs::{File, Metadata, OpenOptions};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use camino::Utf8Path;
use rustix::fs::OFlags;
use rustix::process::geteuid;

/// How the name of what is on its way begins.
pub const UNDERWAY: &str = ".new-";

/// The file or directory there, if it is ours and nobody holds it; from now on we do.
pub fn abandoned(path: impl AsRef<Path>) -> Option<File> {
    // Neither a link nor a pipe that somebody put there may lead elsewhere or keep us waiting.
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path).ok()?;
    let metadata = file.metadata().ok()?;
    let kind = metadata.is_file() || metadata.is_dir();
    (kind && is_ours(&metadata) && file.try_lock().is_ok()).then_some(file)
}

/// Whether it belongs to the user that runs this.
pub(super) fn is_ours(metadata: &Metadata) -> bool {
    metadata.uid() == geteuid().as_raw()
}

/// The directory that a path stands in.
pub fn directory_of(path: &Utf8Path) -> &Utf8Path {
    match path.parent() {
        None => path,
        Some(parent) if parent.as_str().is_empty() => Utf8Path::new("."),
        Some(parent) => parent,
    }
}
