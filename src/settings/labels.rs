//! The pod's labels that steer injection: Istio's own annotation keys and four more, a
//! closed list. Marathon pods have no annotations, so they are labels here.

use super::Key;

/// Says whether this pod is injected: `"true"` or `"false"`.
pub const INJECT_LABEL: &str = "sidecar.istio.io/inject";

/// Holds the record of what was injected.
pub const STATUS_LABEL: &str = "sidecar.istio.io/status";

/// A label of the closed list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelKey {
    /// [`INJECT_LABEL`]
    Inject,
    /// [`STATUS_LABEL`]
    Status,
    /// Sets a setting for this pod.
    Setting(Key),
    /// A key of Istio that cannot mean anything on Marathon; the words say why.
    NoEffect(&'static str),
}

/// What a label's key is to injection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    /// On the list.
    Known(LabelKey),
    /// In Istio's name spaces, but not on the list; the nearest that is.
    Unknown(Option<&'static str>),
    /// Somebody else's.
    Other,
}

const NO_READINESS: &str = "Marathon pods have no readiness checks";

const LABELS: &[(&str, LabelKey)] = &[
    (INJECT_LABEL, LabelKey::Inject),
    (STATUS_LABEL, LabelKey::Status),
    ("sidecar.istio.io/proxyImage", LabelKey::Setting(Key::ProxyImage)),
    ("sidecar.istio.io/interceptionMode", LabelKey::Setting(Key::InterceptionMode)),
    ("sidecar.istio.io/discoveryAddress", LabelKey::Setting(Key::DiscoveryAddress)),
    ("sidecar.istio.io/controlPlaneAuthPolicy", LabelKey::Setting(Key::ControlPlaneAuthPolicy)),
    ("sidecar.istio.io/proxyCPU", LabelKey::Setting(Key::ProxyCpu)),
    ("sidecar.istio.io/proxyMemory", LabelKey::Setting(Key::ProxyMemory)),
    ("status.sidecar.istio.io/port", LabelKey::Setting(Key::StatusPort)),
    (
        "readiness.status.sidecar.istio.io/applicationPorts",
        LabelKey::Setting(Key::ApplicationPorts),
    ),
    ("readiness.status.sidecar.istio.io/initialDelaySeconds", LabelKey::NoEffect(NO_READINESS)),
    ("readiness.status.sidecar.istio.io/periodSeconds", LabelKey::NoEffect(NO_READINESS)),
    ("readiness.status.sidecar.istio.io/failureThreshold", LabelKey::NoEffect(NO_READINESS)),
    (
        "traffic.sidecar.istio.io/includeOutboundIPRanges",
        LabelKey::Setting(Key::IncludeOutboundIpRanges),
    ),
    (
        "traffic.sidecar.istio.io/excludeOutboundIPRanges",
        LabelKey::Setting(Key::ExcludeOutboundIpRanges),
    ),
    ("traffic.sidecar.istio.io/includeInboundPorts", LabelKey::Setting(Key::IncludeInboundPorts)),
    ("traffic.sidecar.istio.io/excludeInboundPorts", LabelKey::Setting(Key::ExcludeInboundPorts)),
    // Istio has no annotation for these four.
    ("sidecar.istio.io/zipkinAddress", LabelKey::Setting(Key::ZipkinAddress)),
    ("sidecar.istio.io/domain", LabelKey::Setting(Key::Domain)),
    ("sidecar.istio.io/bundleURI", LabelKey::Setting(Key::BundleUri)),
    ("sidecar.istio.io/certs", LabelKey::Setting(Key::Certs)),
    // With this one Istio's Citadel marks whose secret it is.
    ("istio.io/service-account.name", LabelKey::Setting(Key::ServiceAccount)),
];

/// The label that sets `key` for a pod, where there is one.
pub fn label_of(key: Key) -> Option<&'static str> {
    let sets = |known: &LabelKey| *known == LabelKey::Setting(key);
    LABELS.iter().find(|(_, known)| sets(known)).map(|(name, _)| *name)
}

/// What the label `key` is to injection.
pub fn label(key: &str) -> Label {
    let Some((space, _)) = key.split_once('/').filter(|(space, _)| space.ends_with("istio.io"))
    else {
        return Label::Other;
    };
    if let Some((_, known)) = LABELS.iter().find(|(name, _)| *name == key) {
        return Label::Known(*known);
    }
    if space == "istio.io" || space.ends_with(".istio.io") {
        Label::Unknown(nearest(key))
    } else {
        Label::Other
    }
}

/// A key longer than this is no misspelt one; comparing takes time and memory with the product of
/// the lengths.
const LONGEST: usize = 128;

fn nearest(key: &str) -> Option<&'static str> {
    if key.len() > LONGEST {
        return None;
    }
    let lower = key.to_ascii_lowercase();
    let distance = |name: &str| strsim::damerau_levenshtein(&lower, &name.to_ascii_lowercase());
    let near = LABELS.iter().map(|(name, _)| *name).min_by_key(|name| distance(name))?;
    let name_length = near.rsplit('/').next().map_or(0, str::len);
    (distance(near) <= name_length.max(8) / 2).then_some(near)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_key_is_told_the_nearest() {
        assert_eq!(
            label("traffic.sidecar.istio.io/excludeInboundPort"),
            Label::Unknown(Some("traffic.sidecar.istio.io/excludeInboundPorts"))
        );
        assert_eq!(
            label("sidecar.istio.io/excludeInboundPorts"),
            Label::Unknown(Some("traffic.sidecar.istio.io/excludeInboundPorts"))
        );
        assert_eq!(label("sidecar.istio.io/INJECT"), Label::Unknown(Some(INJECT_LABEL)));
        assert_eq!(label("proxy.istio.io/config"), Label::Unknown(None));
    }

    #[test]
    fn other_peoples_labels_are_left_alone() {
        for key in ["version", "istio", "example.com/inject", "notistio.io/inject"] {
            assert_eq!(label(key), Label::Other, "{key}");
        }
    }

    #[test]
    fn istios_keys_are_known() {
        assert_eq!(label(INJECT_LABEL), Label::Known(LabelKey::Inject));
        assert_eq!(
            label("sidecar.istio.io/proxyCPU"),
            Label::Known(LabelKey::Setting(Key::ProxyCpu))
        );
        assert_eq!(
            label("istio.io/service-account.name"),
            Label::Known(LabelKey::Setting(Key::ServiceAccount))
        );
    }
}
