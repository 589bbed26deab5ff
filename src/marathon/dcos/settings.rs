//! What the CLI has settings for, where each may be said, and the values that they can have.

use std::fmt;
use std::time::Duration;

use toml::Value;
use url::Url;
use zeroize::Zeroizing;

use super::error::ClusterError;
use super::file::DcosToml;

/// A key of `dcos.toml`, and the variables that win over it, the first one most.
pub(super) struct Setting {
    section: &'static str,
    key: &'static str,
    variables: &'static [&'static str],
}

const fn setting(
    section: &'static str,
    key: &'static str,
    variables: &'static [&'static str],
) -> Setting {
    Setting { section, key, variables }
}

pub(super) const ACS_TOKEN: Setting =
    setting("core", "dcos_acs_token", &["DCOS_ACS_TOKEN", "DCOS_DCOS_ACS_TOKEN"]);
pub(super) const DCOS_URL: Setting = setting("core", "dcos_url", &["DCOS_URL", "DCOS_DCOS_URL"]);
pub(super) const MARATHON_URL: Setting = setting("marathon", "url", &["DCOS_MARATHON_URL"]);
pub(super) const NAME: Setting = setting("cluster", "name", &[]);
pub(super) const SSL_VERIFY: Setting = setting("core", "ssl_verify", &["DCOS_SSL_VERIFY"]);
pub(super) const TIMEOUT: Setting = setting("core", "timeout", &["DCOS_TIMEOUT"]);

/// Where something is said: a variable, or a file and a key.
pub(super) struct Place(String);

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A value as it is written, perhaps the token, and where.
pub(super) struct Said {
    pub(super) text: Zeroizing<String>,
    pub(super) place: Place,
}

/// The environment and a file, asked for settings. No text is no value in either.
pub(super) struct Settings<'s> {
    pub(super) variable: &'s dyn Fn(&str) -> Option<String>,
    pub(super) file: Option<&'s DcosToml>,
}

impl Settings<'_> {
    pub(super) fn variable(&self, name: &str) -> Option<String> {
        (self.variable)(name).filter(|text| !text.is_empty())
    }

    pub(super) fn in_environment(&self, setting: &Setting) -> Option<Said> {
        setting.variables.iter().find_map(|name| {
            let text = Zeroizing::new(self.variable(name)?);
            Some(Said { text, place: Place((*name).to_owned()) })
        })
    }

    pub(super) fn in_file(&self, setting: &Setting) -> Result<Option<Said>, ClusterError> {
        let Setting { section, key, .. } = *setting;
        let Some((file, found)) = self.file.and_then(|file| Some((file, file.get(section)?)))
        else {
            return Ok(None);
        };
        let Value::Table(table) = found else {
            return Err(Place(format!("{}: {section}", file.path())).wrong_type(found));
        };
        let Some(value) = table.get(key) else {
            return Ok(None);
        };
        let place = Place(format!("{}: {section}.{key}", file.path()));
        let text = Zeroizing::new(match value {
            Value::String(text) => text.clone(),
            Value::Boolean(verify) if key == SSL_VERIFY.key => verify.to_string(),
            Value::Integer(seconds) if key == TIMEOUT.key => seconds.to_string(),
            other => return Err(place.wrong_type(other)),
        });
        Ok(Some(Said { text, place }).filter(|said| !said.text.is_empty()))
    }

    pub(super) fn value(&self, setting: &Setting) -> Result<Option<Said>, ClusterError> {
        match self.in_environment(setting) {
            Some(said) => Ok(Some(said)),
            None => self.in_file(setting),
        }
    }
}

impl Place {
    fn wrong(&self, problem: impl Into<String>) -> ClusterError {
        ClusterError::Value { place: self.to_string(), problem: problem.into() }
    }

    fn wrong_type(&self, value: &Value) -> ClusterError {
        self.wrong(format!("cannot be of the type {}", value.type_str()))
    }
}

impl Said {
    /// The value as the URL of a server. What browsers add, a query or a fragment, is left out.
    pub(super) fn url(&self) -> Result<Url, ClusterError> {
        let wrong = |error| self.place.wrong(format!("not a URL: {error}"));
        let mut url = Url::parse(self.text.trim()).map_err(wrong)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(self.place.wrong("not a URL that begins with http:// or https://"));
        }
        // It would be shown wherever the URL is, and DC/OS asks for a token instead.
        if !url.username().is_empty() || url.password().is_some() {
            return Err(self
                .place
                .wrong("a URL with a user or a password, which is none of DC/OS"));
        }
        url.set_query(None);
        url.set_fragment(None);
        Ok(url)
    }

    /// The value as a number of seconds, at least 1 as the CLI demands.
    pub(super) fn seconds(&self) -> Result<Duration, ClusterError> {
        match self.text.trim().parse() {
            Ok(seconds @ 1..) => Ok(Duration::from_secs(seconds)),
            _ => Err(self.place.wrong("not a whole number of seconds from 1 on")),
        }
    }
}
