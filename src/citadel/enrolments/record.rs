//! One line of the file of the enrolled.

use std::fmt;
use std::str::FromStr;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::identity::Task;
use crate::identity::x509::rfc3339;

/// The first line: the version of the file's form.
pub(super) const HEADER: &str = "enrolments v1\n";

/// Who is enrolled once only.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A Mesos task.
    Task(Task),
    /// A token of a list, by its SHA-256 in hexadecimal.
    Token(String),
}

/// An enrolment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) moment: OffsetDateTime,
    /// The SHA-256 of the public key, in hexadecimal.
    pub(super) key_sha256: String,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Task(task) => write!(f, "task {task}"),
            Self::Token(sha256) => write!(f, "token {sha256}"),
        }
    }
}

impl FromStr for Subject {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text.split_once(' ') {
            Some(("task", task)) => task.parse().map(Self::Task).map_err(drop),
            Some(("token", sha256)) if is_sha256(sha256) => Ok(Self::Token(sha256.to_owned())),
            _ => Err(()),
        }
    }
}

/// The line of an enrolment.
pub(super) fn write(subject: &Subject, record: &Record) -> String {
    format!("{} {} {subject}\n", rfc3339(record.moment), record.key_sha256)
}

/// Whether the line of an enrolment would be read as what it is.
pub(super) fn is_record(subject: &Subject, record: &Record) -> bool {
    let line = write(subject, record);
    read(line.trim_end_matches('\n')).is_some_and(|(s, r)| s == *subject && r == *record)
}

/// The enrolments of a file, and whether it ends with its last line. If a line is none, its number,
/// from 1.
pub(super) fn parse(text: &[u8]) -> Result<(Vec<(Subject, Record)>, bool), usize> {
    let whole = text.ends_with(b"\n");
    // What stands behind the last end of a line was cut short.
    let end = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let mut lines = text[..end].split_inclusive(|byte| *byte == b'\n');
    if lines.next().is_some_and(|first| first != HEADER.as_bytes()) {
        return Err(1);
    }
    let records = lines.enumerate().map(|(at, line)| {
        let line = std::str::from_utf8(line).ok();
        line.and_then(|line| read(line.trim_end_matches('\n'))).ok_or(at + 2)
    });
    Ok((records.collect::<Result<_, _>>()?, whole))
}

fn read(line: &str) -> Option<(Subject, Record)> {
    let mut parts = line.splitn(3, ' ');
    let (moment, key, subject) = (parts.next()?, parts.next()?, parts.next()?);
    let moment = OffsetDateTime::parse(moment, &Rfc3339).ok()?;
    let key_sha256 = Some(key).filter(|key| is_sha256(key))?.to_owned();
    Some((subject.parse().ok()?, Record { moment, key_sha256 }))
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
