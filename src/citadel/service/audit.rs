//! The audit log: a line of JSON for each certificate that is handed out and for each that is not.
//! It has no token and no key in it.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::sync::{Mutex, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};
use serde::Serialize;
use time::OffsetDateTime;

use crate::citadel::attest::{Attested, Method};
use crate::identity::Task;

/// More of what a stranger wrote is not repeated, in characters.
const LONGEST: usize = 512;

/// Where the lines go.
pub struct AuditLog {
    path: Option<Utf8PathBuf>,
    out: Mutex<Out>,
}

struct Out {
    to: Box<dyn Write + Send>,
    /// Whether the last line was not written whole.
    torn: bool,
}

/// A decision.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entry {
    #[serde(with = "time::serde::rfc3339")]
    pub(super) time: OffsetDateTime,
    /// Where the request came from.
    pub(super) peer: String,
    pub(super) api: &'static str,
    /// By what the caller was attested.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "method")]
    pub(super) method: Option<Method>,
    /// Who was attested; nobody before that.
    #[serde(flatten)]
    pub(super) attested: Option<Who>,
    /// Who it says to be, as long as nobody was attested.
    #[serde(flatten)]
    pub(super) claimed: Option<Claimed>,
    /// The names that the CSR asks for.
    pub(super) requested: Vec<String>,
    /// The SHA-256 of the public key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) key_sha256: Option<String>,
    /// How long it was to live, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ttl: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) serial: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    pub(super) not_after: Option<OffsetDateTime>,
    pub(super) result: Outcome,
    /// The code of gRPC and why there is none.
    #[serde(flatten)]
    pub(super) refused: Option<Refused>,
}

/// Who was attested.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Who {
    identity: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pod: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    task: Option<String>,
}

/// What nobody has checked.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Claimed {
    #[serde(skip_serializing_if = "Option::is_none")]
    claimed_identity: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    claimed_pod: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    claimed_task: Option<String>,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Outcome {
    Issued,
    Refused,
}

/// Why there is no certificate.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Refused {
    pub(super) code: String,
    pub(super) reason: String,
}

impl AuditLog {
    /// One on standard output.
    pub fn stdout() -> Self {
        Self { path: None, out: Mutex::new(Out::new(Box::new(io::stdout()))) }
    }

    /// One at the end of a file, which is made if it is not there, for its owner alone.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn file(path: &Utf8Path) -> io::Result<Self> {
        let out = Out::new(Box::new(open(path)?));
        Ok(Self { path: Some(path.to_owned()), out: Mutex::new(out) })
    }

    /// Opens the file anew: somebody may have moved the old one away.
    ///
    /// # Errors
    /// There can be no new one; then the lines go where they went.
    pub fn reopen(&self) -> io::Result<()> {
        if let Some(path) = &self.path {
            let anew = Out::new(Box::new(open(path)?));
            *self.out.lock().unwrap_or_else(PoisonError::into_inner) = anew;
        }
        Ok(())
    }

    /// Writes a line. It may block.
    ///
    /// # Errors
    /// It was not written whole.
    pub(super) fn write(&self, entry: &Entry) -> io::Result<()> {
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        self.out.lock().unwrap_or_else(PoisonError::into_inner).write(&line)
    }
}

impl Out {
    fn new(to: Box<dyn Write + Send>) -> Self {
        Self { to, torn: false }
    }

    fn write(&mut self, line: &[u8]) -> io::Result<()> {
        // What there is of the last line does not spoil this one.
        let begin: &[u8] = if self.torn { b"\n" } else { b"" };
        let written = self.to.write_all(&[begin, line].concat()).and_then(|()| self.to.flush());
        self.torn = written.is_err();
        written
    }
}

fn open(path: &Utf8Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(0o600).open(path)
}

impl Entry {
    /// Notes who was attested; what was claimed says no more.
    pub(super) fn attested(&mut self, attested: &Attested) {
        let Attested { identity, task, method } = attested;
        let (pod, id) = (task.as_ref().map(Task::pod), task.as_ref().map(Task::id));
        self.method = Some(*method);
        self.attested = Some(Who {
            identity: identity.to_string(),
            pod: pod.map(str::to_owned),
            task: id.map(str::to_owned),
        });
        self.claimed = None;
    }
}

impl Claimed {
    /// What a stranger says of himself, cut to a length.
    pub(super) fn new(identity: Option<String>, pod: Option<String>, task: Option<String>) -> Self {
        let cut = |text: Option<String>| text.map(|text| text.chars().take(LONGEST).collect());
        Self { claimed_identity: cut(identity), claimed_pod: cut(pod), claimed_task: cut(task) }
    }
}

impl Refused {
    pub(super) fn new(code: tonic::Code, reason: &str) -> Self {
        let reason = reason.chars().take(LONGEST).collect();
        Self { code: format!("{code:?}"), reason }
    }
}

fn method<S: serde::Serializer>(method: &Option<Method>, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(match method {
        Some(Method::Token) => "token",
        Some(Method::Certificate) => "certificate",
        None => "none",
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    /// A disk that takes so many bytes at a time, the last first, and then any number.
    struct Disk {
        room: Vec<usize>,
        written: Arc<Mutex<Vec<u8>>>,
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let fits = bytes.len().min(self.room.pop().unwrap_or(usize::MAX));
            if fits == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.written.lock().unwrap().extend(&bytes[..fits]);
            Ok(fits)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_that_was_not_written_whole_does_not_spoil_the_next() {
        let written = Arc::default();
        let disk = Disk { room: vec![0, 3], written: Arc::clone(&written) };
        let mut out = Out::new(Box::new(disk));
        assert_eq!(out.write(b"first\n").unwrap_err().kind(), io::ErrorKind::StorageFull);
        out.write(b"second\n").unwrap();
        out.write(b"third\n").unwrap();
        assert_eq!(*written.lock().unwrap(), b"fir\nsecond\nthird\n");
    }
}
