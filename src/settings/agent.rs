//! What the node agent of a pod is told, where the pod's certificates come from one.

use serde::Serialize;

use super::{Address, AgentOutput, Cpu, Domain, FetchUri, ImageId, Megabytes, RootPins};

/// The settings of the container `istio-agent`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Agent {
    /// Citadel, as `host:port`.
    pub ca_address: Address,
    /// The DNS name that Citadel's serving certificate is to have.
    pub ca_server_name: Domain,
    /// The roots by which the agent knows Citadel; none are there by default.
    pub ca_root_sha256: RootPins,
    /// Where the Mesos fetcher gets the program.
    #[serde(rename = "agent_uri")]
    pub uri: FetchUri,
    /// An image that has the program; `None` means that of `istio-proxy`, and the fetched program.
    #[serde(rename = "agent_image")]
    pub image: Option<ImageId>,
    /// How certificates are handed on.
    #[serde(rename = "agent_output")]
    pub output: AgentOutput,
    /// CPU shares of the container.
    #[serde(rename = "agent_cpu")]
    pub cpu: Cpu,
    /// Memory of the container.
    #[serde(rename = "agent_memory")]
    pub memory: Megabytes,
}

impl Default for Agent {
    fn default() -> Self {
        Self {
            ca_address: Address::fixed("citadel.marathon.containerip.dcos.thisdcos.directory:8060"),
            ca_server_name: Domain::fixed("istio-citadel"),
            ca_root_sha256: RootPins::default(),
            uri: FetchUri::fixed("file:///var/lib/istio/node-agent"),
            image: None,
            output: AgentOutput::Both,
            cpu: Cpu::fixed(0.1),
            memory: Megabytes::fixed(64.0),
        }
    }
}
