//! Where bundles go. All is staged first, under names of its own; then it takes its place, each
//! archive and each directory by one rename.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, IsTerminal, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use camino::{Utf8Path, Utf8PathBuf};
use marathon_inject::command_line::Failure;
use marathon_inject::identity::x509::Bundle;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use tempfile::{NamedTempFile, TempDir};
use zeroize::Zeroizing;

/// The directory that holds a bundle's files, in an archive as on disk.
pub(crate) const CERTS: &str = "certs";

const ARCHIVES: [&str; 2] = [".tgz", ".tar.gz"];
const OTHER_ARCHIVES: [&str; 6] = [".tar", ".zip", ".tbz2", ".txz", ".bz2", ".xz"];

/// Where one bundle goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Stdout,
    Archive(Utf8PathBuf),
    /// `certs/` below this.
    Directory(Utf8PathBuf),
}

impl Target {
    /// What the name of an output means.
    pub(crate) fn of(output: &Utf8Path) -> Result<Self, Failure> {
        let ends =
            |endings: &[&str]| endings.iter().any(|ending| output.as_str().ends_with(ending));
        match output {
            _ if output == "-" && io::stdout().is_terminal() => {
                Err(Failure::input("a private key does not belong on a terminal")
                    .hint("name a file with --output, or pipe it on"))
            }
            _ if output == "-" => Ok(Self::Stdout),
            _ if output.is_dir() => Ok(Self::Directory(output.to_owned())),
            _ if ends(&ARCHIVES) => Ok(Self::Archive(output.to_owned())),
            _ if ends(&OTHER_ARCHIVES) => {
                Err(Failure::input(format!("{output}: archives are made as .tgz or .tar.gz")))
            }
            _ => Ok(Self::Directory(output.to_owned())),
        }
    }
}

/// A directory to put something in. One that had to be made goes again if it stays empty.
pub(crate) struct OutputDirectory {
    path: Utf8PathBuf,
    made: bool,
}

impl OutputDirectory {
    /// The directory of that path, made if it is not there.
    pub(crate) fn new(path: &Utf8Path) -> Result<Self, Failure> {
        let made = match fs::create_dir(path) {
            Ok(()) => true,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => false,
            Err(error) => return Err(Failure::at(path, &error)),
        };
        Ok(Self { path: path.to_owned(), made })
    }
}

impl Drop for OutputDirectory {
    fn drop(&mut self) {
        if self.made {
            // Nothing happens to one that is not empty.
            let _ = fs::remove_dir(&self.path);
        }
    }
}

/// A file on its way to its place.
pub(crate) struct StagedFile {
    file: NamedTempFile,
    target: Utf8PathBuf,
}

impl StagedFile {
    /// Writes a file that only its owner can read, beside its place.
    pub(crate) fn beside(target: &Utf8Path, content: &[u8]) -> Result<Self, Failure> {
        Self::stage(directory_of(target), target.to_owned(), content)
    }

    /// Writes a file that only its owner can read, in the directory below which its place is.
    pub(crate) fn below(
        dir: &OutputDirectory,
        place: &Utf8Path,
        content: &[u8],
    ) -> Result<Self, Failure> {
        Self::stage(&dir.path, dir.path.join(place), content)
    }

    fn stage(dir: &Utf8Path, target: Utf8PathBuf, content: &[u8]) -> Result<Self, Failure> {
        let wrong = |error: io::Error| Failure::at(&target, &error);
        refuse_obstacle(&target).map_err(wrong)?;
        let mut file = NamedTempFile::new_in(dir).map_err(wrong)?;
        let written = file.write_all(content).and_then(|()| file.as_file().sync_all());
        written.map_err(wrong)?;
        Ok(Self { file, target })
    }

