//! Marathon documents from public repositories, with what Marathon makes of them. They are no part
//! of the project: `MARATHON_DATA` names the directory that has them, in `corpus/`, and Marathon's
//! rules, in `schema/`. Without it the tests of them say so, and check nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{Display, Write};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

const VARIABLE: &str = "MARATHON_DATA";

/// A file or folder of the data, if there are any.
pub(crate) fn data(path: &str) -> Option<PathBuf> {
    let Some(data) = std::env::var_os(VARIABLE) else {
        // Not `eprintln!`: of a test that passes, the harness shows nothing of that.
        let mut out = std::io::stderr();
        writeln!(out, "skipped: {VARIABLE} is not set").unwrap();
        return None;
    };
    let path = Path::new(&data).join(path);
    assert!(path.exists(), "{VARIABLE} has no {}", path.display());
    Some(path)
}

/// The documents of a folder of the corpus, in order, each with its text.
pub(crate) fn documents(folder: &str) -> Option<Vec<(PathBuf, String)>> {
    let folder = data("corpus")?.join(folder);
    let files: BTreeSet<_> = fs::read_dir(folder).unwrap().map(|it| it.unwrap().path()).collect();
    Some(files.into_iter().map(|file| (file.clone(), fs::read_to_string(file).unwrap())).collect())
}

/// Counts, a line each.
pub(crate) fn shown<K: Display>(counts: &BTreeMap<K, usize>) -> String {
    counts.iter().fold(String::new(), |mut text, (what, count)| {
        writeln!(text, "{count} {what}").unwrap();
        text
    })
}
