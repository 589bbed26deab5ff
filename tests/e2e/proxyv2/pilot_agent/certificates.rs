//! The certificates that Envoy has to be restarted for when they change.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, Instant};

use super::log;

/// No flag says otherwise, and Pilot names these files to Envoy.
const DIRECTORY: &str = "/etc/certs/";
const FILES: [&str; 3] = ["cert-chain.pem", "key.pem", "root-cert.pem"];

/// How long changes are gathered from the first of them on.
const BATCH: Duration = Duration::from_secs(10);

/// What tells a file from its successor: inode, size, time of change.
type File = (u64, u64, i64, i64);

/// A watch over the directory of the certificates.
pub(super) struct Watch {
    seen: BTreeMap<OsString, File>,
    running: u64,
    due: Option<Instant>,
}

impl Watch {
    /// None if there is no directory: then the real one never looks again, either.
    pub(super) fn start() -> Option<Self> {
        match listing() {
            Ok(seen) => Some(Self { seen, running: hash(), due: None }),
            Err(_) => {
                let why = "encounters an error no such file or directory";
                log("warn", format!("watching {DIRECTORY} {why}"));
                None
            }
        }
    }

    /// Whether the batch that has just ended leaves other certificates than Envoy was started with.
    pub(super) fn have_changed(&mut self) -> bool {
        let seen = listing().unwrap_or_default();
        if seen != self.seen {
            self.seen = seen;
            self.due.get_or_insert_with(|| Instant::now() + BATCH);
        }
        if self.due.is_none_or(|due| Instant::now() < due) {
            return false;
        }
        self.due = None;
        let before = std::mem::replace(&mut self.running, hash());
        before != self.running
    }
}

fn listing() -> io::Result<BTreeMap<OsString, File>> {
    let entries = fs::read_dir(DIRECTORY)?.map(|entry| {
        let entry = entry?;
        let file = entry.metadata()?;
        let file = (file.ino(), file.size(), file.mtime(), file.mtime_nsec());
        Ok((entry.file_name(), file))
    });
    entries.collect()
}

/// A hash over the files; one that cannot be read is left out.
fn hash() -> u64 {
    let mut hasher = DefaultHasher::new();
    for content in FILES.iter().filter_map(|name| fs::read(format!("{DIRECTORY}{name}")).ok()) {
        content.hash(&mut hasher);
    }
    hasher.finish()
}
