//! A home directory as the DC/OS CLI leaves it, and the environment of a user.

use std::collections::HashMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use camino::Utf8PathBuf;
use marathon_inject::marathon::{Cluster, ClusterError};
use tempfile::TempDir;

/// The directory, and the variables.
pub(crate) struct Home {
    directory: TempDir,
    variables: HashMap<&'static str, String>,
}

impl Home {
    /// Nothing but `HOME`.
    pub(crate) fn new() -> Self {
        let home = Self { directory: TempDir::new().unwrap(), variables: HashMap::new() };
        let path = home.path("").into_string();
        home.set("HOME", path)
    }

    /// Sets a variable.
    pub(crate) fn set(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.variables.insert(name, value.into());
        self
    }

    /// Writes a file, closed to others as the CLI has it.
    pub(crate) fn file(self, path: &str, bytes: impl AsRef<[u8]>) -> Self {
        let whole = self.path(path);
        fs::create_dir_all(whole.parent().unwrap()).unwrap();
        fs::write(whole, bytes).unwrap();
        self.mode(path, 0o600)
    }

    /// Sets a cluster up.
    pub(crate) fn cluster(self, id: &str, toml: &str) -> Self {
        self.file(&format!(".dcos/clusters/{id}/dcos.toml"), toml)
    }

    /// Attaches the CLI to a cluster.
    pub(crate) fn attach(self, id: &str) -> Self {
        self.file(&format!(".dcos/clusters/{id}/attached"), "")
    }

    /// Changes who may do what with a file.
    pub(crate) fn mode(self, path: &str, mode: u32) -> Self {
        fs::set_permissions(self.path(path), Permissions::from_mode(mode)).unwrap();
        self
    }

    /// A path below the directory.
    pub(crate) fn path(&self, path: &str) -> Utf8PathBuf {
        Utf8PathBuf::from_path_buf(self.directory.path().join(path)).unwrap()
    }

    /// What is known of the cluster, if there is one.
    pub(crate) fn read(&self) -> Result<Option<Cluster>, ClusterError> {
        Cluster::attached(&|name| self.variables.get(name).cloned())
    }

    /// The cluster that there is.
    pub(crate) fn attached(&self) -> Cluster {
        self.read().unwrap().expect("there is a cluster")
    }

    /// Why none is known, with the directory's own path left out.
    pub(crate) fn refusal(&self) -> String {
        let refusal = self.read().unwrap_err();
        refusal.to_string().replace(self.path("").as_str(), "~/")
    }
}
