//! The few ways in which the directory of a CA is changed, each one step that either happens or
//! does not. What a kill between any two of them leaves behind is therefore known.

use std::fs::{DirBuilder, File, OpenOptions, remove_dir_all, remove_file, rename};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};

use camino::Utf8Path;

use super::underway::directory_of;

/// A disk to write to. Tests give one that dies after some steps.
pub trait Disk {
    /// Creates a directory that only its owner can enter.
    ///
    /// # Errors
    /// It exists, or the disk fails.
    fn create_dir(&self, path: &Utf8Path) -> io::Result<()>;

    /// Creates a file that only its owner can read, whole and on the platter.
    ///
    /// # Errors
    /// It exists, or the disk fails; then there is no such file.
    fn create_file(&self, path: &Utf8Path, content: &[u8]) -> io::Result<()>;

    /// Adds to the end of a file, on the platter.
    ///
    /// # Errors
    /// The disk fails; then some of it may have been added.
    fn append(&self, file: &File, content: &[u8]) -> io::Result<()>;

    /// Gives a file or directory another name, on the platter. A file of that name is replaced; a
    /// directory only if it is empty.
    ///
    /// # Errors
    /// The disk fails.
    fn rename(&self, from: &Utf8Path, to: &Utf8Path) -> io::Result<()>;

    /// Removes a file, or a directory with all that is in it.
    ///
    /// # Errors
    /// The disk fails.
    fn remove(&self, path: &Utf8Path) -> io::Result<()>;
}

/// The operating system's.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsDisk;

impl Disk for OsDisk {
    fn create_dir(&self, path: &Utf8Path) -> io::Result<()> {
        DirBuilder::new().mode(0o700).create(path)
    }

    fn create_file(&self, path: &Utf8Path, content: &[u8]) -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        let written = file.write_all(content).and_then(|()| file.sync_all());
        if written.is_err() {
            // What is left of it must not be taken for the file; the first error is the reason.
            let _ = remove_file(path);
        }
        written
    }

    fn append(&self, mut file: &File, content: &[u8]) -> io::Result<()> {
        file.write_all(content)?;
        file.sync_data()
    }

    fn rename(&self, from: &Utf8Path, to: &Utf8Path) -> io::Result<()> {
        if from.is_dir() {
            File::open(from)?.sync_all()?;
        }
        rename(from, to)?;
        File::open(directory_of(to))?.sync_all()
    }

    fn remove(&self, path: &Utf8Path) -> io::Result<()> {
        if path.symlink_metadata()?.is_dir() { remove_dir_all(path) } else { remove_file(path) }
    }
}
