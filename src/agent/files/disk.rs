//! The few ways in which the directory of the files is changed, each one step that either happens or
//! does not.

use std::fs::{
    DirBuilder, File, OpenOptions, Permissions, remove_dir_all, remove_file, rename,
    set_permissions,
};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt, symlink};

use camino::Utf8Path;

/// A disk to write to. Tests give one that dies after some steps.
pub(in crate::agent) trait Disk: Send {
    /// Creates a directory that all can enter.
    fn create_dir(&self, path: &Utf8Path) -> io::Result<()>;

    /// Creates a file, whole and on the platter.
    fn create_file(&self, path: &Utf8Path, content: &[u8], mode: u32) -> io::Result<()>;

    /// Creates a link.
    fn create_link(&self, path: &Utf8Path, target: &str) -> io::Result<()>;

    /// Gives a file or link another name in its directory, in the place of what has it.
    fn rename(&self, from: &Utf8Path, to: &Utf8Path) -> io::Result<()>;

    /// Removes a file, a link, or a directory with all that is in it; if there is none, nothing.
    fn remove(&self, path: &Utf8Path) -> io::Result<()>;
}

/// The operating system's. What is to be read by others is, whatever the umask says.
pub(super) struct OsDisk;

impl Disk for OsDisk {
    fn create_dir(&self, path: &Utf8Path) -> io::Result<()> {
        DirBuilder::new().mode(0o700).create(path)?;
        set_permissions(path, Permissions::from_mode(0o755))
    }

    fn create_file(&self, path: &Utf8Path, content: &[u8], mode: u32) -> io::Result<()> {
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(content)?;
        file.set_permissions(Permissions::from_mode(mode))?;
        file.sync_all()
    }

    fn create_link(&self, path: &Utf8Path, target: &str) -> io::Result<()> {
        symlink(target, path)
    }

    fn rename(&self, from: &Utf8Path, to: &Utf8Path) -> io::Result<()> {
        rename(from, to)?;
        to.parent().map_or(Ok(()), |dir| File::open(dir)?.sync_all())
    }

    fn remove(&self, path: &Utf8Path) -> io::Result<()> {
        match path.symlink_metadata() {
            Ok(found) if found.is_dir() => remove_dir_all(path),
            Ok(_) => remove_file(path),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }
}
