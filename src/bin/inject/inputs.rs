//! What to read: files, the JSON files of directories, standard input.

use std::io::{self, IsTerminal, Read};

use camino::{Utf8Path, Utf8PathBuf};
use clap::CommandFactory;
use marathon_inject::document::{Diagnostic, MAX_BYTES, Source};

use crate::args::{Cli, InjectArgs};
use crate::exit::Failure;

/// One document to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// Standard input.
    Stdin,
    /// A file, and its place below the directory that named it.
    File { path: Utf8PathBuf, below: Utf8PathBuf },
}

impl Input {
    /// The name for people.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Stdin => "<stdin>",
            Self::File { path, .. } => path.as_str(),
        }
    }

    /// Reads it. Bytes that are no UTF-8 come back as a fault to be shown.
    pub(crate) fn read(&self) -> Result<Result<Source, (Source, Box<Diagnostic>)>, Failure> {
        let bytes = match self {
            Self::Stdin => bounded(io::stdin().lock()),
            Self::File { path, .. } => fs_err::File::open(path).and_then(bounded),
        };
        let bytes = bytes.map_err(|error| Failure::input(format!("{}: {error}", self.name())))?;
        if bytes.len() > MAX_BYTES {
            let limit = MAX_BYTES / (1024 * 1024);
            return Err(Failure::input(format!("{}: larger than {limit} MiB", self.name())));
        }
        Ok(Source::from_bytes(self.name(), bytes))
    }
}

/// One byte more than is allowed tells that there is too much.
fn bounded(from: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The documents that the arguments name, in order.
pub(crate) fn inputs(args: &InjectArgs) -> Result<Vec<Input>, Failure> {
    let named: Vec<_> = args.inputs.iter().chain(&args.filenames).collect();
    if named.is_empty() {
        return if io::stdin().is_terminal() { Err(usage()) } else { Ok(vec![Input::Stdin]) };
    }
    let mut inputs = Vec::new();
    for path in named {
        inputs.extend(expand(path)?);
    }
    match inputs.iter().filter(|input| **input == Input::Stdin).count() {
        0 | 1 => Ok(inputs),
        _ => Err(Failure::input("standard input can be read only once")),
    }
}

fn usage() -> Failure {
    let help = Cli::command().render_help();
    Failure::input(format!("nothing to read: name a file, or pipe a pod in\n\n{help}"))
}

fn expand(path: &Utf8Path) -> Result<Vec<Input>, Failure> {
    if path == "-" {
        return Ok(vec![Input::Stdin]);
    }
    let metadata = path.metadata().map_err(|error| Failure::input(format!("{path}: {error}")))?;
    if !metadata.is_dir() {
        let below = path.file_name().unwrap_or(path.as_str()).into();
        return Ok(vec![Input::File { path: path.to_owned(), below }]);
    }
    let mut files = Vec::new();
    walk(path, Utf8Path::new(""), &mut files)?;
    if files.is_empty() {
        return Err(Failure::input(format!("{path}: no .json files in this directory")));
    }
    Ok(files)
}

/// The `.json` files below a directory, sorted. Hidden entries are passed over, and links to
/// directories, which could go round in circles.
fn walk(dir: &Utf8Path, below: &Utf8Path, files: &mut Vec<Input>) -> Result<(), Failure> {
    let mut names = Vec::new();
    for entry in fs_err::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name().into_string();
        let name = name.map_err(|name| {
            Failure::input(format!("{dir}: the file name {name:?} is not UTF-8"))
        })?;
        names.push((name, entry.file_type()?.is_dir()));
    }
    names.sort();
    for (name, is_dir) in names {
        let (path, below) = (dir.join(&name), below.join(&name));
        if name.starts_with('.') {
            continue;
        } else if is_dir {
            walk(&path, &below, files)?;
        } else if path.extension() == Some("json") && path.is_file() {
            files.push(Input::File { path, below });
        }
    }
    Ok(())
}
