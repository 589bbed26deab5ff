//! Whether a pod is injected, and why not.

use std::fmt;

use crate::document::{Diagnostic, Path};
use crate::pod::{Command, Container, Network, Pod};
use crate::settings::{INJECT_LABEL, Policy, Settings};

use super::{init, proxy};

/// Why a pod is not injected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Skip {
    /// Its rules would hit the agent.
    HostNetwork,
    /// Without `networks` Mesos puts it on the agent's network.
    NoNetwork,
    /// Its label says so.
    Label,
    /// The policy is `disabled`, and its label says nothing.
    Policy,
    /// A container already runs a proxy that we did not put there.
    ForeignSidecar {
        /// The container.
        container: String,
        /// What gives it away.
        sign: String,
    },
}

impl fmt::Display for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HostNetwork => f.write_str("host network"),
            Self::NoNetwork => f.write_str("no networks, so the host's network"),
            Self::Label => write!(f, "its label {INJECT_LABEL} says no"),
            Self::Policy => f.write_str("the policy is disabled"),
            Self::ForeignSidecar { container, sign } => {
                write!(f, "container {container} already is a sidecar: {sign}")
            }
        }
    }
}

/// `None` injects it.
pub(super) fn decide(
    pod: &Pod<'_, '_>,
    settings: &Settings,
    at: &Path<'_>,
) -> Result<Option<Skip>, Box<Diagnostic>> {
    let wanted = wanted(pod, at)?;
    Ok(match (pod.network(), wanted) {
        (Network::Host, _) => Some(Skip::HostNetwork),
        (Network::Absent, _) => Some(Skip::NoNetwork),
        (_, Some(false)) => Some(Skip::Label),
        (_, None) if settings.policy == Policy::Disabled => Some(Skip::Policy),
        _ => pod.containers().find_map(|container| foreign(&container)),
    })
}

/// What the pod's label says, in the words that Istio takes.
fn wanted(pod: &Pod<'_, '_>, at: &Path<'_>) -> Result<Option<bool>, Box<Diagnostic>> {
    let Some(label) = pod.label(INJECT_LABEL) else {
        return Ok(None);
    };
    let value = label.as_str().unwrap_or_default();
    match value.to_ascii_lowercase().as_str() {
        "" => Ok(None),
        "true" | "y" | "yes" | "on" => Ok(Some(true)),
        "false" | "n" | "no" | "off" => Ok(Some(false)),
        _ => {
            let id = pod.id().unwrap_or_default();
            let message = format!(
                "label {INJECT_LABEL:?} of pod {id}: expected true or false, not {value:?}"
            );
            let pointer = at.key("labels").key(INJECT_LABEL).to_string();
            Err(Box::new(
                Diagnostic::error(message)
                    .span(label.span())
                    .pointer(pointer)
                    .hint("Istio would read any other word as false; say which is meant"),
            ))
        }
    }
}

/// Images that are a proxy, by the last part of their name.
const PROXY_IMAGES: [&str; 6] =
    ["proxyv2", "proxy_debug", "proxy_init", "proxyv2-debug", "envoy", "consul-dataplane"];

/// Programs that are a proxy, or start one.
const PROXY_PROGRAMS: [&str; 4] = ["pilot-agent", "envoy", "istio-iptables.sh", "start.sh"];

/// Variables that only the hand-made proxy images read; the first is their spelling.
const PROXY_VARIABLES: [&str; 2] = ["DISCOVERY_ADDRESSS", "DISCOVERY_ADDRESS"];

/// A container that is a sidecar, but not one of ours. One that goes by our names is the pod's own
/// wish about ours, unless it says itself what to run.
fn foreign(container: &Container<'_, '_>) -> Option<Skip> {
    let ours = [init::NAME, proxy::NAME].contains(&container.name());
    let sign = runs_a_proxy(container)
        .or_else(|| (!ours).then(|| is_a_proxy_image(container)).flatten())
        .or_else(|| reads_a_proxy_variable(container))?;
    Some(Skip::ForeignSidecar { container: container.name().to_owned(), sign })
}

fn runs_a_proxy(container: &Container<'_, '_>) -> Option<String> {
    let program = match container.command()? {
        Command::Shell(line) => PROXY_PROGRAMS.into_iter().find(|name| starts(line, name)),
        Command::Argv(argv) => PROXY_PROGRAMS.into_iter().find(|name| {
            argv.iter().filter_map(|word| word.as_str()).any(|word| base_name(word) == *name)
        }),
    };
    program.map(|program| format!("it runs {program}"))
}

/// Whether a shell line has `program` as a word, with or without its directory.
fn starts(line: &str, program: &str) -> bool {
    let words = line.split(|c: char| c.is_whitespace() || ";|&()\"'`".contains(c));
    words.map(base_name).any(|word| word == program)
}

fn base_name(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

fn is_a_proxy_image(container: &Container<'_, '_>) -> Option<String> {
    let image = container.image()?;
    let name = base_name(image).split([':', '@']).next().unwrap_or_default();
    PROXY_IMAGES.contains(&name).then(|| format!("its image is {name}"))
}

fn reads_a_proxy_variable(container: &Container<'_, '_>) -> Option<String> {
    let variable = PROXY_VARIABLES.into_iter().find(|name| container.sets(name))?;
    Some(format!("it sets {variable}"))
}
