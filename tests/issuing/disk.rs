//! A disk that is full for a while.

use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use camino::Utf8Path;
use marathon_inject::citadel::{Disk, OsDisk};

/// A disk that fails as long as it is told to, after half of what it was to add.
#[derive(Default)]
pub(crate) struct Failing(AtomicBool);

impl Failing {
    /// Tells it whether to fail from now on.
    pub(crate) fn fails(&self, fails: bool) {
        self.0.store(fails, Ordering::Relaxed);
    }

    fn check(&self) -> io::Result<()> {
        match self.0.load(Ordering::Relaxed) {
            true => Err(io::ErrorKind::StorageFull.into()),
            false => Ok(()),
        }
    }
}

impl Disk for Failing {
    fn create_dir(&self, path: &Utf8Path) -> io::Result<()> {
        OsDisk.create_dir(path)
    }

    fn create_file(&self, path: &Utf8Path, content: &[u8]) -> io::Result<()> {
        self.check()?;
        OsDisk.create_file(path, content)
    }

    fn append(&self, file: &File, content: &[u8]) -> io::Result<()> {
        let failed = self.check();
        let length = if failed.is_ok() { content.len() } else { content.len() / 2 };
        OsDisk.append(file, &content[..length])?;
        failed
    }

    fn rename(&self, from: &Utf8Path, to: &Utf8Path) -> io::Result<()> {
        OsDisk.rename(from, to)
    }

    fn remove(&self, path: &Utf8Path) -> io::Result<()> {
        OsDisk.remove(path)
    }
}
