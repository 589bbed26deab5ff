//! The settings by name: one table from which flags, environment variables, the config file's
//! keys and the documentation come.

/// The name of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "`Key::about` says what each is for")]
pub enum Key {
    Policy,
    ProxyImage,
    ImagePullPolicy,
    ProxyCpu,
    ProxyMemory,
    DiscoveryAddress,
    ZipkinAddress,
    Domain,
    ControlPlaneAuthPolicy,
    InterceptionMode,
    ProxyListenPort,
    StatusPort,
    ApplicationPorts,
    IncludeOutboundIpRanges,
    ExcludeOutboundIpRanges,
    IncludeInboundPorts,
    ExcludeInboundPorts,
    DrainDuration,
    ParentShutdownDuration,
    ConnectTimeout,
    DiscoveryRefreshDelay,
    StatsdUdpAddress,
    ProxyConcurrency,
    ProxyLogLevel,
    BundleUri,
    CertsTimeout,
    TrustDomain,
    Namespace,
    ServiceAccount,
    Certs,
    CaAddress,
    CaServerName,
    CaRootSha256,
    AgentUri,
    AgentImage,
    AgentOutput,
    AgentCpu,
    AgentMemory,
}

/// A row: the key, its name, kube-inject's spelling of the flag, the form of its value, what it
/// is for.
type Row = (Key, &'static str, Option<&'static str>, &'static str, &'static str);

const ROWS: &[Row] = &[
    (
        Key::Policy,
        "policy",
        None,
        "enabled|disabled",
        "Whether a pod that says nothing is injected",
    ),
    (Key::ProxyImage, "proxy-image", None, "IMAGE", "Image of istio-init and istio-proxy"),
    (
        Key::ImagePullPolicy,
        "image-pull-policy",
        Some("imagePullPolicy"),
        "Always|IfNotPresent|Never",
        "Whether the image is pulled again",
    ),
    (Key::ProxyCpu, "proxy-cpu", None, "CPUS", "CPU shares of istio-proxy: 0.5 or 500m"),
    (Key::ProxyMemory, "proxy-memory", None, "MB", "Memory of istio-proxy: 512 (MB), 512Mi or 1Gi"),
    (
        Key::DiscoveryAddress,
        "discovery-address",
        None,
        "HOST:PORT",
        "Pilot; stock pilot-agent 1.0.5 dials port 15010 whatever port is given",
    ),
    (
        Key::ZipkinAddress,
        "zipkin-address",
        None,
        "HOST:PORT",
        "Tracing collector; empty sends no traces",
    ),
    (Key::Domain, "domain", None, "DOMAIN", "Suffix of service names"),
    (
        Key::ControlPlaneAuthPolicy,
        "control-plane-auth-policy",
        None,
        "NONE|MUTUAL_TLS",
        "How pilot-agent authenticates Pilot; MUTUAL_TLS needs a Pilot whose certificate names no namespace",
    ),
    (Key::InterceptionMode, "interception-mode", None, "REDIRECT", "How traffic is captured"),
    (
        Key::ProxyListenPort,
        "proxy-listen-port",
        None,
        "PORT",
        "Port that captured traffic is sent to",
    ),
    (
        Key::StatusPort,
        "status-port",
        Some("statusPort"),
        "PORT",
        "Port of pilot-agent's health endpoint; 0 turns it off",
    ),
    (
        Key::ApplicationPorts,
        "application-ports",
        None,
        "PORTS",
        "Ports that the health endpoint waits for [default: the application's TCP ports]",
    ),
    (
        Key::IncludeOutboundIpRanges,
        "include-outbound-ip-ranges",
        Some("includeIPRanges"),
        "*|CIDRS",
        "Outbound destinations that are captured",
    ),
    (
        Key::ExcludeOutboundIpRanges,
        "exclude-outbound-ip-ranges",
        Some("excludeIPRanges"),
        "CIDRS",
        "Outbound destinations that are not captured",
    ),
    (
        Key::IncludeInboundPorts,
        "include-inbound-ports",
        Some("includeInboundPorts"),
        "*|PORTS",
        "Inbound ports that are captured [default: the application's TCP container ports]",
    ),
    (
        Key::ExcludeInboundPorts,
        "exclude-inbound-ports",
        Some("excludeInboundPorts"),
        "PORTS",
        "Inbound ports that are not captured",
    ),
    (
        Key::DrainDuration,
        "drain-duration",
        None,
        "DURATION",
        "How long Envoy drains connections at a hot restart",
    ),
    (
        Key::ParentShutdownDuration,
        "parent-shutdown-duration",
        None,
        "DURATION",
        "How long the old Envoy lives on at a hot restart",
    ),
    (
        Key::ConnectTimeout,
        "connect-timeout",
        None,
        "DURATION",
        "How long Envoy waits for a connection",
    ),
    (
        Key::DiscoveryRefreshDelay,
        "discovery-refresh-delay",
        None,
        "DURATION",
        "How often Envoy asks Pilot where it polls",
    ),
    (
        Key::StatsdUdpAddress,
        "statsd-udp-address",
        None,
        "HOST:PORT",
        "Where Envoy sends its counters",
    ),
    (
        Key::ProxyConcurrency,
        "proxy-concurrency",
        None,
        "THREADS",
        "Envoy's worker threads; 0 leaves it to Envoy",
    ),
    (
        Key::ProxyLogLevel,
        "proxy-log-level",
        None,
        "LEVEL",
        "Envoy's log level: trace, debug, info, warn, err, critical, off",
    ),
    (
        Key::BundleUri,
        "bundle-uri",
        None,
        "URI",
        "Certificate bundle; {trust-domain}, {namespace} and {service-account} stand for the identity's",
    ),
    (
        Key::CertsTimeout,
        "certs-timeout",
        None,
        "SECONDS",
        "How long istio-proxy waits for the certificates",
    ),
    (Key::TrustDomain, "trust-domain", None, "DOMAIN", "Trust domain of the pod's identity"),
    (Key::Namespace, "namespace", None, "NAME", "Namespace of the pod's identity"),
    (Key::ServiceAccount, "service-account", None, "NAME", "Service account of the pod's identity"),
    (
        Key::Certs,
        "certs",
        None,
        "bundle|agent",
        "Where certificates come from: a bundle that is fetched, or a node agent in the pod",
    ),
    (Key::CaAddress, "ca-address", None, "HOST:PORT", "Citadel, for the node agent"),
    (
        Key::CaServerName,
        "ca-server-name",
        None,
        "NAME",
        "DNS name in Citadel's serving certificate, for the node agent",
    ),
    (
        Key::CaRootSha256,
        "ca-root-sha256",
        None,
        "HEX",
        "SHA-256 of the roots by which the node agent knows Citadel, with commas between them; `citadel inspect` tells them",
    ),
    (
        Key::AgentUri,
        "agent-uri",
        None,
        "URI",
        "The program node-agent, where the Mesos fetcher gets it",
    ),
    (
        Key::AgentImage,
        "agent-image",
        None,
        "IMAGE",
        "Image of istio-agent that has node-agent in /usr/local/bin or another of the usual directories; then agent-uri is not fetched [default: that of istio-proxy]",
    ),
    (
        Key::AgentOutput,
        "agent-output",
        None,
        "both|files|sds",
        "How the node agent hands certificates on: by files, by SDS on a socket, or by both",
    ),
    (Key::AgentCpu, "agent-cpu", None, "CPUS", "CPU shares of istio-agent: 0.1 or 100m"),
    (Key::AgentMemory, "agent-memory", None, "MB", "Memory of istio-agent: 64 (MB) or 64Mi"),
];

