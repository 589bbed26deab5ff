//! Where results go. All is staged first, in temporary files; only when the whole run has
//! succeeded do they take their places, each by a rename, or go to standard output.

use std::fs::Permissions;
use std::io::{self, Seek, Write};
use std::os::unix::fs::PermissionsExt;

use camino::{Utf8Path, Utf8PathBuf};
use tempfile::{NamedTempFile, SpooledTempFile, TempPath};

use crate::args::{Emit, InjectArgs};
use crate::exit::Failure;
use crate::inputs::Input;

/// What is held in memory before standard output is staged on disk.
const IN_MEMORY: usize = 16 * 1024 * 1024;

/// The results of a run, until they are released.
pub(crate) struct Outputs {
    to: To,
    /// Results that go to a stream, one after the other.
    stream: SpooledTempFile,
    /// Files that wait for their places; closed, for there can be more of them than a process may
    /// have open.
    files: Vec<(TempPath, Utf8PathBuf)>,
}

enum To {
    Stdout,
    /// A file that is written, not replaced: a terminal, a pipe, `/dev/null`.
    Special(Utf8PathBuf),
    File(Utf8PathBuf),
    Directory(Utf8PathBuf),
    InPlace,
}

/// One document's result on its way.
pub(crate) enum Staged<'o> {
    Stream(&'o mut SpooledTempFile),
    File(Box<NamedTempFile>, Utf8PathBuf),
}

impl Write for Staged<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stream(stream) => stream.write(bytes),
            Self::File(file, _) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stream(stream) => stream.flush(),
            Self::File(file, _) => file.flush(),
        }
    }
}

impl Outputs {
    /// The place that the arguments name, if it suits the inputs.
    pub(crate) fn new(args: &InjectArgs, inputs: &[Input]) -> Result<Self, Failure> {
        let to = match &args.output {
            _ if args.in_place => in_place(args, inputs)?,
            None => To::Stdout,
            Some(path) if path == "-" => To::Stdout,
            Some(path) if path.is_dir() => directory(path, inputs)?,
            Some(path) if path.exists() && !path.is_file() => To::Special(path.clone()),
            Some(_) if inputs.len() > 1 => {
                return Err(Failure::input("several inputs need a directory after --output")
                    .hint("create the directory first"));
            }
            Some(path) => To::File(path.clone()),
        };
        Ok(Self { to, stream: SpooledTempFile::new(IN_MEMORY), files: Vec::new() })
    }

    /// A place for the result of `input`.
    pub(crate) fn stage(&mut self, input: &Input) -> Result<Staged<'_>, Failure> {
        let target = match (&self.to, input) {
            (To::File(path), _) => path.clone(),
            (To::Directory(dir), Input::File { below, .. }) => dir.join(below),
            (To::InPlace, Input::File { path, .. }) => path.clone(),
            _ => return Ok(Staged::Stream(&mut self.stream)),
        };
        // A link stays a link: what it points to is replaced.
        let target = target.canonicalize_utf8().unwrap_or(target);
        let file = temporary_beside(&target)?;
        Ok(Staged::File(Box::new(file), target))
    }

    /// Keeps what was staged for the end of the run.
    pub(crate) fn keep(&mut self, file: NamedTempFile, target: Utf8PathBuf) -> io::Result<()> {
        file.as_file().sync_all()?;
        self.files.push((file.into_temp_path(), target));
        Ok(())
    }

    /// Whether an unchanged document needs to be written at all.
    pub(crate) fn only_changes(&self) -> bool {
        matches!(self.to, To::InPlace)
    }

    /// Releases everything.
    pub(crate) fn release(mut self) -> Result<(), Failure> {
        for (file, target) in self.files {
            if let Some(dir) = target.parent() {
                fs_err::create_dir_all(dir)?;
            }
            file.persist(&target)
                .map_err(|error| Failure::input(format!("{target}: {}", error.error)))?;
        }
        self.stream.rewind()?;
        match self.to {
            To::Stdout => pour(&mut self.stream, io::stdout().lock()),
            To::Special(path) => {
                pour(&mut self.stream, fs_err::OpenOptions::new().write(true).open(path)?)
            }
            To::File(_) | To::Directory(_) | To::InPlace => Ok(()),
        }
    }
}

fn pour(from: &mut SpooledTempFile, mut to: impl Write) -> Result<(), Failure> {
    io::copy(from, &mut to)?;
    Ok(to.flush()?)
}

fn in_place(args: &InjectArgs, inputs: &[Input]) -> Result<To, Failure> {
    if args.emit != Emit::Json {
        return Err(Failure::input("--in-place writes documents only")
            .hint("leave out --in-place, or --emit"));
    }
    if inputs.contains(&Input::Stdin) {
        return Err(Failure::input("standard input cannot be replaced")
            .hint("name the files, or leave out --in-place"));
    }
    Ok(To::InPlace)
}

/// A directory takes each result under the name that its input has.
fn directory(path: &Utf8Path, inputs: &[Input]) -> Result<To, Failure> {
    let mut names = Vec::new();
    for input in inputs {
        let Input::File { below, .. } = input else {
            return Err(Failure::input("standard input has no name to write it under")
                .hint("name a file after --output"));
        };
        if names.contains(&below) {
            return Err(Failure::input(format!(
                "two inputs would both be written to {path}/{below}"
            )));
        }
        names.push(below);
    }
    Ok(To::Directory(path.to_owned()))
}

/// A temporary file in the target's directory, so that a rename can put it in place, or in what
/// there is of the way to it; with the target's mode, or that of a new file.
fn temporary_beside(target: &Utf8Path) -> Result<NamedTempFile, Failure> {
    let dir = target.ancestors().skip(1).find(|dir| dir.exists()).unwrap_or(Utf8Path::new("."));
    let file = tempfile::Builder::new()
        .prefix(".inject-")
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(dir)
        .map_err(|error| Failure::input(format!("{dir}: {error}")))?;
    if let Ok(metadata) = fs_err::metadata(target) {
        file.as_file().set_permissions(metadata.permissions())?;
    }
    Ok(file)
}
