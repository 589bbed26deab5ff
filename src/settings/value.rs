//! The values of settings: each type is made by its parser only, and what is refused says what
//! would be right.

mod capture;
mod pins;
mod quantity;

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::identity::SpiffeId;

pub(super) use capture::port_or_off;
pub use capture::{IpRanges, Port, Ports};
pub use pins::RootPins;
pub use quantity::{Cpu, Megabytes};

/// Why a text is no value of a setting, as a fragment that follows the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidValue(String);

impl InvalidValue {
    fn new(words: impl Into<String>) -> Self {
        Self(words.into())
    }

    /// The words of another error.
    pub(super) fn because(error: impl fmt::Display) -> Self {
        Self(error.to_string())
    }
}

/// Defines an enumeration with the spellings that Istio uses.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$about:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
        pub enum $name { $($(#[$about])* #[serde(rename = $word)] $variant),+ }

        impl $name {
            /// The spelling.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl FromStr for $name {
            type Err = InvalidValue;

            fn from_str(text: &str) -> Result<Self, InvalidValue> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(one_of(text, &[$($word),+])),
                }
            }
        }
    };
}

fn one_of(text: &str, words: &[&str]) -> InvalidValue {
    let near = words.iter().find(|word| word.eq_ignore_ascii_case(text));
    InvalidValue::new(match near {
        Some(word) => format!("the spelling is {word}"),
        None => format!("expected {}", words.join(", ")),
    })
}

words! {
    /// Whether a pod that says nothing is injected.
    Policy {
        /// It is.
        Enabled = "enabled",
        /// Only a pod that asks for it is.
        Disabled = "disabled",
    }
}

words! {
    /// Kubernetes' words for whether an image is pulled again; Marathon knows `forcePull`.
    ImagePullPolicy {
        /// `"forcePull": true`
        Always = "Always",
        /// Marathon's default, nothing is written.
        IfNotPresent = "IfNotPresent",
        /// `"forcePull": false`, the nearest that Marathon has.
        Never = "Never",
    }
}

words! {
    /// How pilot-agent authenticates Pilot.
    ControlPlaneAuthPolicy {
        /// Not at all.
        None = "NONE",
        /// By certificate. pilot-agent 1.0.5 expects a SAN that no Pilot outside Kubernetes has.
        MutualTls = "MUTUAL_TLS",
    }
}

words! {
    /// Where the certificates of a pod come from.
    Certs {
        /// A bundle that the Mesos fetcher brings, once for all the pod's life.
        Bundle = "bundle",
        /// A node agent in the pod, which makes the key there and has Citadel sign it.
        Agent = "agent",
    }
}

words! {
    /// What the node agent hands the certificates on by.
    AgentOutput {
        /// By files and by SDS.
        Both = "both",
        /// By files in the shared volume, as pilot-agent 1.0.5 reads them.
        Files = "files",
        /// By a socket in the shared volume, which speaks Envoy's SDS.
        Sds = "sds",
    }
}

words! {
    /// Envoy's log levels (pilot-agent `--proxyLogLevel`).
    LogLevel {
        /// Everything.
        Trace = "trace",
        /// For debugging.
        Debug = "debug",
        /// What goes on.
        Info = "info",
        /// What may go wrong.
        Warn = "warn",
        /// What went wrong.
        Err = "err",
        /// What cannot go on.
        Critical = "critical",
        /// Nothing.
        Off = "off",
    }
}

/// How traffic is captured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum InterceptionMode {
    /// By NAT: the only mode that a Marathon pod can have.
    #[serde(rename = "REDIRECT")]
    Redirect,
}

impl InterceptionMode {
    /// The spelling.
    pub fn as_str(self) -> &'static str {
        "REDIRECT"
    }
}

impl FromStr for InterceptionMode {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        match text {
            "REDIRECT" => Ok(Self::Redirect),
            "TPROXY" => Err(InvalidValue::new(
                "Envoy would need the capability NET_ADMIN, which a Marathon pod cannot ask for; \
                 use REDIRECT",
            )),
            _ => Err(one_of(text, &["REDIRECT"])),
        }
    }
}

/// A number of threads; 0 and nothing mean the default.
pub(super) fn count_or_default(text: &str) -> Result<Option<u16>, InvalidValue> {
    match text {
        "" | "0" => Ok(None),
        _ => text.parse().map(Some).map_err(|_| InvalidValue::new("expected a number of threads")),
    }
}

/// A number of seconds, at least 1.
pub(super) fn seconds(text: &str) -> Result<u16, InvalidValue> {
    let seconds = text.parse().ok().filter(|seconds| *seconds > 0);
    seconds.ok_or_else(|| InvalidValue::new("expected a number of seconds, 1 to 65535"))
}

