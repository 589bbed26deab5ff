//! What an injection can be told, and where it is told it: built-in defaults, then a config file,
//! the environment, flags, and last the pod's own labels.
//!
//! Every setting has one [`Key`] and one parser, so that a value means the same and is refused
//! with the same words wherever it comes from.

mod agent;
mod file;
mod key;
mod labels;
mod mesh;
mod value;

use serde::Serialize;
use serde_json::Value;

use crate::identity::{ServiceAccount, SpiffeId, TrustDomain};

pub use agent::Agent;
pub use file::{ConfigFile, FileError, parse_file};
pub use key::Key;
pub use labels::{INJECT_LABEL, Label, LabelKey, STATUS_LABEL, label, label_of};
pub use mesh::{MeshConfig, MeshError, parse_mesh_config};
pub use value::{
    Address, AgentOutput, BundleUri, Certs, ControlPlaneAuthPolicy, Cpu, Domain, FetchUri,
    GoDuration, ImageId, ImagePullPolicy, InterceptionMode, InvalidValue, IpRanges, LogLevel,
    Megabytes, Policy, Port, Ports, RootPins,
};

/// The uid and gid of `istio-proxy` in Istio's images: what it sends is not captured again.
pub const PROXY_UID: u16 = 1337;

/// All settings of an injection, with the defaults of the walk-through of Istio on Marathon.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Settings {
    /// Whether a pod that says nothing is injected.
    pub policy: Policy,
    /// The image of both containers.
    pub proxy_image: ImageId,
    /// Whether the image is pulled again.
    pub image_pull_policy: ImagePullPolicy,
    /// CPU shares of `istio-proxy`.
    pub proxy_cpu: Cpu,
    /// Memory of `istio-proxy`.
    pub proxy_memory: Megabytes,
    /// Pilot, as `host:port`. Stock pilot-agent 1.0.5 dials port 15010 whatever the port says.
    pub discovery_address: Address,
    /// The tracing collector, as `host:port`; `None` sends no traces.
    pub zipkin_address: Option<Address>,
    /// The suffix of service names, the VIP domain of the cluster.
    pub domain: Domain,
    /// How pilot-agent authenticates Pilot.
    pub control_plane_auth_policy: ControlPlaneAuthPolicy,
    /// How traffic is captured.
    pub interception_mode: InterceptionMode,
    /// The port that captured traffic is sent to.
    pub proxy_listen_port: Port,
    /// The port of pilot-agent's health endpoint; 0 turns it off.
    pub status_port: u16,
    /// The ports that the health endpoint asks Envoy for; `None` means the application's TCP ones.
    pub application_ports: Option<Ports>,
    /// Outbound destinations that are captured.
    pub include_outbound_ip_ranges: IpRanges,
    /// Outbound destinations that are not.
    pub exclude_outbound_ip_ranges: IpRanges,
    /// Inbound ports that are captured; `None` means the TCP container ports of the application.
    pub include_inbound_ports: Option<Ports>,
    /// Inbound ports that are not.
    pub exclude_inbound_ports: Ports,
    /// How long Envoy drains connections at a hot restart.
    pub drain_duration: GoDuration,
    /// How long the old Envoy lives on at a hot restart.
    pub parent_shutdown_duration: GoDuration,
    /// How long Envoy waits for a connection.
    pub connect_timeout: GoDuration,
    /// How often Envoy asks Pilot, where it polls.
    pub discovery_refresh_delay: GoDuration,
    /// Where Envoy sends its counters.
    pub statsd_udp_address: Option<Address>,
    /// Envoy's worker threads; `None` leaves it to Envoy.
    pub concurrency: Option<u16>,
    /// Envoy's log level; `None` leaves it to pilot-agent.
    pub proxy_log_level: Option<LogLevel>,
    /// Where the Mesos fetcher gets the certificate bundle.
    pub bundle_uri: BundleUri,
    /// How many seconds `istio-proxy` waits for the certificates.
    pub certs_timeout: u16,
    /// The trust domain of the mesh.
    pub trust_domain: TrustDomain,
    /// Whose certificate the pod gets.
    pub service_account: ServiceAccount,
    /// Where its certificate comes from.
    pub certs: Certs,
    /// The node agent, where that is one.
    pub agent: Agent,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            policy: Policy::Enabled,
            proxy_image: ImageId::fixed("docker.io/istio/proxyv2:1.0.5"),
            image_pull_policy: ImagePullPolicy::IfNotPresent,
            proxy_cpu: Cpu::fixed(0.5),
            proxy_memory: Megabytes::fixed(512.0),
            discovery_address: Address::fixed(
                "pilot.marathon.containerip.dcos.thisdcos.directory:15010",
            ),
            zipkin_address: Some(Address::fixed(
                "zipkin.marathon.autoip.dcos.thisdcos.directory:31767",
            )),
            domain: Domain::fixed("marathon.l4lb.thisdcos.directory"),
            control_plane_auth_policy: ControlPlaneAuthPolicy::None,
            interception_mode: InterceptionMode::Redirect,
            proxy_listen_port: Port::fixed(15001),
            status_port: 0,
            application_ports: None,
            include_outbound_ip_ranges: IpRanges::All,
            exclude_outbound_ip_ranges: IpRanges::none(),
            include_inbound_ports: None,
            exclude_inbound_ports: Ports::none(),
            drain_duration: GoDuration::fixed("2s"),
            parent_shutdown_duration: GoDuration::fixed("3s"),
            connect_timeout: GoDuration::fixed("1s"),
            discovery_refresh_delay: GoDuration::fixed("1s"),
            statsd_udp_address: None,
            concurrency: None,
            proxy_log_level: None,
            bundle_uri: BundleUri::fixed("file:///var/lib/istio/bundle-certs.tgz"),
            certs_timeout: 300,
            trust_domain: TrustDomain::default(),
            service_account: ServiceAccount::default(),
            certs: Certs::Bundle,
            agent: Agent::default(),
        }
    }
}

