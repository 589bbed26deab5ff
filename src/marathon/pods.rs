//! Reading pods: their definitions, how they are, what Marathon itself is.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::Client;
use super::address::ApiPath;
use super::client::Call;
use super::deployment::Deployment;
use super::error::Error;
use super::status::{PodStatus, Spec};
use super::watch::Likeness;
use crate::document::{Path, Source};
use crate::pod::{Comparison, Filled};

/// The definition that Marathon wants to run.
#[derive(Clone, Debug)]
pub struct Running {
    /// When Marathon took it, and what it is called by.
    pub version: String,
    /// The definition, with every default filled in.
    pub text: String,
}

impl<'de> Deserialize<'de> for Running {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let version: Versioned = serde_json::from_str(raw.get()).map_err(D::Error::custom)?;
        Ok(Self { version: version.version, text: raw.get().to_owned() })
    }
}

/// What an answer with a definition has in any case.
#[derive(Deserialize)]
pub(super) struct Versioned {
    pub(super) version: String,
}

/// What Marathon says of itself (Marathon info.raml).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Info {
    marathon_config: Config,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Config {
    default_network_name: Option<String>,
    mesos_role: Option<String>,
}

impl Client {
    /// The definition of a pod; none if there is no such pod.
    ///
    /// # Errors
    /// Marathon cannot be reached or refuses.
    pub async fn pod(&self, id: &str) -> Result<Option<Running>, Error> {
        self.read(&Call::get(ApiPath::pod(id, ""))).await
    }

    /// How a pod is; none if there is no such pod.
    ///
    /// # Errors
    /// Marathon cannot be reached or refuses.
    pub async fn status(&self, id: &str) -> Result<Option<PodStatus>, Error> {
        self.read(&Call::get(ApiPath::pod(id, "::status"))).await
    }

    /// Whether the instances of two versions of a pod are the same, however many there are to be
    /// of them. Those of a version that is not kept any more are others.
    pub(super) async fn likeness(
        &self,
        id: &str,
        one: &str,
        other: &str,
    ) -> Result<Likeness, Error> {
        let (Some(one), Some(other)) =
            (self.version(id, one).await?, self.version(id, other).await?)
        else {
            return Ok(Likeness::Other);
        };
        let compared = compare(&one.text, &other.text, &Filled::default());
        let alike = compared.is_some_and(|compared| compared.has_same_instances());
        Ok(if alike { Likeness::Same } else { Likeness::Other })
    }

    /// A version of a pod's definition as far as it matters to those who watch it; none if Marathon
    /// does not keep it any more.
    ///
    /// # Errors
    /// Marathon cannot be reached or refuses.
    pub async fn spec(&self, id: &str, version: &str) -> Result<Option<Spec>, Error> {
        self.read(&Call::get(ApiPath::pod(id, &format!("::versions/{version}")))).await
    }

    async fn version(&self, id: &str, version: &str) -> Result<Option<Running>, Error> {
        self.read(&Call::get(ApiPath::pod(id, &format!("::versions/{version}")))).await
    }

    /// The deployments that are under way.
    ///
    /// # Errors
    /// Marathon cannot be reached or refuses.
    pub async fn deployments(&self) -> Result<Vec<Deployment>, Error> {
        let call = Call::get(ApiPath::v2("deployments"));
        Ok(self.read(&call).await?.unwrap_or_default())
    }

    /// What Marathon fills into definitions; nothing is known of it by those who may only see some
    /// pods (Marathon InfoResource asks for rights on its configuration).
    ///
    /// # Errors
    /// Marathon cannot be reached or refuses.
    pub async fn filled(&self) -> Result<Filled, Error> {
        let info: Info = match self.read(&Call::get(ApiPath::v2("info"))).await {
            Err(Error::Refused { refusal, .. }) if refusal.status == 403 => Info::default(),
            info => info?.unwrap_or_default(),
        };
        let Config { default_network_name, mesos_role } = info.marathon_config;
        Ok(Filled { default_network_name, mesos_role })
    }
}

/// Two definitions as texts, brought to one form. None if either is no JSON object with every key
/// once, which neither a checked definition nor an answer of Marathon is.
pub fn compare(sent: &str, running: &str, filled: &Filled) -> Option<Comparison> {
    let (sent, running) = (Source::new("", sent), Source::new("", running));
    let root = Path::root("");
    let sent = sent.root().ok()?.tree(&root).ok()?;
    let running = running.root().ok()?.tree(&root).ok()?;
    Some(Comparison::new(&sent, &running, filled))
}
