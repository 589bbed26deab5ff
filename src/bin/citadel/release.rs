//! Where bundles go. All is staged first, each beside its place; then it takes that, each archive
//! and each directory by one rename within a directory.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, IsTerminal, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use camino::{Utf8Path, Utf8PathBuf};
use marathon_inject::bundle::CERTS;
use marathon_inject::citadel::directory_of;
use marathon_inject::command_line::{Failure, print};
use marathon_inject::identity::x509::Bundle;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use zeroize::Zeroizing;

use crate::underway::Underway;

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
            _ if output.as_str().is_empty() => {
                Err(Failure::input("the name after --output is empty"))
            }
            _ if output.is_dir() => Ok(Self::Directory(output.to_owned())),
            _ if ends(&ARCHIVES) => Ok(Self::Archive(output.to_owned())),
            _ if ends(&OTHER_ARCHIVES) => {
                Err(Failure::input(format!("{output}: archives are made as .tgz or .tar.gz")))
            }
            _ => Ok(Self::Directory(output.to_owned())),
        }
    }

    /// The file or directory that takes the bundle.
    pub(crate) fn place(&self) -> Option<Utf8PathBuf> {
        match self {
            Self::Stdout => None,
            Self::Archive(path) => Some(path.clone()),
            Self::Directory(path) => Some(path.join(CERTS)),
        }
    }
}

/// Refuses a place in the directory of the CA: what lies there is neither to be published nor taken
/// for a bundle.
pub(crate) fn refuse_within(ca: &Utf8Path, place: &Utf8Path) -> Result<(), Failure> {
    let there = |path: &Utf8Path| match path.as_str() {
        "" => Utf8Path::new(".").canonicalize(),
        _ => path.canonicalize(),
    };
    // A link in that very place is replaced, not followed.
    let dir = place.ancestors().skip(1).find_map(|dir| there(dir).ok());
    match (dir, there(ca)) {
        (Some(dir), Ok(ca)) if dir.starts_with(&ca) => {
            Err(Failure::input(format!("{place} is in the directory of the CA"))
                .hint("name another place, for bundles leave the CA and the CA does not"))
        }
        _ => Ok(()),
    }
}

/// The directories that had to be made. Those that stay empty go again.
#[derive(Default)]
pub(crate) struct MadeDirectories(Vec<Utf8PathBuf>);

impl MadeDirectories {
    /// Makes a directory, if it is not there, in one that is.
    pub(crate) fn make(&mut self, path: &Utf8Path) -> Result<(), Failure> {
        // Whatever the umask says: nobody else may change what is in it.
        match DirBuilder::new().mode(0o755).create(path) {
            Ok(()) => self.0.push(path.to_owned()),
            Err(_) if path.is_dir() => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(Failure::at(path, &io::ErrorKind::NotADirectory.into()));
            }
            Err(error) => return Err(Failure::at(path, &error)),
        }
        Ok(())
    }
}

impl Drop for MadeDirectories {
    fn drop(&mut self) {
        for path in self.0.iter().rev() {
            // Nothing happens to one that is not empty.
            let _ = fs::remove_dir(path);
        }
    }
}

/// A file on its way to its place.
pub(crate) struct StagedFile {
    new: Underway,
    target: Utf8PathBuf,
}

impl StagedFile {
    /// Writes a file that only its owner can read, beside its place.
    pub(crate) fn new(target: &Utf8Path, content: &[u8]) -> Result<Self, Failure> {
        let wrong = |error: io::Error| Failure::at(target, &error);
        // What no file can be put over is found before anything is promised or released.
        if target.is_dir() {
            return Err(wrong(io::ErrorKind::IsADirectory.into()));
        }
        let new = Underway::file(target).map_err(wrong)?;
        let mut file = new.as_file();
        file.write_all(content).and_then(|()| file.sync_all()).map_err(wrong)?;
        Ok(Self { new, target: target.to_owned() })
    }

    /// Gives it its name.
    pub(crate) fn release(self) -> Result<(), Failure> {
        let done = fs::rename(self.new.path(), &self.target);
        done.and_then(|()| sync(directory_of(&self.target)))
            .map_err(|error| Failure::at(&self.target, &error))
    }
}

/// The directory `certs/` on its way to its place.
pub(crate) struct StagedDirectory {
    new: Underway,
    target: Utf8PathBuf,
    /// Last, for it can go only after what is in it.
    _made: MadeDirectories,
}

impl StagedDirectory {
    /// Writes the files of a bundle beside their place below `dir`.
    pub(crate) fn new(dir: &Utf8Path, bundle: &Bundle) -> Result<Self, Failure> {
        let target = dir.join(CERTS);
        let wrong = |error: io::Error| Failure::at(&target, &error);
        refuse_others(&target, bundle)?;
        let mut made = MadeDirectories::default();
        made.make(dir)?;
        let new = Underway::directory(&target).map_err(wrong)?;
        for (name, content, mode) in bundle.files() {
            put(&new.path().join(name), content, mode).map_err(wrong)?;
        }
        new.as_file().set_permissions(Permissions::from_mode(0o755)).map_err(wrong)?;
        Ok(Self { new, target, _made: made })
    }

    /// Puts it in its place, and removes what was there.
    pub(crate) fn release(self) -> Result<(), Failure> {
        let wrong = |error: io::Error| {
            Failure::at(&self.target, &error).hint("write an archive instead, or remove it first")
        };
        if self.target.exists() {
            // The old files go with the new ones' temporary name, which they now have.
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
            Self::Stdout(archive) => print(&archive),
            Self::File(file) => file.release(),
            Self::Directory(directory) => directory.release(),
        }
    }
}