impl Settings {
    /// Sets one setting from its text, as every source of settings does.
    ///
    /// # Errors
    /// The text is no value of this setting.
    pub fn set(&mut self, key: Key, text: &str) -> Result<(), InvalidValue> {
        match key {
            Key::Policy => self.policy = text.parse()?,
            Key::ProxyImage => self.proxy_image = text.parse()?,
            Key::ImagePullPolicy => self.image_pull_policy = text.parse()?,
            Key::ProxyCpu => self.proxy_cpu = text.parse()?,
            Key::ProxyMemory => self.proxy_memory = text.parse()?,
            Key::DiscoveryAddress => self.discovery_address = text.parse()?,
            Key::ZipkinAddress => self.zipkin_address = unless_empty(text)?,
            Key::Domain => self.domain = text.parse()?,
            Key::ControlPlaneAuthPolicy => self.control_plane_auth_policy = text.parse()?,
            Key::InterceptionMode => self.interception_mode = text.parse()?,
            Key::ProxyListenPort => self.proxy_listen_port = text.parse()?,
            Key::StatusPort => self.status_port = value::port_or_off(text)?,
            // pilot-agent takes numbers only; `*` is Istio's word for the application's ports.
            Key::ApplicationPorts if text == "*" => self.application_ports = None,
            Key::ApplicationPorts => self.application_ports = Some(text.parse()?),
            Key::IncludeOutboundIpRanges => self.include_outbound_ip_ranges = text.parse()?,
            Key::ExcludeOutboundIpRanges => {
                self.exclude_outbound_ip_ranges = IpRanges::parse_list(text)?;
            }
            Key::IncludeInboundPorts => self.include_inbound_ports = Some(text.parse()?),
            Key::ExcludeInboundPorts => self.exclude_inbound_ports = Ports::parse_list(text)?,
            Key::DrainDuration => self.drain_duration = text.parse()?,
            Key::ParentShutdownDuration => self.parent_shutdown_duration = text.parse()?,
            Key::ConnectTimeout => self.connect_timeout = text.parse()?,
            Key::DiscoveryRefreshDelay => self.discovery_refresh_delay = text.parse()?,
            Key::StatsdUdpAddress => self.statsd_udp_address = unless_empty(text)?,
            Key::ProxyConcurrency => self.concurrency = value::count_or_default(text)?,
            Key::ProxyLogLevel => self.proxy_log_level = unless_empty(text)?,
            Key::BundleUri => self.bundle_uri = text.parse()?,
            Key::CertsTimeout => self.certs_timeout = value::seconds(text)?,
            Key::TrustDomain => self.trust_domain = text.parse().map_err(InvalidValue::because)?,
            Key::Namespace => {
                self.service_account =
                    self.service_account.in_namespace(text).map_err(InvalidValue::because)?;
            }
            Key::ServiceAccount => {
                self.service_account =
                    self.service_account.named(text).map_err(InvalidValue::because)?;
            }
            Key::Certs => self.certs = text.parse()?,
            Key::CaAddress => self.agent.ca_address = text.parse()?,
            Key::CaServerName => self.agent.ca_server_name = text.parse()?,
            Key::CaRootSha256 => self.agent.ca_root_sha256 = text.parse()?,
            Key::AgentUri => self.agent.uri = text.parse()?,
            Key::AgentImage => self.agent.image = unless_empty(text)?,
            Key::AgentOutput => self.agent.output = text.parse()?,
            Key::AgentCpu => self.agent.cpu = text.parse()?,
            Key::AgentMemory => self.agent.memory = text.parse()?,
        }
        Ok(())
    }
}

