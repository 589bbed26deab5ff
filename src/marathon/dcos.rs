//! The cluster that the DC/OS CLI is attached to, so that whoever uses `dcos marathon pod` need not
//! say again where Marathon is and who they are. The environment comes as a function: nothing here
//! reads it.

mod choice;
mod error;
mod file;
mod settings;

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use url::Url;

pub use error::ClusterError;

use super::{Secret, Trust};
use choice::chosen_file;
use file::DcosToml;
use settings::{ACS_TOKEN, DCOS_URL, MARATHON_URL, SSL_VERIFY, Settings, TIMEOUT};

/// What the DC/OS CLI knows of its cluster. A variable wins over the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cluster {
    /// The `dcos.toml` that was read; none if only variables speak of a cluster.
    pub file: Option<Utf8PathBuf>,
    /// `core.dcos_url`, the cluster's Admin Router.
    pub url: Option<Url>,
    /// `marathon.url`, where Marathon is not the one behind the Admin Router.
    pub marathon_url: Option<Url>,
    /// `core.dcos_acs_token`, what `dcos auth login` got.
    pub token: Option<Secret>,
    /// `core.ssl_verify`. A file that it names in a `dcos.toml` is relative to the directory of
    /// that, one that a variable names to the working directory.
    pub trust: Option<Trust>,
    /// `core.timeout`: how long an answer may take.
    pub timeout: Option<Duration>,
    /// What is not as it should be and stops nothing.
    pub warnings: Vec<String>,
}

impl Cluster {
    /// The cluster that the CLI would talk to now (DC/OS CLI `pkg/config`, and `config.py` of its
    /// core plugin). `variable` looks up the environment; a variable without text counts as unset.
    /// `None`: no cluster is configured at all.
    ///
    /// # Errors
    /// It is not clear which cluster is meant, its file cannot be read, or says what is no value.
    pub fn attached(
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, ClusterError> {
        let file = chosen_file(variable)?.map(|path| DcosToml::read(&path)).transpose()?;
        let settings = Settings { variable, file: file.as_ref() };
        let says_where = |setting| settings.in_environment(setting).is_some();
        if file.is_none() && !says_where(&DCOS_URL) && !says_where(&MARATHON_URL) {
            return Ok(None);
        }
        Self::read(&settings).map(Some)
    }

    /// Where Marathon is: `marathon.url`, or else behind the Admin Router.
    pub fn marathon(&self) -> Option<Url> {
        self.marathon_url.clone().or_else(|| {
            let mut url = self.url.clone()?;
            url.path_segments_mut().ok()?.pop_if_empty().extend(["service", "marathon"]);
            Some(url)
        })
    }

    /// Whether a URL is of the cluster itself. The CLI sends the token to no other, and checks no
    /// other by the cluster's `core.ssl_verify` (`http.py` of its core plugin).
    pub fn owns(&self, url: &Url) -> bool {
        self.url.as_ref().is_some_and(|own| own.origin() == url.origin())
    }

    fn read(settings: &Settings<'_>) -> Result<Self, ClusterError> {
        let mut warnings = Vec::new();
        let file = settings.file;
        let exposed = file.filter(|_| settings.in_file(&ACS_TOKEN).is_ok_and(|it| it.is_some()));
        warnings.extend(exposed.and_then(DcosToml::exposure));
        Ok(Self {
            file: file.map(|file| file.path().to_owned()),
            url: settings.value(&DCOS_URL)?.map(|url| url.url()).transpose()?,
            marathon_url: settings.value(&MARATHON_URL)?.map(|url| url.url()).transpose()?,
            token: token(settings, &mut warnings)?,
            trust: trust(settings)?,
            timeout: settings.value(&TIMEOUT)?.map(|timeout| timeout.seconds()).transpose()?,
            warnings,
        })
    }
}

/// The token. That of a file belongs to the cluster of the file: where a variable names another
/// cluster it is not for, as the CLI itself forgets it when `core.dcos_url` is set anew.
fn token(
    settings: &Settings<'_>,
    warnings: &mut Vec<String>,
) -> Result<Option<Secret>, ClusterError> {
    if let Some(said) = settings.in_environment(&ACS_TOKEN) {
        return Ok(Some(Secret::new(said.text.trim())));
    }
    let Some(said) = settings.in_file(&ACS_TOKEN)? else {
        return Ok(None);
    };
    if let Some(asked) = settings.in_environment(&DCOS_URL)
        && let Some(own) = settings.in_file(&DCOS_URL)?
        && own.url()?.origin() != asked.url()?.origin()
    {
        warnings.push(format!(
            "{} is not used: {} names another cluster than that file",
            said.place, asked.place
        ));
        return Ok(None);
    }
    Ok(Some(Secret::new(said.text.trim())))
}

/// Whose certificates count. `DCOS_TLS_CA_PATH` and `DCOS_TLS_INSECURE` are what the CLI hands to
/// its plugins: what it made of its file.
fn trust(settings: &Settings<'_>) -> Result<Option<Trust>, ClusterError> {
    if let Some(said) = settings.in_environment(&SSL_VERIFY) {
        return Ok(Some(verify(&said.text, Utf8Path::new(""))));
    }
    if let Some(path) = settings.variable("DCOS_TLS_CA_PATH") {
        return Ok(Some(Trust::Only(path.into())));
    }
    if settings.variable("DCOS_TLS_INSECURE").as_deref() == Some("1") {
        return Ok(Some(Trust::Anybody));
    }
    let directory = settings.file.and_then(|file| file.path().parent()).unwrap_or("".into());
    Ok(settings.in_file(&SSL_VERIFY)?.map(|said| verify(&said.text, directory)))
}

/// `true`, `false` as Go reads them (`strconv.ParseBool`), or a file.
fn verify(text: &str, directory: &Utf8Path) -> Trust {
    match text.to_ascii_lowercase().as_str() {
        "true" | "t" | "1" => Trust::System,
        "false" | "f" | "0" => Trust::Anybody,
        _ => Trust::Only(directory.join(text)),
    }
}
