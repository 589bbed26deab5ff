//! The Mesos fetcher: a container's artifacts, one after the other, into its sandbox (mesos,
//! `src/launcher/fetcher.cpp`).

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path};
use std::process::Command;

use super::definition::Artifact;
use super::namespaces::Holder;

/// Fetches an artifact as the agent does, into a sandbox that is reached at `sandbox`. The error is
/// what a failed launch says.
pub(crate) fn fetch(agent: &Holder, artifact: &Artifact, sandbox: &Path) -> Result<(), String> {
    fetch_into(agent, artifact, sandbox)
        .map_err(|error| format!("Failed to fetch '{}': {error}", artifact.uri))
}

fn fetch_into(agent: &Holder, artifact: &Artifact, sandbox: &Path) -> Result<(), String> {
    let name = match &artifact.dest_path {
        Some(path) => within_the_sandbox(path)?,
        None => artifact.uri.rsplit('/').next().unwrap_or_default(),
    };
    let file = sandbox.join(name);
    fs::create_dir_all(file.parent().expect("a file in the sandbox")).map_err(said)?;
    match path_on_the_agent(&artifact.uri) {
        Some(path) => {
            fs::copy(agent.path(path), &file).map_err(|error| format!("cp failed: {error}"))?;
        }
        None => download(agent, &artifact.uri, &file)?,
    }
    if artifact.executable {
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).map_err(said)
    } else if artifact.extract {
        extract(&file, sandbox)
    } else {
        Ok(())
    }
}

fn said(error: std::io::Error) -> String {
    error.to_string()
}

fn within_the_sandbox(path: &str) -> Result<&str, String> {
    let outside = Path::new(path).components().any(|part| part == Component::RootDir);
    if outside {
        return Err("URI output file must be within the sandbox directory".to_owned());
    }
    Ok(path)
}

/// Of a URI that is a file on the agent.
fn path_on_the_agent(uri: &str) -> Option<&str> {
    uri.strip_prefix("file://").or_else(|| uri.starts_with('/').then_some(uri))
}

/// Only 200 is an answer, at the end of all redirects.
fn download(agent: &Holder, uri: &str, file: &Path) -> Result<(), String> {
    let mut curl = Command::new("nsenter");
    curl.arg(agent.network_argument())
        .args(["curl", "--silent", "--show-error", "--location", "--max-time", "60"])
        .args(["--noproxy", "*"])
        .args(["--write-out", "%{http_code}", "--output"])
        .args([file.as_os_str(), uri.as_ref()]);
    let output = curl.output().map_err(said)?;
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr);
        return Err(format!("Error downloading resource: {}", why.trim()));
    }
    match &*String::from_utf8_lossy(&output.stdout) {
        "200" => Ok(()),
        code => Err(format!("Error downloading resource, received HTTP return code {code}")),
    }
}

/// Always to the root of the sandbox, by the extension; the archive stays.
fn extract(file: &Path, sandbox: &Path) -> Result<(), String> {
    const TAR: [&str; 7] = [".tar", ".tgz", ".tar.gz", ".tbz2", ".tar.bz2", ".txz", ".tar.xz"];
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let ends_with = |extension: &&str| name.ends_with(*extension);
    let mut command = if TAR.iter().any(ends_with) {
        let mut tar = Command::new("tar");
        tar.arg("-C").arg(sandbox).arg("-xf").arg(file);
        tar
    } else if let Some(bare) = name.strip_suffix(".gz") {
        let mut gunzip = Command::new("gunzip");
        let stdin = File::open(file).map_err(said)?;
        gunzip.arg("-c").stdin(stdin).stdout(File::create(sandbox.join(bare)).map_err(said)?);
        gunzip
    } else if ends_with(&".zip") {
        let mut unzip = Command::new("unzip");
        unzip.arg("-o").arg("-d").arg(sandbox).arg(file);
        unzip
    } else {
        return Ok(());
    };
    let output = command.output().map_err(said)?;
    if output.status.success() {
        return Ok(());
    }
    let why = String::from_utf8_lossy(&output.stderr);
    Err(format!("Failed to extract archive '{name}': {}", why.trim()))
}
