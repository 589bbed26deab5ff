//! Whose certificates a server may show.

use camino::Utf8PathBuf;

/// Whose certificates a server may show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// Those of the authorities that the system trusts.
    #[default]
    System,
    /// Those of the authorities in this PEM file, and of no others.
    Only(Utf8PathBuf),
    /// Anybody's: the connection is encrypted, and that is all.
    Anybody,
}