impl Settings {
    /// Whether the settings go together, which no single one can tell.
    ///
    /// # Errors
    /// pilot-agent or the node agent would refuse them and exit.
    pub fn check(&self) -> Result<(), InvalidValue> {
        if self.certs == Certs::Agent && self.agent.ca_root_sha256.is_empty() {
            return Err(InvalidValue::because(
                "a node agent has to know Citadel: `citadel inspect DIR` tells what to set \
                 ca-root-sha256 to",
            ));
        }
        let (drain, parent) = (&self.drain_duration, &self.parent_shutdown_duration);
        if parent.seconds() > drain.seconds() {
            return Ok(());
        }
        let (drain, parent) = (drain.as_str(), parent.as_str());
        Err(InvalidValue::because(format!(
            "the old Envoy must outlive its draining: parent-shutdown-duration ({parent}) has to \
             be longer than drain-duration ({drain})"
        )))
    }

    /// Whose certificate the pod gets, in full.
    pub fn identity(&self) -> SpiffeId {
        SpiffeId::new(self.trust_domain.clone(), self.service_account.clone())
    }

    /// Whose bundle the pod fetches; with a node agent it fetches none, and Citadel decides.
    pub fn bundle_identity(&self) -> Option<SpiffeId> {
        (self.certs == Certs::Bundle).then(|| self.identity())
    }

    /// What of them decides what is injected: the words about a node agent do not where there is
    /// none, nor those about a bundle beside one.
    pub(crate) fn decisive(&self) -> Value {
        let idle: &[&str] = match self.certs {
            Certs::Bundle => &["certs", "agent"],
            Certs::Agent => &["bundle_uri", "trust_domain", "service_account"],
        };
        let mut all = serde_json::to_value(self).expect("settings serialise");
        if let Value::Object(members) = &mut all {
            members.retain(|name, _| !idle.contains(&name.as_str()));
        }
        all
    }

    /// Each setting's text, as it would be written to set it; `None` for one without a value of its
    /// own.
    pub fn texts(&self) -> impl Iterator<Item = (Key, Option<String>)> {
        let all = serde_json::to_value(self).unwrap_or_default();
        Key::all().map(move |key| (key, text_of(&all, key)))
    }
}

fn text_of(all: &Value, key: Key) -> Option<String> {
    let value = match key {
        Key::Namespace => &all["service_account"]["namespace"],
        Key::ServiceAccount => &all["service_account"]["name"],
        _ => {
            let name = key.name().replace('-', "_");
            all.get(&name).unwrap_or(&all["agent"][&name])
        }
    };
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string().trim_end_matches(".0").to_owned(),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

fn unless_empty<T: std::str::FromStr<Err = InvalidValue>>(
    text: &str,
) -> Result<Option<T>, InvalidValue> {
    if text.is_empty() { Ok(None) } else { text.parse().map(Some) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_a_value_that_its_own_setting_takes() {
        for (key, text) in Settings::default().texts() {
            let mut settings = Settings::default();
            if let Some(text) = text {
                settings.set(key, &text).unwrap_or_else(|error| panic!("{}: {error}", key.name()));
            }
            assert_eq!(settings, Settings::default(), "{}", key.name());
        }
    }
}
