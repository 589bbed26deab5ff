//! The container `istio-init`: it runs once, puts a bundle's certificates in place, sets the traffic
//! capture and exits 0. Anything else than 0 makes Marathon start the pod again.

use std::borrow::Cow;

use super::addition::{Container, Environment, Exec, Image, Resources, number};
use super::{certs, ports::Inbound};
use crate::settings::{Certs, PROXY_UID, Settings};

pub(super) const NAME: &str = "istio-init";

/// The script needs little: it copies three files and sets a dozen rules.
const CPUS: f64 = 0.1;
const MEGABYTES: f64 = 64.0;

/// Where the scripts find their commands. Set for the container, so that a `PATH` in the pod's
/// own environment cannot choose others.
pub(super) const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What the container runs.
pub(super) fn script(certs: Certs) -> &'static str {
    match certs {
        Certs::Bundle => concat!(
            include_str!("scripts/istio-init/bundle.sh"),
            include_str!("scripts/istio-init/capture.sh")
        ),
        Certs::Agent => concat!(
            include_str!("scripts/istio-init/agent.sh"),
            include_str!("scripts/istio-init/capture.sh")
        ),
    }
}

pub(super) fn container<'a>(
    settings: &'a Settings,
    image: Image<'a>,
    inbound: &Inbound,
) -> Container<'a> {
    let brings_bundle = settings.certs == Certs::Bundle;
    Container {
        name: NAME,
        image,
        user: "root",
        resources: Resources { cpus: number(CPUS), mem: number(MEGABYTES) },
        environment: environment(settings, inbound),
        artifacts: brings_bundle.then(|| [certs::bundle(settings)]),
        volume_mounts: brings_bundle.then(|| [certs::writable_mount()]),
        exec: Exec::script(script(settings.certs)),
    }
}

/// The names of the last five are istio-iptables.sh's own for the same things.
fn environment<'a>(settings: &'a Settings, inbound: &Inbound) -> Environment<'a> {
    let text = |value: &dyn std::fmt::Display| Cow::Owned(value.to_string());
    let mut all = vec![("PATH", Cow::Borrowed(PATH))];
    if settings.certs == Certs::Bundle {
        all.push(("ISTIO_CERTS_DIR", Cow::Borrowed(certs::MOUNT_PATH)));
        all.push(("ISTIO_BUNDLE", Cow::Borrowed(certs::file_name(settings))));
    }
    all.extend([
        ("ISTIO_PROXY_UID", text(&PROXY_UID)),
        ("ISTIO_PROXY_PORT", text(&settings.proxy_listen_port)),
        ("ISTIO_INBOUND_INTERCEPTION_MODE", Cow::Borrowed(settings.interception_mode.as_str())),
        ("ISTIO_SERVICE_CIDR", text(&settings.include_outbound_ip_ranges)),
        ("ISTIO_SERVICE_EXCLUDE_CIDR", text(&settings.exclude_outbound_ip_ranges)),
        ("ISTIO_INBOUND_PORTS", text(&inbound.captured)),
        ("ISTIO_LOCAL_EXCLUDE_PORTS", text(&inbound.excluded)),
    ]);
    Environment(all)
}
