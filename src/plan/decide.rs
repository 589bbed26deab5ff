//! Whether a pod is injected, and why not.

use std::fmt;

use crate::document::{Diagnostic, Path};
use crate::pod::{Command, Container, Network, Pod};
use crate::settings::{INJECT_LABEL, Policy, Settings};

use super::is_added;

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
        _ => pod.containers().find_map(|container| foreign(&container, settings)),
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
                    .rule("I11")
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

/// Programs that nobody names but to run them.
const ISTIO_PROGRAMS: [&str; 2] = ["pilot-agent", "istio-iptables.sh"];

/// The variable that only the hand-made proxy images read, spelt as they spell it.
pub(super) const PROXY_VARIABLE: &str = "DISCOVERY_ADDRESSS";

/// A container that is a sidecar, but not one of ours. One that goes by our names is the pod's own
/// wish about ours, unless it says itself what to run. `settings` say which are.
pub(super) fn foreign(container: &Container<'_, '_>, settings: &Settings) -> Option<Skip> {
    let image = || container.image().filter(|_| !is_added(container.name(), settings));
    let sign = runs_a_proxy(container)
        .or_else(|| proxy_image(image()?))
        .or_else(|| container.sets(PROXY_VARIABLE).then(|| format!("it sets {PROXY_VARIABLE}")))?;
    Some(Skip::ForeignSidecar { container: container.name().to_owned(), sign })
}

fn runs_a_proxy(container: &Container<'_, '_>) -> Option<String> {
    let program = match container.command()? {
        Command::Shell(line) => {
            let istio =
                ISTIO_PROGRAMS.into_iter().find(|name| words(line).any(|word| word == *name));
            istio.or_else(|| starts_envoy(line).then_some("envoy"))
        }
        Command::Argv(argv) => {
            let mut words = argv.iter().filter_map(|word| word.as_str()).map(base_name);
            let first = words.clone().next();
            let istio =
                words.find_map(|word| ISTIO_PROGRAMS.into_iter().find(|name| word == *name));
            istio.or_else(|| first.filter(|first| *first == "envoy").map(|_| "envoy"))
        }
    };
    program.map(|program| format!("it runs {program}"))
}

/// The words of a shell line, without directories.
fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| c.is_whitespace() || ";|&()\"'`".contains(c)).map(base_name)
}

/// Whether a command of a shell line is Envoy: the name alone can be an address or a file.
fn starts_envoy(line: &str) -> bool {
    let commands = line.split(|c: char| c == '\n' || ";|&()\"'`".contains(c));
    commands
        .map(|command| command.split_whitespace().find(|word| *word != "exec"))
        .any(|word| word.is_some_and(|word| base_name(word) == "envoy" && !word.contains("://")))
}

pub(super) fn base_name(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

/// The last part of an image's name, without its tag.
pub(super) fn image_name(image: &str) -> &str {
    base_name(image).split([':', '@']).next().unwrap_or_default()
}

fn proxy_image(image: &str) -> Option<String> {
    let name = image_name(image);
    PROXY_IMAGES.contains(&name).then(|| format!("its image is {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn envoy_is_told_by_where_it_stands() {
        for line in
            ["envoy -c x", "exec /usr/local/bin/envoy", "sleep 1; envoy", "su x -c 'envoy -c y'"]
        {
            assert!(starts_envoy(line), "{line}");
        }
        for line in ["curl http://envoy", "ls /etc/envoy", "./start.sh", "echo envoyed"] {
            assert!(!starts_envoy(line), "{line}");
        }
    }
}
