//! The container `istio-proxy`: it waits for the certificates and becomes pilot-agent, which runs
//! Envoy. It declares no endpoints, for Pilot would make each of them a port of the service.

use std::borrow::Cow;

use super::addition::{Container, Environment, Exec, Image, Resources, number};
use super::{agent, certs, init, ports::Inbound};
use crate::settings::{Certs, PROXY_UID, Settings};

pub(super) const NAME: &str = "istio-proxy";

/// Tells Pilot by Envoy's metadata how inbound traffic is captured.
pub(super) const MODE_VARIABLE: &str = "ISTIO_META_INTERCEPTION_MODE";

/// Where pilot-agent writes Envoy's bootstrap; istio-proxy owns it in Istio's image.
const CONFIG_PATH: &str = "/var/lib/istio";

/// What the container runs.
pub(super) fn script(certs: Certs) -> &'static str {
    match certs {
        Certs::Bundle => concat!(
            include_str!("scripts/istio-proxy/begin.sh"),
            include_str!("scripts/istio-proxy/bundle.sh"),
            include_str!("scripts/istio-proxy/pilot-agent.sh")
        ),
        Certs::Agent => concat!(
            include_str!("scripts/istio-proxy/begin.sh"),
            include_str!("scripts/istio-proxy/agent.sh"),
            include_str!("scripts/istio-proxy/pilot-agent.sh")
        ),
    }
}

pub(super) fn container<'a>(
    settings: &'a Settings,
    image: Image<'a>,
    inbound: &Inbound,
    service_cluster: &'a str,
) -> Container<'a> {
    Container {
        name: NAME,
        image,
        user: "root",
        resources: Resources {
            cpus: number(settings.proxy_cpu.shares()),
            mem: number(settings.proxy_memory.number()),
        },
        environment: environment(settings, inbound, service_cluster),
        artifacts: None,
        volume_mounts: Some([certs::read_only_mount()]),
        exec: Exec::script(script(settings.certs)),
    }
}

fn environment<'a>(
    settings: &'a Settings,
    inbound: &Inbound,
    service_cluster: &'a str,
) -> Environment<'a> {
    let zipkin = settings.zipkin_address.as_ref().map_or("", |address| address.as_str());
    let mut all = vec![
        ("PATH", Cow::Borrowed(init::PATH)),
        ("ISTIO_CERTS_DIR", Cow::Borrowed(certs::MOUNT_PATH)),
        ("ISTIO_CERTS_TIMEOUT", Cow::Owned(settings.certs_timeout.to_string())),
        ("ISTIO_PROXY_UID", Cow::Owned(PROXY_UID.to_string())),
        ("ISTIO_CONFIG_PATH", Cow::Borrowed(CONFIG_PATH)),
        ("ISTIO_SERVICE_CLUSTER", Cow::Borrowed(service_cluster)),
        ("ISTIO_DISCOVERY_ADDRESS", Cow::Borrowed(settings.discovery_address.as_str())),
        ("ISTIO_ZIPKIN_ADDRESS", Cow::Borrowed(zipkin)),
        ("ISTIO_DOMAIN", Cow::Borrowed(settings.domain.as_str())),
        (
            "ISTIO_CONTROL_PLANE_AUTH_POLICY",
            Cow::Borrowed(settings.control_plane_auth_policy.as_str()),
        ),
        ("ISTIO_DRAIN_DURATION", Cow::Borrowed(settings.drain_duration.as_str())),
        (
            "ISTIO_PARENT_SHUTDOWN_DURATION",
            Cow::Borrowed(settings.parent_shutdown_duration.as_str()),
        ),
        ("ISTIO_CONNECT_TIMEOUT", Cow::Borrowed(settings.connect_timeout.as_str())),
        ("ISTIO_DISCOVERY_REFRESH_DELAY", Cow::Borrowed(settings.discovery_refresh_delay.as_str())),
        ("ISTIO_STATUS_PORT", Cow::Owned(settings.status_port.to_string())),
    ];
    if settings.certs == Certs::Agent {
        all.push(("ISTIO_SDS_SOCKET", Cow::Borrowed(agent::only_socket(settings))));
    }
    all.extend(may_be_empty(settings, inbound));
    all.push((MODE_VARIABLE, Cow::Borrowed(settings.interception_mode.as_str())));
    Environment(all)
}

/// The variables that leave pilot-agent its own default where they are empty. They are written
/// all the same: a variable of the pod's own environment must not take their place.
fn may_be_empty<'a>(
    settings: &'a Settings,
    inbound: &Inbound,
) -> [(&'static str, Cow<'a, str>); 4] {
    let ports = settings.application_ports.as_ref().unwrap_or(&inbound.application);
    let ports = (settings.status_port != 0).then(|| ports.to_string());
    let concurrency = settings.concurrency.map(|threads| threads.to_string());
    let level = settings.proxy_log_level.map_or("", |level| level.as_str());
    let statsd = settings.statsd_udp_address.as_ref().map_or("", |address| address.as_str());
    [
        ("ISTIO_APPLICATION_PORTS", Cow::Owned(ports.unwrap_or_default())),
        ("ISTIO_CONCURRENCY", Cow::Owned(concurrency.unwrap_or_default())),
        ("ISTIO_PROXY_LOG_LEVEL", Cow::Borrowed(level)),
        ("ISTIO_STATSD_UDP_ADDRESS", Cow::Borrowed(statsd)),
    ]
}
