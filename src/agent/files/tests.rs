//! Wherever it is killed, the files belong together.

use std::cell::Cell;
use std::fs;
use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use tempfile::TempDir;

use super::disk::{Disk, OsDisk};
use super::{Files, NEW_LINK};
use crate::identity::x509::{CERT_CHAIN, KEY, ROOT_CERT};

const NAMES: [&str; 3] = [ROOT_CERT, CERT_CHAIN, KEY];

/// It dies after some steps.
struct Mortal {
    left: Cell<u32>,
}

impl Mortal {
    fn step(&self) -> io::Result<()> {
        let left = self.left.get().checked_sub(1).ok_or_else(|| io::Error::other("killed"))?;
        self.left.set(left);
        Ok(())
    }
}

impl Disk for Mortal {
    fn create_dir(&self, path: &Utf8Path) -> io::Result<()> {
        self.step().and_then(|()| OsDisk.create_dir(path))
    }

    fn create_file(&self, path: &Utf8Path, content: &[u8], mode: u32) -> io::Result<()> {
        if let Err(killed) = self.step() {
            // In the middle of it.
            OsDisk.create_file(path, b"ha", mode)?;
            return Err(killed);
        }
        OsDisk.create_file(path, content, mode)
    }

    fn create_link(&self, path: &Utf8Path, target: &str) -> io::Result<()> {
        self.step().and_then(|()| OsDisk.create_link(path, target))
    }

    fn rename(&self, from: &Utf8Path, to: &Utf8Path) -> io::Result<()> {
        self.step().and_then(|()| OsDisk.rename(from, to))
    }

    fn remove(&self, path: &Utf8Path) -> io::Result<()> {
        self.step().and_then(|()| OsDisk.remove(path))
    }
}

/// It removes no directories.
struct Stuck;

impl Disk for Stuck {
    fn create_dir(&self, path: &Utf8Path) -> io::Result<()> {
        OsDisk.create_dir(path)
    }

    fn create_file(&self, path: &Utf8Path, content: &[u8], mode: u32) -> io::Result<()> {
        OsDisk.create_file(path, content, mode)
    }

    fn create_link(&self, path: &Utf8Path, target: &str) -> io::Result<()> {
        OsDisk.create_link(path, target)
    }

    fn rename(&self, from: &Utf8Path, to: &Utf8Path) -> io::Result<()> {
        OsDisk.rename(from, to)
    }

    fn remove(&self, path: &Utf8Path) -> io::Result<()> {
        if path.is_dir() { Err(io::Error::other("not yours")) } else { OsDisk.remove(path) }
    }
}

fn directory() -> (TempDir, Utf8PathBuf) {
    let dir = TempDir::new().unwrap();
    let path = Utf8PathBuf::from_path_buf(dir.path().join("certs")).unwrap();
    fs::create_dir(&path).unwrap();
    (dir, path)
}

/// Replaces the files by such as say `word`.
fn replace(dir: &Utf8Path, disk: impl Disk + 'static, word: &str) -> io::Result<()> {
    let files = Files { dir: dir.to_owned(), disk: Box::new(disk) };
    files.replace(&NAMES.map(|name| (name, word.as_bytes())))
}

/// What all files say, if all are there.
fn said(dir: &Utf8Path) -> Option<String> {
    let all = NAMES.map(|name| fs::read_to_string(dir.join(name)).ok());
    let [Some(root), Some(chain), Some(key)] = all else { return None };
    assert!(root == chain && chain == key, "{root} {chain} {key}");
    Some(root)
}

fn plain(dir: &Utf8Path) {
    for name in NAMES {
        fs::write(dir.join(name), "before").unwrap();
    }
}

/// Kills a replacement after each of its steps; what was there before, and whether that is nothing,
/// is for `prepare`.
fn killed_everywhere(prepare: impl Fn(&Utf8Path), before: Option<&str>) {
    for steps in 0..100 {
        let (_dir, path) = directory();
        prepare(&path);
        let done = replace(&path, Mortal { left: Cell::new(steps) }, "new").is_ok();
        let found = said(&path);
        assert!(
            found.as_deref() == before || found.as_deref() == Some("new"),
            "{steps}: {found:?}"
        );
        // Killed once more, by what was left over.
        let _ = replace(&path, Mortal { left: Cell::new(steps / 2) }, "newer");
        let found = said(&path);
        let known = [before, Some("new"), Some("newer")];
        assert!(known.contains(&found.as_deref()), "{steps}: {found:?}");
        replace(&path, OsDisk, "last").unwrap();
        assert_eq!(said(&path).as_deref(), Some("last"));
        // The three, the link, and the directory of one version.
        assert_eq!(fs::read_dir(&path).unwrap().count(), 5, "{steps}");
        assert!(!path.join(NEW_LINK).exists());
        if done {
            return;
        }
    }
    panic!("it never was done");
}

#[test]
fn a_directory_that_cannot_be_removed_does_not_keep_the_files_from_being_replaced() {
    let (_dir, path) = directory();
    for word in ["first", "second"] {
        replace(&path, Stuck, word).unwrap();
        assert_eq!(said(&path).as_deref(), Some(word));
    }
}

#[test]
fn a_kill_at_the_first_files_leaves_none_or_all() {
    killed_everywhere(|_| {}, None);
}

#[test]
fn a_kill_at_the_next_files_leaves_the_old_or_the_new() {
    killed_everywhere(|dir| replace(dir, OsDisk, "before").unwrap(), Some("before"));
}

#[test]
fn a_kill_at_the_place_of_another_s_files_leaves_the_old_or_the_new() {
    killed_everywhere(plain, Some("before"));
}

#[test]
fn a_kill_at_the_place_of_some_of_another_s_files_leaves_no_mixture() {
    let some = |dir: &Utf8Path| {
        plain(dir);
        fs::remove_file(dir.join(KEY)).unwrap();
    };
    killed_everywhere(some, None);
}
