//! Who was enrolled: a file to whose end each enrolment is added before its certificate is handed
//! out, so that neither a restart nor a kill makes room for a second one.
//!
//! ```text
//! enrolments v1
//! 2026-11-22T15:00:00Z <SHA-256 of the public key> task /shop/cart shop_cart.instance-….1
//! 2026-11-22T15:00:00Z <SHA-256 of the public key> token <SHA-256 of the token>
//! ```
//!
//! A last line without an end was being written when the process was killed, and answered to
//! nobody. What is not needed any more goes when the file is written anew, which then takes the
//! place of the old one.

mod record;

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use time::OffsetDateTime;

use super::disk::Disk;
use super::error::CaError;
use super::files::{at, refuse_exposed};
pub use record::Subject;
use record::{HEADER, Record, is_record, parse, write};

/// The name of the file in the directory of a CA.
const FILE: &str = "enrolments";

/// The name of the file that is to take its place. It is not one of those that a rotation sweeps.
const NEXT: &str = "enrolments.next";

/// The shortest time for which a task is remembered.
const SHORTEST_MEMORY: Duration = Duration::from_secs(24 * 3600);

/// Below so many lines that say nothing any more the file is not written anew.
const FEW: usize = 1024;

/// What became of an enrolment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// It is on record, now or since an earlier time with the same key: an answer that got lost is
    /// given again.
    Enrolled,
    /// Another key was enrolled before.
    Taken,
}

/// The enrolled of a CA. The file is held against other services until this is dropped.
pub struct Enrolments {
    path: Utf8PathBuf,
    disk: Arc<dyn Disk + Send + Sync>,
    memory: time::Duration,
    enrolled: RwLock<Records>,
    /// Those that are to be written next, all at once: while the disk is busy, others come.
    waiting: Mutex<Records>,
    file: Mutex<Written>,
}

type Records = BTreeMap<Subject, Record>;

/// The file, and what is known of it.
struct Written {
    file: File,
    /// Its lines, the first one aside.
    lines: usize,
    /// Whether its end is known. It is not after a write that failed.
    sound: bool,
}

impl Enrolments {
    /// Opens the file in the directory of a CA; makes it if there is none. Tasks are remembered for
    /// a day, and for at least twice the `window` in which they can be enrolled; tokens for ever.
    ///
    /// # Errors
    /// Another service holds it, others than its owner can read it, it cannot be understood, or the
    /// disk fails.
    pub fn open(
        dir: &Utf8Path,
        disk: Arc<dyn Disk + Send + Sync>,
        window: Duration,
        now: OffsetDateTime,
    ) -> Result<Self, CaError> {
        let path = dir.join(FILE);
        let memory = SHORTEST_MEMORY.max(window.saturating_mul(2));
        let memory = time::Duration::try_from(memory).unwrap_or(time::Duration::MAX);
        if !path.exists() {
            disk.create_file(&path, HEADER.as_bytes()).map_err(at(&path))?;
        }
        let file = hold(&path)?;
        // Its name, too, has to survive.
        File::open(dir).and_then(|dir| dir.sync_all()).map_err(at(dir))?;
        // However many there are: with a limit it would be written, and not be read again.
        let mut text = Vec::new();
        (&file).read_to_end(&mut text).map_err(at(&path))?;
        let (records, sound) =
            parse(&text).map_err(|line| CaError::Enrolments { path: path.clone(), line })?;
        let lines = records.len();
        let enrolled = RwLock::new(records.into_iter().collect());
        let (waiting, file) = (Mutex::default(), Mutex::new(Written { file, lines, sound }));
        let enrolments = Self { path, disk, memory, enrolled, waiting, file };
        enrolments.tidy(&mut locked(&enrolments.file), lines > FEW, now)?;
        Ok(enrolments)
    }

    /// Whether `subject` was enrolled before with another key than this one. It waits for nothing.
    pub fn is_taken(&self, subject: &Subject, key_sha256: &str) -> bool {
        self.before(subject, key_sha256) == Some(Applied::Taken)
    }

