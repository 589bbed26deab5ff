//! Documents to read: files, the JSON files of directories, standard input.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read};

use camino::{Utf8Path, Utf8PathBuf};

use super::{Failure, printable};
use crate::document::{Diagnostic, MAX_BYTES, Source};

/// One document to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// Standard input.
    Stdin,
    /// A file.
    File {
        /// Where it is.
        path: Utf8PathBuf,
        /// Its place below the directory that named it.
        below: Utf8PathBuf,
    },
}

/// Why an input gives no text.
#[derive(Debug)]
pub enum Unreadable {
    /// It cannot be read.
    Failed(Failure),
    /// It is no UTF-8: its text as far as that goes, and the fault to be shown in it.
    NoText(Source, Box<Diagnostic>),
}

impl Input {
    /// The file of that path.
    pub fn named(path: &Utf8Path) -> Self {
        let below = path.file_name().unwrap_or(path.as_str()).into();
        Self::File { path: path.to_owned(), below }
    }

    /// The name.
    pub fn name(&self) -> &str {
        match self {
            Self::Stdin => "<stdin>",
            Self::File { path, .. } => path.as_str(),
        }
    }

    /// Reads it. The source has a name that can be shown to people.
    ///
    /// # Errors
    /// It cannot be read, is too large, or is no UTF-8.
    pub fn read(&self) -> Result<Source, Unreadable> {
        let bytes = match self {
            Self::Stdin => bounded(io::stdin().lock()),
            Self::File { path, .. } => File::open(path).and_then(bounded),
        };
        let bytes = bytes.map_err(|error| Failure::at(self.name(), &error))?;
        if bytes.len() > MAX_BYTES {
            let limit = MAX_BYTES / (1024 * 1024);
            let words = format!("{}: larger than {limit} MiB", self.name());
            return Err(Failure::input(words).into());
        }
        Source::from_bytes(printable(self.name()), bytes)
            .map_err(|(source, fault)| Unreadable::NoText(source, fault))
    }
}

impl From<Failure> for Unreadable {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// One byte more than is allowed tells that there is too much.
fn bounded(from: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The documents that a path names, in order: a file, the `.json` files below a directory, or for
/// `-` standard input. What cannot be found is a failure, and the others are named nevertheless.
pub fn documents(path: &Utf8Path) -> (Vec<Input>, Vec<Failure>) {
    let mut found = Documents::default();
    match path.metadata() {
        _ if path == "-" => found.inputs.push(Input::Stdin),
        Err(error) => found.failures.push(Failure::at(path, &error)),
        Ok(metadata) if metadata.is_dir() => found.directory(path),
        Ok(_) => found.inputs.push(Input::named(path)),
    }
    (found.inputs, found.failures)
}

#[derive(Default)]
struct Documents {
    inputs: Vec<Input>,
    failures: Vec<Failure>,
}

impl Documents {
    /// A directory that is to hold something.
    fn directory(&mut self, dir: &Utf8Path) {
        self.walk(dir, Utf8Path::new(""));
        if self.inputs.is_empty() && self.failures.is_empty() {
            let words = format!("{dir}: no .json files in this directory");
            self.failures.push(Failure::input(words));
        }
    }

    /// The `.json` files below a directory, sorted. Hidden entries are passed over, and links to
    /// directories, which could go round in circles.
    fn walk(&mut self, dir: &Utf8Path, below: &Utf8Path) {
        let entries = entries(dir).unwrap_or_else(|error| {
            self.failures.push(Failure::at(dir, &error));
            Vec::new()
        });
        for (name, is_dir) in entries {
            let Ok(name) = name.into_string().map_err(|name| {
                let words = format!("{dir}: the file name {name:?} is not UTF-8");
                self.failures.push(Failure::input(words));
            }) else {
                continue;
            };
            let (path, below) = (dir.join(&name), below.join(&name));
            if name.starts_with('.') {
                continue;
            } else if is_dir {
                self.walk(&path, &below);
            } else if path.extension() == Some("json") && path.is_file() {
                self.inputs.push(Input::File { path, below });
            }
        }
    }
}

/// A directory's names, sorted, and whether each is a directory.
fn entries(dir: &Utf8Path) -> io::Result<Vec<(OsString, bool)>> {
    let entries = fs::read_dir(dir)?.map(|entry| {
        let entry = entry?;
        Ok((entry.file_name(), entry.file_type()?.is_dir()))
    });
    let mut entries = entries.collect::<io::Result<Vec<_>>>()?;
    entries.sort();
    Ok(entries)
}