impl Key {
    /// All settings, in the order of the documentation.
    pub fn all() -> impl Iterator<Item = Self> {
        ROWS.iter().map(|row| row.0)
    }

    /// The setting of that name.
    pub fn named(name: &str) -> Option<Self> {
        ROWS.iter().find(|row| row.1 == name).map(|row| row.0)
    }

    /// Its name in the config file and, after `--`, on the command line.
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// The environment variable that sets it: `INJECT_PROXY_IMAGE`.
    pub fn variable(self) -> String {
        format!("INJECT_{}", self.name().to_uppercase().replace('-', "_"))
    }

    /// The flag's spelling in kube-inject, where that has one.
    pub fn kube_inject_flag(self) -> Option<&'static str> {
        self.row().2
    }

    /// The form of its value, for help.
    pub fn form(self) -> &'static str {
        self.row().3
    }

    /// What it is for, for help.
    pub fn about(self) -> &'static str {
        self.row().4
    }

    fn row(self) -> &'static Row {
        &ROWS[self as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_the_row_of_its_own() {
        for (index, key) in Key::all().enumerate() {
            assert_eq!(key as usize, index);
            assert_eq!(Key::named(key.name()), Some(key));
        }
    }

    #[test]
    fn variables_are_the_names_in_capitals() {
        assert_eq!(Key::ProxyImage.variable(), "INJECT_PROXY_IMAGE");
    }
}
