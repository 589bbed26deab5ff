//! A `dcos.toml`, parsed. It holds the token: no error repeats its text, and what it says is wiped.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;

use camino::{Utf8Path, Utf8PathBuf};
use toml::{Table, Value};
use zeroize::{Zeroize, Zeroizing};

use super::error::ClusterError;
use crate::document::Source;

/// No `dcos.toml` comes near this many bytes.
const MAX_BYTES: u64 = 1024 * 1024;

/// The permissions that the CLI insists on leave none to the group and to others.
const OTHERS: u32 = 0o077;

/// What a `dcos.toml` says.
pub(super) struct DcosToml {
    path: Utf8PathBuf,
    mode: u32,
    table: Table,
}

impl DcosToml {
    pub(super) fn read(path: &Utf8Path) -> Result<Self, ClusterError> {
        let failed = |error| ClusterError::Io { path: path.to_owned(), error };
        let file = File::open(path).map_err(failed)?;
        let mode = file.metadata().map_err(failed)?.permissions().mode() & 0o7777;
        let mut bytes = Zeroizing::new(Vec::new());
        file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(ClusterError::TooLarge { path: path.to_owned(), limit: MAX_BYTES });
        }
        let text = str::from_utf8(&bytes).map_err(|_| ClusterError::NotText(path.to_owned()))?;
        let table = text.parse().map_err(|error| malformed(path, text, &error))?;
        Ok(Self { path: path.to_owned(), mode, table })
    }

    pub(super) fn path(&self) -> &Utf8Path {
        &self.path
    }

    /// The table, or whatever else has the name of one.
    pub(super) fn get(&self, section: &str) -> Option<&Value> {
        self.table.get(section)
    }

    /// A warning, if others than the owner can read or write the file.
    pub(super) fn exposure(&self) -> Option<String> {
        let (path, mode) = (&self.path, self.mode);
        (mode & OTHERS != 0).then(|| {
            format!(
                "{path} holds a token and is open to others (mode {mode:04o}); `chmod 600` closes it"
            )
        })
    }
}

impl Drop for DcosToml {
    fn drop(&mut self) {
        let tables = self.table.iter_mut().filter_map(|(_, value)| value.as_table_mut());
        for (_, value) in tables.flatten() {
            if let Value::String(text) = value {
                text.zeroize();
            }
        }
    }
}

fn malformed(path: &Utf8Path, text: &str, error: &toml::de::Error) -> ClusterError {
    let start = error.span().map_or(0, |span| span.start);
    let before = text.get(..start).unwrap_or_default();
    let position = Source::new(path.as_str(), before).position(start);
    ClusterError::Malformed {
        path: path.to_owned(),
        line: position.line,
        column: position.column,
        message: error.message().to_owned(),
    }
}