    /// Gives it its name, in a directory that is made if need be.
    pub(crate) fn release(self) -> Result<(), Failure> {
        let wrong = |error: io::Error| Failure::at(&self.target, &error);
        let dir = directory_of(&self.target);
        fs::create_dir_all(dir).map_err(wrong)?;
        self.file.persist(&self.target).map_err(|error| wrong(error.error))?;
        sync(dir).map_err(wrong)
    }
}

/// What no file can be put over, or into, is found before anything is promised or released.
fn refuse_obstacle(target: &Utf8Path) -> io::Result<()> {
    if target.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    match target.ancestors().skip(1).find(|dir| dir.symlink_metadata().is_ok()) {
        Some(dir) if !dir.is_dir() => Err(io::ErrorKind::NotADirectory.into()),
        _ => Ok(()),
    }
}

/// The directory `certs/` on its way to its place.
pub(crate) struct StagedDirectory {
    new: TempDir,
    target: Utf8PathBuf,
    /// Last, for it can go only after what is in it.
    _below: OutputDirectory,
}

impl StagedDirectory {
    /// Writes the files of a bundle beside their place below `dir`.
    pub(crate) fn new(dir: &Utf8Path, bundle: &Bundle) -> Result<Self, Failure> {
        let target = dir.join(CERTS);
        let wrong = |error: io::Error| Failure::at(&target, &error);
        refuse_others(&target, bundle)?;
        let below = OutputDirectory::new(dir)?;
        let new = TempDir::with_prefix_in(".certs-", dir).map_err(wrong)?;
        for (name, content, mode) in bundle.files() {
            put(&new.path().join(name), content, mode).map_err(wrong)?;
        }
        fs::set_permissions(new.path(), Permissions::from_mode(0o755)).map_err(wrong)?;
        Ok(Self { new, target, _below: below })
    }

    /// Puts it in its place, and removes what was there.
    pub(crate) fn release(self) -> Result<(), Failure> {
        let wrong = |error: io::Error| {
            Failure::at(&self.target, &error).hint("write an archive instead, or remove it first")
        };
        if self.target.exists() {
            // The old files go with the temporary directory, whose name they now have.
            let (new, target) = (self.new.path(), self.target.as_str());
            renameat_with(CWD, new, CWD, target, RenameFlags::EXCHANGE)
                .map_err(|error| wrong(error.into()))?;
        } else {
            fs::rename(self.new.path(), &self.target).map_err(wrong)?;
        }
        sync(directory_of(&self.target)).map_err(wrong)
    }
}

/// Files that are not the bundle's would be lost with the directory.
fn refuse_others(target: &Utf8Path, bundle: &Bundle) -> Result<(), Failure> {
    let entries = match target.read_dir_utf8() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(|error| Failure::at(target, &error))?,
    };
    for entry in entries {
        let entry = entry.map_err(|error| Failure::at(target, &error))?;
        if bundle.files().iter().all(|(name, ..)| *name != entry.file_name()) {
            let words = format!("{} is none of a bundle's files; it would be lost", entry.path());
            return Err(Failure::input(words).hint("move it away, or name another directory"));
        }
    }
    Ok(())
}

fn put(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    // Whatever the umask says: istio-init runs as root, but others read the roots.
    file.set_permissions(Permissions::from_mode(mode))?;
    file.write_all(content)?;
    file.sync_all()
}

fn directory_of(path: &Utf8Path) -> &Utf8Path {
    match path.parent() {
        Some(parent) if !parent.as_str().is_empty() => parent,
        _ => Utf8Path::new("."),
    }
}

fn sync(dir: &Utf8Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// One bundle on its way to its place.
pub(crate) enum Staged {
    Stdout(Zeroizing<Vec<u8>>),
    File(StagedFile),
    Directory(StagedDirectory),
}

impl Staged {
    pub(crate) fn release(self) -> Result<(), Failure> {
        match self {
            Self::Stdout(archive) => {
                let mut out = io::stdout().lock();
                out.write_all(&archive)?;
                Ok(out.flush()?)
            }
            Self::File(file) => file.release(),
            Self::Directory(directory) => directory.release(),
        }
    }
}
