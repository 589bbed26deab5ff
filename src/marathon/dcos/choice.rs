//! Which `dcos.toml` counts: that of the cluster which is named, the only one, or attached.

use std::io::ErrorKind;

use camino::{Utf8Path, Utf8PathBuf};

use super::error::ClusterError;
use super::file::DcosToml;
use super::settings::{DCOS_URL, NAME, Settings};

/// A cluster that was set up: a directory of `clusters/`, named by the cluster's id.
struct Candidate {
    directory: Utf8PathBuf,
}

impl Candidate {
    fn id(&self) -> &str {
        self.directory.file_name().unwrap_or_default()
    }

    fn file(&self) -> Utf8PathBuf {
        self.directory.join("dcos.toml")
    }

    fn is_attached(&self) -> bool {
        self.directory.join("attached").exists()
    }

    /// Its name for people. One whose file is broken has none: it must not stand in the way of
    /// the others.
    fn name(&self) -> Option<String> {
        let file = DcosToml::read(&self.file()).ok()?;
        let settings = Settings { variable: &|_| None, file: Some(&file) };
        Some(settings.in_file(&NAME).ok()??.text.to_string())
    }
}

/// The `dcos.toml` that counts; none where there is no cluster, or where the environment names one
/// and the CLI is attached to none.
pub(super) fn chosen_file(
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Option<Utf8PathBuf>, ClusterError> {
    let settings = Settings { variable, file: None };
    let root = match settings.variable("DCOS_DIR") {
        Some(root) => Some(Utf8PathBuf::from(root)),
        None => settings.variable("HOME").map(|home| Utf8PathBuf::from(home).join(".dcos")),
    };
    let candidates = root.as_deref().map(candidates).transpose()?.unwrap_or_default();
    if let Some(name) = settings.variable("DCOS_CLUSTER") {
        return named(&name, &candidates).map(|cluster| Some(cluster.file()));
    }
    match candidates.as_slice() {
        [] => Ok(legacy_file(&settings, root.as_deref())),
        [only] => Ok(Some(only.file())),
        several => match attached(several) {
            Err(ClusterError::NoneAttached { .. })
                if settings.in_environment(&DCOS_URL).is_some() =>
            {
                Ok(None)
            }
            attached => attached.map(|cluster| Some(cluster.file())),
        },
    }
}

/// The clusters that were set up, by their ids. A directory with neither a configuration nor the
/// mark of being attached is none.
fn candidates(root: &Utf8Path) -> Result<Vec<Candidate>, ClusterError> {
    let path = root.join("clusters");
    let failed = |error| ClusterError::Io { path: path.clone(), error };
    let entries = match path.read_dir_utf8() {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        entries => entries.map_err(failed)?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let candidate = Candidate { directory: entry.map_err(failed)?.into_path() };
        if candidate.file().exists() || candidate.is_attached() {
            found.push(candidate);
        }
    }
    found.sort_by(|a, b| a.directory.cmp(&b.directory));
    Ok(found)
}

/// An id is of one cluster only, and wins over names.
fn named<'c>(name: &str, candidates: &'c [Candidate]) -> Result<&'c Candidate, ClusterError> {
    if let Some(cluster) = candidates.iter().find(|cluster| cluster.id() == name) {
        return Ok(cluster);
    }
    let is_named = |cluster: &&Candidate| cluster.name().as_deref() == Some(name);
    let named: Vec<_> = candidates.iter().filter(is_named).collect();
    match named.as_slice() {
        [] => Err(ClusterError::Unknown { name: name.to_owned(), known: list(candidates) }),
        [one] => Ok(one),
        _ => Err(ClusterError::Ambiguous { name: name.to_owned(), known: list(named) }),
    }
}

fn attached(candidates: &[Candidate]) -> Result<&Candidate, ClusterError> {
    let attached: Vec<_> = candidates.iter().filter(|cluster| cluster.is_attached()).collect();
    match attached.as_slice() {
        [] => Err(ClusterError::NoneAttached { known: list(candidates) }),
        [one] => Ok(one),
        _ => Err(ClusterError::SeveralAttached { known: list(attached) }),
    }
}

/// The single file of old CLIs, which new ones read until a cluster is set up.
fn legacy_file(settings: &Settings<'_>, root: Option<&Utf8Path>) -> Option<Utf8PathBuf> {
    let named = settings.variable("DCOS_CONFIG").map(Utf8PathBuf::from);
    named.or_else(|| root.map(|root| root.join("dcos.toml")).filter(|path| path.exists()))
}

fn list<'c>(clusters: impl IntoIterator<Item = &'c Candidate>) -> String {
    let shown = clusters.into_iter().map(|cluster| match cluster.name() {
        Some(name) => format!("{name} ({})", cluster.id()),
        None => cluster.id().to_owned(),
    });
    let shown: Vec<_> = shown.collect();
    if shown.is_empty() { "none".to_owned() } else { shown.join(", ") }
}