    /// Enrols `subject` with the key of this SHA-256, once and for all. It waits for the disk, and
    /// blocks the thread meanwhile; those that come at once wait for it together.
    ///
    /// # Errors
    /// The disk fails: the certificate must not be handed out.
    pub fn enrol(
        &self,
        subject: &Subject,
        key_sha256: &str,
        now: OffsetDateTime,
    ) -> Result<Applied, CaError> {
        if let Some(applied) = self.before(subject, key_sha256) {
            return Ok(applied);
        }
        let record = Record { moment: now.truncate_to_second(), key_sha256: key_sha256.to_owned() };
        if !is_record(subject, &record) {
            let reason = "neither that nor its key can be enrolled".to_owned();
            return Err(CaError::State { path: self.path.clone(), reason });
        }
        // Whoever waits already comes first.
        locked(&self.waiting).entry(subject.clone()).or_insert(record);
        let mut file = locked(&self.file);
        if let Some(applied) = self.before(subject, key_sha256) {
            return Ok(applied);
        }
        self.write_waiting(&mut file, now)?;
        self.before(subject, key_sha256).ok_or_else(|| {
            let error = io::Error::other("those that came at once could not be written");
            at(&self.path)(error)
        })
    }

    /// What an enrolment would come to that needs nothing to be written.
    fn before(&self, subject: &Subject, key_sha256: &str) -> Option<Applied> {
        let enrolled = self.enrolled.read().unwrap_or_else(PoisonError::into_inner);
        let record = enrolled.get(subject)?;
        let same = record.key_sha256 == key_sha256;
        Some(if same { Applied::Enrolled } else { Applied::Taken })
    }

    /// Adds all that wait to the file. Whether or not that succeeds, they wait no longer.
    fn write_waiting(&self, file: &mut Written, now: OffsetDateTime) -> Result<(), CaError> {
        let mut waiting = std::mem::take(&mut *locked(&self.waiting));
        let due = file.lines / FEW != (file.lines + waiting.len()) / FEW;
        self.tidy(file, due, now)?;
        // One may have come while another of that name was being written.
        waiting.retain(|subject, _| self.before(subject, "").is_none());
        let lines = waiting.iter().map(|(subject, record)| write(subject, record));
        let lines = lines.collect::<String>();
        // Until it is known what the disk has of it.
        file.sound = false;
        self.disk.append(&file.file, lines.as_bytes()).map_err(at(&self.path))?;
        file.sound = true;
        file.lines += waiting.len();
        self.enrolled.write().unwrap_or_else(PoisonError::into_inner).append(&mut waiting);
        Ok(())
    }

    /// Writes the file anew if its end is not known, or if that is `due` and most of it is not
    /// needed any more.
    fn tidy(&self, file: &mut Written, due: bool, now: OffsetDateTime) -> Result<(), CaError> {
        if file.sound && !due {
            return Ok(());
        }
        let needed = |subject: &Subject, record: &Record| match subject {
            Subject::Token(_) => true,
            Subject::Task(_) => now - record.moment < self.memory,
        };
        let mut kept = self.enrolled.read().unwrap_or_else(PoisonError::into_inner).clone();
        kept.retain(|subject, record| needed(subject, record));
        if file.sound && file.lines < 2 * kept.len() {
            return Ok(());
        }
        // It may get its place although the disk does not say so: then nothing is to be added to
        // the old one.
        file.sound = false;
        file.file = self.rewrite(&kept)?;
        (file.lines, file.sound) = (kept.len(), true);
        *self.enrolled.write().unwrap_or_else(PoisonError::into_inner) = kept;
        Ok(())
    }

    /// Puts a new file in the place of the old one. It is held before it gets there.
    fn rewrite(&self, kept: &Records) -> Result<File, CaError> {
        let next = self.path.with_file_name(NEXT);
        if next.exists() {
            self.disk.remove(&next).map_err(at(&next))?;
        }
        let lines = kept.iter().map(|(subject, record)| write(subject, record));
        let text = [HEADER.to_owned()].into_iter().chain(lines).collect::<String>();
        self.disk.create_file(&next, text.as_bytes()).map_err(at(&next))?;
        let file = hold(&next)?;
        self.disk.rename(&next, &self.path).map_err(at(&self.path))?;
        Ok(file)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Opens a file for reading and adding to it, if nobody else holds it.
fn hold(path: &Utf8Path) -> Result<File, CaError> {
    let file = OpenOptions::new().read(true).append(true).open(path).map_err(at(path))?;
    let metadata = file.metadata().map_err(at(path))?;
    refuse_exposed(path, &metadata)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(CaError::Busy(path.to_owned())),
        Err(TryLockError::Error(error)) => return Err(at(path)(error)),
    }
    // Whoever held it may have put another file in its place before letting go of it.
    match path.metadata() {
        Ok(there) if there.ino() == metadata.ino() => Ok(file),
        _ => Err(CaError::Busy(path.to_owned())),
    }
}
