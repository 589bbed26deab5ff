//! What to read: files, the JSON files of directories, standard input.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, IsTerminal, Read};

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};
use clap::CommandFactory;
use marathon_inject::document::{Diagnostic, MAX_BYTES, Source};

use crate::args::{Cli, InjectArgs};
use crate::exit::Failure;
use crate::report::Report;

/// One document to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// Standard input.
    Stdin,
    /// A file, and its place below the directory that named it.
    File { path: Utf8PathBuf, below: Utf8PathBuf },
}

impl Input {
    /// A file.
    pub(crate) fn named(path: &Utf8Path) -> Self {
        let below = path.file_name().unwrap_or(path.as_str()).into();
        Self::File { path: path.to_owned(), below }
    }

    /// The name for people.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Stdin => "<stdin>",
            Self::File { path, .. } => path.as_str(),
        }
    }

    /// The name in a diff, one that patch(1) takes: no root, and no way up, before it.
    pub(crate) fn name_in_diff(&self) -> String {
        let Self::File { path, .. } = self else {
            return "stdin".to_owned();
        };
        let named = |part: &Utf8Component<'_>| matches!(part, Utf8Component::Normal(_));
        let below = path.components().skip_while(|part| !named(part));
        below.collect::<Utf8PathBuf>().into_string()
    }

    /// Reads it. Bytes that are no UTF-8 come back as a fault to be shown.
    pub(crate) fn read(&self) -> Result<Result<Source, (Source, Box<Diagnostic>)>, Failure> {
        let bytes = match self {
            Self::Stdin => bounded(io::stdin().lock()),
            Self::File { path, .. } => File::open(path).and_then(bounded),
        };
        let bytes = bytes.map_err(|error| Failure::at(self.name(), &error))?;
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

/// The documents that the arguments name, in order. One that cannot be found is a fault, and the
/// others are named nevertheless.
pub(crate) fn inputs(args: &InjectArgs, report: &mut Report) -> Result<Vec<Input>, Failure> {
    let named: Vec<_> = args.inputs.iter().chain(&args.filenames).collect();
    if named.is_empty() {
        return if io::stdin().is_terminal() { Err(usage()) } else { Ok(vec![Input::Stdin]) };
    }
    let inputs: Vec<_> = named.into_iter().flat_map(|path| expand(path, report)).collect();
    match inputs.iter().filter(|input| **input == Input::Stdin).count() {
        0 | 1 => Ok(inputs),
        _ => Err(Failure::input("standard input can be read only once")),
    }
}

fn usage() -> Failure {
    let help = Cli::command().render_help();
    Failure::input(format!("nothing to read: name a file, or pipe a pod in\n\n{help}"))
}

fn expand(path: &Utf8Path, report: &mut Report) -> Vec<Input> {
    if path == "-" {
        return vec![Input::Stdin];
    }
    let mut files = Vec::new();
    match path.metadata() {
        Err(error) => report.fault(&Failure::at(path, &error)),
        Ok(metadata) if metadata.is_dir() => {
            let before = report.errors();
            walk(path, Utf8Path::new(""), &mut files, report);
            if files.is_empty() && report.errors() == before {
                let words = format!("{path}: no .json files in this directory");
                report.fault(&Failure::input(words));
            }
        }
        Ok(_) => {
            let below = path.file_name().unwrap_or(path.as_str()).into();
            files.push(Input::File { path: path.to_owned(), below });
        }
    }
    files
}

/// The `.json` files below a directory, sorted. Hidden entries are passed over, and links to
/// directories, which could go round in circles.
fn walk(dir: &Utf8Path, below: &Utf8Path, files: &mut Vec<Input>, report: &mut Report) {
    let entries = entries(dir).unwrap_or_else(|error| {
        report.fault(&Failure::at(dir, &error));
        Vec::new()
    });
    for (name, is_dir) in entries {
        let Ok(name) = name.into_string().map_err(|name| {
            let words = format!("{dir}: the file name {name:?} is not UTF-8");
            report.fault(&Failure::input(words));
        }) else {
            continue;
        };
        let (path, below) = (dir.join(&name), below.join(&name));
        if name.starts_with('.') {
            continue;
        } else if is_dir {
            walk(&path, &below, files, report);
        } else if path.extension() == Some("json") && path.is_file() {
            files.push(Input::File { path, below });
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
