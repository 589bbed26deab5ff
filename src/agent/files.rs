//! The three files of a bundle, kept current in a directory for those who read files. They are links
//! into a directory that holds all three, and that is replaced as one: by a rename, which leaves no
//! moment with files that do not belong together, and which all notice. Envoy notices nothing else;
//! pilot-agent (1.0.5, `watchCerts`) watches the directory, and reads it 10 s after the first event.

mod disk;
#[cfg(test)]
mod tests;

use std::fs::{DirBuilder, File, read, read_dir, read_link};
use std::io;
use std::io::ErrorKind::{NotFound, PermissionDenied};
use std::os::unix::fs::DirBuilderExt;
use std::sync::Arc;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use time::OffsetDateTime;
use tokio::time::sleep;
use tracing::{error, info, warn};
use zeroize::Zeroizing;

use super::metrics::Metrics;
use super::served::{Served, Snapshot};
use crate::identity::x509::{Bundle, CERT_CHAIN, KEY, ROOT_CERT};
use disk::{Disk, OsDisk};

/// The link to the directory that holds the files now, as Kubernetes calls it.
const DATA: &str = "..data";
/// How such directories are called; hidden, and a number behind.
const VERSION: &str = "..version-";
/// What a link is called before it has its name.
const NEW_LINK: &str = "..new-link";

/// When writing failed, it is tried again after this.
const AGAIN: Duration = Duration::from_secs(5);

/// The directory.
pub(super) struct Files {
    dir: Utf8PathBuf,
    disk: Box<dyn Disk>,
}

/// Files by their names.
type Contents<'c> = [(&'static str, &'c [u8])];

impl Files {
    /// Opens the directory, and makes it where there is none.
    ///
    /// # Errors
    /// It cannot be made.
    pub(super) fn open(dir: &Utf8Path) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o755).create(dir)?;
        Ok(Self { dir: dir.to_owned(), disk: Box::new(OsDisk) })
    }

    /// Replaces the files.
    ///
    /// # Errors
    /// The disk fails. Then the files are those of before, or the new ones.
    fn replace(&self, files: &Contents<'_>) -> io::Result<()> {
        self.adopt()?;
        self.put(files)?;
        self.links(files)?;
        self.sweep()
    }

    /// Files of another's making become links to copies of themselves: after that, they change all
    /// at once.
    fn adopt(&self) -> io::Result<()> {
        let paths = [ROOT_CERT, CERT_CHAIN, KEY].map(|name| (name, self.dir.join(name)));
        let is_plain = |path: &Utf8PathBuf| path.symlink_metadata().is_ok_and(|it| it.is_file());
        if !paths.iter().any(|(_, path)| is_plain(path)) {
            return Ok(());
        }
        let mut found = Vec::new();
        for (name, path) in &paths {
            match read(path) {
                Ok(content) => found.push((*name, Zeroizing::new(content))),
                // Not there, or not for us to read.
                Err(error) if matches!(error.kind(), NotFound | PermissionDenied) => {}
                Err(error) => return Err(error),
            }
        }
        let files: Vec<_> = found.iter().map(|(name, content)| (*name, &content[..])).collect();
        self.put(&files)?;
        self.links(&files)
    }

    /// Makes a directory of these files the one that holds the files now.
    fn put(&self, files: &Contents<'_>) -> io::Result<()> {
        let version = format!("{VERSION}{}", OffsetDateTime::now_utc().unix_timestamp_nanos());
        let path = self.dir.join(&version);
        self.disk.create_dir(&path)?;
        for (name, content) in files {
            let mode = if *name == KEY { 0o400 } else { 0o444 };
            self.disk.create_file(&path.join(name), content, mode)?;
        }
        File::open(&path)?.sync_all()?;
        self.link(DATA, &version)
    }

    fn links(&self, files: &Contents<'_>) -> io::Result<()> {
        files.iter().try_for_each(|(name, _)| self.link(name, &format!("{DATA}/{name}")))
    }

    /// Gives a link its target, whatever is in its place.
    fn link(&self, name: &str, target: &str) -> io::Result<()> {
        let (path, new) = (self.dir.join(name), self.dir.join(NEW_LINK));
        if read_link(&path).is_ok_and(|found| found.as_os_str() == target) {
            return Ok(());
        }
        self.disk.remove(&new)?;
        self.disk.create_link(&new, target)?;
        self.disk.rename(&new, &path)
    }

    /// Removes the directories that hold the files no more. One that stays, as another user's, is no
    /// reason to write the files again.
    fn sweep(&self) -> io::Result<()> {
        let current = read_link(self.dir.join(DATA))?;
        for entry in read_dir(&self.dir)? {
            let name = entry?.file_name();
            let Some(name) = name.to_str().filter(|name| name.starts_with(VERSION)) else {
                continue;
            };
            if current.as_os_str() != name
                && let Err(reason) = self.disk.remove(&self.dir.join(name))
            {
                warn!("{name} stays in {}: {reason}", self.dir);
            }
        }
        Ok(())
    }
}

/// Keeps the files as what is served, for ever.
pub(super) async fn keep(files: Files, served: Arc<Served>, metrics: Arc<Metrics>) {
    let mut snapshots = served.watch();
    loop {
        let snapshot = snapshots.borrow_and_update().clone();
        let changed = async { snapshots.changed().await.is_ok() };
        let goes_on = match write(&files, &snapshot) {
            Ok(Wrote::Nothing) => changed.await,
            Ok(Wrote::Files) => {
                metrics.files_replaced();
                info!(directory = %files.dir, "has replaced the files");
                changed.await
            }
            Err(reason) => {
                error!("the files in {} are not replaced: {reason}", files.dir);
                tokio::select! {
                    goes_on = changed => goes_on,
                    () = sleep(AGAIN) => true,
                }
            }
        };
        if !goes_on {
            return;
        }
    }
}

/// What was written.
enum Wrote {
    Nothing,
    Files,
}

fn write(files: &Files, snapshot: &Snapshot) -> io::Result<Wrote> {
    let now = OffsetDateTime::now_utc();
    let (Some(credential), Some(roots)) = (snapshot.valid(now), &snapshot.roots) else {
        return Ok(Wrote::Nothing);
    };
    let Bundle { cert_chain, key, .. } = credential.bundle();
    let roots = roots.pem().as_bytes();
    files.replace(&[(ROOT_CERT, roots), (CERT_CHAIN, cert_chain), (KEY, key)])?;
    Ok(Wrote::Files)
}
