//! A pod's definition, as Marathon reads it: unknown members are ignored, defaults are filled in.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

/// What `POST /v2/pods` takes.
#[derive(Deserialize)]
pub(crate) struct Pod {
    pub(crate) id: String,
    pub(crate) containers: Vec<Container>,
    #[serde(default)]
    pub(crate) volumes: Vec<Volume>,
    #[serde(default)]
    pub(crate) environment: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) user: Option<String>,
    #[serde(default)]
    networks: Vec<Network>,
    #[serde(default)]
    pub(crate) scheduling: Scheduling,
}

/// The mode is what counts here, and a container network is what Marathon takes one for.
#[derive(Deserialize)]
struct Network {
    #[serde(default)]
    mode: Mode,
}

#[derive(Deserialize, Default, PartialEq, Eq)]
enum Mode {
    #[default]
    #[serde(rename = "container")]
    Container,
    #[serde(rename = "container/bridge")]
    Bridge,
    #[serde(rename = "host")]
    Host,
}

impl Pod {
    /// Without networks, too, a pod is on that of its agent (marathon, `PodNormalization`).
    pub(crate) fn is_on_a_network_of_its_own(&self) -> bool {
        !self.networks.is_empty() && self.networks.iter().all(|one| one.mode != Mode::Host)
    }

    /// Of all containers; an endpoint without a protocol counts as TCP.
    pub(crate) fn tcp_ports(&self) -> impl Iterator<Item = u16> {
        let endpoints = self.containers.iter().flat_map(|container| &container.endpoints);
        let is_tcp = |endpoint: &&Endpoint| {
            endpoint.protocol.is_empty() || endpoint.protocol.iter().any(|one| one == "tcp")
        };
        endpoints.filter(is_tcp).map(|endpoint| endpoint.container_port)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Container {
    pub(crate) name: String,
    pub(crate) image: Image,
    pub(crate) user: Option<String>,
    pub(crate) resources: Resources,
    pub(crate) exec: Exec,
    #[serde(default)]
    pub(crate) environment: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) labels: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) artifacts: Vec<Artifact>,
    #[serde(default)]
    pub(crate) volume_mounts: Vec<VolumeMount>,
    #[serde(default)]
    pub(crate) endpoints: Vec<Endpoint>,
    pub(crate) health_check: Option<HealthCheck>,
    #[serde(default)]
    pub(crate) lifecycle: Lifecycle,
}

#[derive(Deserialize)]
pub(crate) struct Image {
    pub(crate) id: String,
}

/// Marathon's defaults: 1 CPU, 128 MB.
#[derive(Deserialize)]
#[serde(default)]
pub(crate) struct Resources {
    pub(crate) cpus: f64,
    pub(crate) mem: f64,
    pub(crate) disk: f64,
    pub(crate) gpus: u32,
}

impl Default for Resources {
    fn default() -> Self {
        Self { cpus: 1.0, mem: 128.0, disk: 0.0, gpus: 0 }
    }
}

#[derive(Deserialize)]
pub(crate) struct Exec {
    pub(crate) command: Command,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Command {
    Shell(String),
    Argv(Vec<String>),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Artifact {
    pub(crate) uri: String,
    #[serde(default = "yes")]
    pub(crate) extract: bool,
    #[serde(default)]
    pub(crate) executable: bool,
    pub(crate) dest_path: Option<String>,
}

fn yes() -> bool {
    true
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VolumeMount {
    pub(crate) name: String,
    pub(crate) mount_path: String,
    #[serde(default)]
    pub(crate) read_only: bool,
}

#[derive(Deserialize)]
pub(crate) struct Volume {
    pub(crate) name: String,
    /// A directory of the agent; without it the volume is ephemeral.
    pub(crate) host: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Endpoint {
    pub(crate) name: String,
    pub(crate) container_port: u16,
    #[serde(default)]
    pub(crate) protocol: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct HealthCheck {
    pub(crate) http: Option<HttpCheck>,
    pub(crate) tcp: Option<TcpCheck>,
    pub(crate) exec: Option<Exec>,
    pub(crate) grace_period_seconds: f64,
    pub(crate) interval_seconds: f64,
    pub(crate) max_consecutive_failures: u32,
    pub(crate) timeout_seconds: f64,
    pub(crate) delay_seconds: f64,
}

impl Default for HealthCheck {
    fn default() -> Self {
        Self {
            http: None,
            tcp: None,
            exec: None,
            grace_period_seconds: 300.0,
            interval_seconds: 60.0,
            max_consecutive_failures: 3,
            timeout_seconds: 20.0,
            delay_seconds: 15.0,
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct HttpCheck {
    pub(crate) endpoint: String,
    #[serde(default)]
    pub(crate) path: String,
}

#[derive(Deserialize)]
pub(crate) struct TcpCheck {
    pub(crate) endpoint: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Lifecycle {
    kill_grace_period_seconds: f64,
}

impl Default for Lifecycle {
    fn default() -> Self {
        Self { kill_grace_period_seconds: 3.0 }
    }
}

impl Lifecycle {
    /// Between SIGTERM and SIGKILL of an explicit kill.
    pub(crate) fn grace(&self) -> Duration {
        Duration::from_secs_f64(self.kill_grace_period_seconds)
    }
}

#[derive(Deserialize, Default)]
pub(crate) struct Scheduling {
    #[serde(default)]
    pub(crate) backoff: Backoff,
}

/// How long Marathon waits before it starts a failed pod again (marathon, `pod.raml`).
#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Backoff {
    backoff: f64,
    backoff_factor: f64,
    max_launch_delay: f64,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { backoff: 1.0, backoff_factor: 1.15, max_launch_delay: 300.0 }
    }
}

impl Backoff {
    /// The delay after so many failures.
    pub(crate) fn after(self, failures: i32) -> Duration {
        let seconds = self.backoff * self.backoff_factor.powi(failures - 1);
        Duration::from_secs_f64(seconds.min(self.max_launch_delay))
    }
}