/// Defines a string that has been checked.
macro_rules! checked {
    ($(#[$doc:meta])* $name:ident, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
        pub struct $name(String);

        impl $name {
            pub(super) fn fixed(text: &str) -> Self {
                Self(text.to_owned())
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidValue;

            fn from_str(text: &str) -> Result<Self, InvalidValue> {
                let check: fn(&str) -> Result<(), InvalidValue> = $check;
                check(text).map(|()| Self(text.to_owned()))
            }
        }
    };
}

checked! {
    /// A `host:port`. pilot-agent refuses one without a port.
    Address, |text| {
        let (host, port) = text
            .rsplit_once(':')
            .ok_or_else(|| InvalidValue::new(format!("{text:?} has no port; expected host:port")))?;
        host_name(host)?;
        port.parse::<Port>().map(drop)
    }
}

checked! {
    /// A DNS domain.
    Domain, host_name
}

checked! {
    /// An image of a registry, as Docker names it.
    ImageId, |text| {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "./:_@-".contains(c);
        let named = text.starts_with(|c: char| c.is_ascii_alphanumeric());
        if named && text.len() <= 1024 && text.chars().all(allowed) {
            return Ok(());
        }
        Err(InvalidValue::new("expected an image such as docker.io/istio/proxyv2:1.0.5"))
    }
}

checked! {
    /// A duration above zero as Go spells it: `45s`, `1m0s`, `500ms`.
    GoDuration, |text| match seconds_of(text) {
        Some(seconds) if seconds > 0.0 => Ok(()),
        _ => Err(InvalidValue::new(format!("{text:?} is no duration such as 2s, 1m30s or 500ms"))),
    }
}

impl GoDuration {
    /// Its length.
    pub fn seconds(&self) -> f64 {
        seconds_of(&self.0).unwrap_or_default()
    }
}

/// The length of a duration: numbers, each with a unit.
fn seconds_of(text: &str) -> Option<f64> {
    let mut rest = text;
    let mut total = 0.0;
    while !rest.is_empty() {
        let number = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let after = &rest[number..];
        let unit = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        let seconds = match &after[..unit] {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" => 1e-6,
            "ns" => 1e-9,
            _ => return None,
        };
        total += rest[..number].parse::<f64>().ok()? * seconds;
        rest = &after[unit..];
    }
    (!text.is_empty()).then_some(total)
}

checked! {
    /// Where the Mesos fetcher gets the bundle. Placeholders in it stand for the pod's identity.
    BundleUri, |text| {
        fetchable(text)?;
        let known = PLACEHOLDERS.iter().fold(text.to_owned(), |text, name| text.replace(name, ""));
        if known.contains(['{', '}']) {
            return Err(InvalidValue::new(format!("the only placeholders are {}", PLACEHOLDERS.join(", "))));
        }
        Ok(())
    }
}

checked! {
    /// Where the Mesos fetcher gets a file that is the same for all pods.
    FetchUri, fetchable
}

fn fetchable(text: &str) -> Result<(), InvalidValue> {
    let is_scheme = |scheme: &str| {
        !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    let parts = text.split_once("://");
    let is_uri = text.starts_with('/')
        || parts.is_some_and(|(scheme, rest)| is_scheme(scheme) && !rest.is_empty());
    if is_uri && text.len() <= 1024 && !text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Ok(());
    }
    Err(InvalidValue::new(
        "expected a URI of the Mesos fetcher, such as file:///… or https://…, up to 1024 characters",
    ))
}

/// What a bundle's URI can take from the pod's identity.
const PLACEHOLDERS: [&str; 3] = ["{trust-domain}", "{namespace}", "{service-account}"];

impl BundleUri {
    /// The URI of an identity's bundle.
    pub fn of(&self, identity: &SpiffeId) -> String {
        let account = identity.account();
        let values = [identity.trust_domain().as_str(), account.namespace(), account.name()];
        let pairs = PLACEHOLDERS.into_iter().zip(values);
        pairs.fold(self.0.clone(), |uri, (name, value)| uri.replace(name, value))
    }
}

fn host_name(text: &str) -> Result<(), InvalidValue> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    if !text.is_empty() && text.len() <= 253 && text.bytes().all(allowed) {
        return Ok(());
    }
    Err(InvalidValue::new(format!("{text:?} is no host name")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_those_of_go() {
        for text in ["2s", "1m0s", "1.5h", "500ms"] {
            assert!(text.parse::<GoDuration>().is_ok(), "{text}");
        }
        assert_eq!("1m30s".parse::<GoDuration>().unwrap().seconds(), 90.0);
        for text in ["", "2", "s", "1 s", "-1s", "1d", "1.2.3s", "0s", "0h0m"] {
            assert!(text.parse::<GoDuration>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_address_needs_a_port() {
        assert!("pilot:15010".parse::<Address>().is_ok());
        assert!("pilot".parse::<Address>().is_err());
        assert!("pilot:x".parse::<Address>().is_err());
        assert!("$(id):1".parse::<Address>().is_err());
    }

    #[test]
    fn a_bundle_uri_knows_the_parts_of_an_identity() {
        assert!("https://ca/{namespace}/{service-account}.tgz".parse::<BundleUri>().is_ok());
        assert!("https://ca/{pod}.tgz".parse::<BundleUri>().is_err());
        assert!("bundle.tgz".parse::<BundleUri>().is_err());
    }

    #[test]
    fn a_word_in_the_wrong_case_is_told_its_spelling() {
        let error = "always".parse::<ImagePullPolicy>().unwrap_err();
        assert_eq!(error.to_string(), "the spelling is Always");
    }
}
