//! Where results go. All is staged first, in temporary files; only when the whole run has
//! succeeded do they take their places, each by a rename, or go to standard output.

use std::collections::BTreeSet;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Seek, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};

use camino::{Utf8Path, Utf8PathBuf};
use marathon_inject::command_line::{Failure, Input};
use tempfile::{NamedTempFile, SpooledTempFile, TempPath};

use crate::args::{Emit, OutputArgs};

/// What is held in memory before standard output is staged on disk.
const IN_MEMORY: usize = 16 * 1024 * 1024;

/// How many links in a row are followed, as Linux does.
const MOST_LINKS: usize = 40;

/// The results of a run, until they are released.
pub(crate) struct Outputs {
    to: To,
    /// Results that go to a stream, one after the other.
    stream: SpooledTempFile,
    /// Files that wait for their places; closed, for there can be more of them than a process may
    /// have open.
    files: Vec<(TempPath, Target)>,
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
    File(Box<NamedTempFile>, Target),
    /// Its place has a fault, which is reported; the document's own are still to be found.
    Nowhere,
}

/// A file's place.
pub(crate) struct Target {
    /// As the arguments name it, for people.
    name: Utf8PathBuf,
    /// What is replaced: where `name` is a link, what it points to.
    path: Utf8PathBuf,
}

impl Write for Staged<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stream(stream) => stream.write(bytes),
            Self::File(file, _) => file.write(bytes),
            Self::Nowhere => Ok(bytes.len()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stream(stream) => stream.flush(),
            Self::File(file, _) => file.flush(),
            Self::Nowhere => Ok(()),
        }
    }
}

impl Outputs {
    /// The place that the arguments name, if it suits the inputs.
    pub(crate) fn new(args: &OutputArgs, inputs: &[Input]) -> Result<Self, Failure> {
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

    /// A place for the result of `input`, if its file can be put there.
    pub(crate) fn stage(&mut self, input: &Input) -> Result<Staged<'_>, Failure> {
        let name = match (&self.to, input) {
            (To::File(path), _) => path.clone(),
            (To::Directory(dir), Input::File { below, .. }) => dir.join(below),
            (To::InPlace, Input::File { path, .. }) => path.clone(),
            _ => return Ok(Staged::Stream(&mut self.stream)),
        };
        let path = resolved(&name);
        let file = temporary_beside(&path).map_err(|error| Failure::at(&name, &error))?;
        Ok(Staged::File(Box::new(file), Target { name, path }))
    }

    /// Keeps what was staged for the end of the run.
    pub(crate) fn keep(&mut self, file: NamedTempFile, target: Target) -> io::Result<()> {
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
        put_in_place(self.files)?;
        self.stream.rewind()?;
        match self.to {
            To::Stdout => pour(&mut self.stream, io::stdout().lock()),
            To::Special(path) => {
                let file = OpenOptions::new().write(true).open(&path);
                pour(&mut self.stream, file.map_err(|error| Failure::at(&path, &error))?)
            }
            To::File(_) | To::Directory(_) | To::InPlace => Ok(()),
        }
    }
}

fn pour(from: &mut SpooledTempFile, mut to: impl Write) -> Result<(), Failure> {
    io::copy(from, &mut to)?;
    Ok(to.flush()?)
}

fn in_place(args: &OutputArgs, inputs: &[Input]) -> Result<To, Failure> {
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
    let mut names = BTreeSet::new();
    for input in inputs {
        let Input::File { below, .. } = input else {
            return Err(Failure::input("standard input has no name to write it under")
                .hint("name a file after --output"));
        };
        if !names.insert(below.as_path()) {
            return Err(Failure::input(format!(
                "two inputs would both be written to {path}/{below}"
            )));
        }
    }
    let mut above = names.iter().flat_map(|name| name.ancestors().skip(1));
    if let Some(both) = above.find(|dir| names.contains(dir)) {
        return Err(Failure::input(format!(
            "{path}/{both} would have to be both a file and a directory"
        )));
    }
    Ok(To::Directory(path.to_owned()))
}

/// A link stays a link: what it points to is replaced, or made where there is nothing yet.
fn resolved(name: &Utf8Path) -> Utf8PathBuf {
    let mut path = name.to_owned();
    for _ in 0..MOST_LINKS {
        if let Ok(path) = path.canonicalize_utf8() {
            return path;
        }
        let Ok(to) = path.read_link_utf8() else { break };
        path = path.parent().unwrap_or(Utf8Path::new("")).join(to);
    }
    path
}

/// A temporary file in the target's directory, so that a rename can put it in place, or in what
/// there is of the way to it; with the target's mode and owner, or those of a new file.
fn temporary_beside(target: &Utf8Path) -> io::Result<NamedTempFile> {
    let before = match target.metadata() {
        Ok(metadata) if metadata.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        metadata => metadata.ok(),
    };
    // A link that points nowhere is in the way, too.
    let there = |dir: &&Utf8Path| dir.symlink_metadata().is_ok();
    let dir = target.ancestors().skip(1).find(there).unwrap_or(Utf8Path::new("."));
    // tempfile's own way to open it would tell the temporary name.
    let file = tempfile::Builder::new().prefix(".inject-").make_in(dir, |path| {
        OpenOptions::new().read(true).write(true).create_new(true).mode(0o666).open(path)
    })?;
    if let Some(before) = before {
        look_alike(file.as_file(), &before)?;
    }
    Ok(file)
}

/// Gives a file the owner that another has, as far as that is permitted, and its mode.
fn look_alike(file: &File, before: &Metadata) -> io::Result<()> {
    let (user, group) = (Some(before.uid()), Some(before.gid()));
    if fchown(file, user, group).is_err() {
        // Only root gives files away; a group of one's own is open to all.
        let _ = fchown(file, None, group);
    }
    // Last, for another owner takes bits off.
    file.set_permissions(before.permissions())
}

/// Puts all files in their places; before the first one goes, every directory is there.
fn put_in_place(files: Vec<(TempPath, Target)>) -> Result<(), Failure> {
    let mut made = Vec::new();
    let done = make_directories(&files, &mut made).and_then(|()| rename(files));
    if done.is_err() {
        // Those that hold something by now stay.
        for dir in made.iter().rev() {
            let _ = fs::remove_dir(dir);
        }
    }
    done
}

fn make_directories(
    files: &[(TempPath, Target)],
    made: &mut Vec<Utf8PathBuf>,
) -> Result<(), Failure> {
    for (_, target) in files {
        let above = target.path.ancestors().skip(1);
        let missing: Vec<_> =
            above.take_while(|dir| !dir.as_str().is_empty() && !dir.is_dir()).collect();
        for dir in missing.into_iter().rev() {
            match fs::create_dir(dir) {
                Ok(()) => made.push(dir.to_owned()),
                Err(_) if dir.is_dir() => {}
                Err(error) => return Err(Failure::at(dir, &error)),
            }
        }
    }
    Ok(())
}

fn rename(files: Vec<(TempPath, Target)>) -> Result<(), Failure> {
    let mut replaced = Vec::new();
    for (file, Target { name, path }) in files {
        if let Err(error) = file.persist(&path) {
            let so_far = match replaced.as_slice() {
                [] => "nothing was written".to_owned(),
                names => format!("already written: {}", names.join(", ")),
            };
            return Err(Failure::input(format!("{name}: {}; {so_far}", error.error)));
        }
        replaced.push(name.into_string());
    }
    Ok(())
}
