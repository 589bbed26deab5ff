//! What kind of Marathon it is: its flags, its nodes and its pace.

use std::net::SocketAddr;
use std::time::Duration;

use marathon_inject::pod;

use super::access::Access;
use super::handle::Marathon;
use super::tls::Tls;

/// The flags that Marathon was started with.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) access: Access,
    /// `--enable_features`.
    pub(super) features: Vec<String>,
    pub(super) default_network_name: Option<String>,
    /// `--mesos_role`.
    pub(super) role: String,
    /// `--mesos_user`.
    pub(super) user: String,
    pub(super) max_running_deployments: Option<usize>,
    pub(super) version: String,
    /// How many ticks a pod waits after a failure.
    pub(super) backoff: usize,
    /// How long a node looks for a leader before it gives up.
    pub(super) patience: Duration,
}

impl Settings {
    /// What the rules need to know.
    pub(super) fn rules(&self) -> pod::Marathon {
        pod::Marathon {
            secrets: self.features.iter().any(|feature| feature == "secrets"),
            default_network_name: self.default_network_name.is_some(),
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            access: Access::Open,
            features: ["secrets", "vips", "task_killing"].map(str::to_owned).to_vec(),
            default_network_name: Some("dcos".to_owned()),
            role: "slave_public".to_owned(),
            user: "root".to_owned(),
            max_running_deployments: None,
            version: "1.11.24".to_owned(),
            backoff: 5,
            patience: Duration::from_millis(100),
        }
    }
}

/// A Marathon that is not started yet.
#[derive(Clone, Debug)]
pub(crate) struct Builder {
    pub(super) settings: Settings,
    pub(super) address: SocketAddr,
    pub(super) nodes: usize,
    /// None where the test lets time pass itself.
    pub(super) tick: Option<Duration>,
    pub(super) tls: Tls,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            settings: Settings::default(),
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            nodes: 1,
            tick: Some(Duration::from_millis(10)),
            tls: Tls::None,
        }
    }
}

impl Builder {
    /// Who may ask.
    pub(crate) fn access(mut self, access: Access) -> Self {
        self.settings.access = access;
        self
    }

    /// The features that are enabled.
    pub(crate) fn features(mut self, features: &[&str]) -> Self {
        self.settings.features = features.iter().map(|&feature| feature.to_owned()).collect();
        self
    }

    /// The network that pods are on which name none.
    pub(crate) fn default_network_name(mut self, name: Option<&str>) -> Self {
        self.settings.default_network_name = name.map(str::to_owned);
        self
    }

    /// How many deployments may run.
    pub(crate) fn max_running_deployments(mut self, limit: usize) -> Self {
        self.settings.max_running_deployments = Some(limit);
        self
    }

    /// Its version, as `/v2/info` has it.
    pub(crate) fn version(mut self, version: &str) -> Self {
        version.clone_into(&mut self.settings.version);
        self
    }

    /// How many ticks a pod waits after a failure.
    pub(crate) fn backoff(mut self, ticks: usize) -> Self {
        self.settings.backoff = ticks;
        self
    }

    /// How long a node looks for a leader before it answers that there is none.
    pub(crate) fn patience(mut self, patience: Duration) -> Self {
        self.settings.patience = patience;
        self
    }

    /// Where the first node listens; the others take any port.
    pub(crate) fn address(self, address: SocketAddr) -> Self {
        Self { address, ..self }
    }

    /// How many nodes there are; the first one leads.
    pub(crate) fn nodes(self, nodes: usize) -> Self {
        Self { nodes, ..self }
    }

    /// How long a tick takes; an instance is up after five.
    pub(crate) fn tick(self, tick: Duration) -> Self {
        Self { tick: Some(tick), ..self }
    }

    /// Time passes only in [`Marathon::tick`].
    pub(crate) fn by_hand(self) -> Self {
        Self { tick: None, ..self }
    }

    /// Whether it speaks TLS.
    pub(crate) fn tls(self, tls: Tls) -> Self {
        Self { tls, ..self }
    }

    /// Starts it.
    pub(crate) fn start(self) -> Marathon {
        Marathon::launch(self)
    }
}
