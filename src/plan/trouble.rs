//! What our own containers are for, to those who watch them: which of them end, and what it
//! probably means when one fails. Marathon tells no more than an exit status and Mesos's message;
//! what the container itself wrote is in its sandbox.

use super::record::Record;
use super::{agent, init, proxy};
use crate::pod::Pod;

/// The containers of a pod that run once: no instance is ready before they have finished.
pub fn run_once(pod: &Pod<'_, '_>) -> Vec<&'static str> {
    match Record::of(pod) {
        Ok(Some(_)) => vec![init::NAME],
        _ => Vec::new(),
    }
}

/// The likely cause of a container's failure, by what Mesos says of it; none if there is nothing
/// to add to that.
pub fn likely_cause(container: &str, message: &str) -> Option<&'static str> {
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    let fetch = says(&["fetch", "Fetch"]);
    let image = says(&["image", "manifest", "registry", "docker"]);
    match container {
        init::NAME if fetch => Some(
            "the certificate bundle was not fetched: is it at the setting `bundle-uri`, on this \
             agent or for this agent?",
        ),
        _ if image => Some("the image could not be pulled: do its name and the registry exist?"),
        init::NAME => Some(
            "the certificate bundle lacks a file or has a broken one, or the container may not set \
             iptables rules (it needs root and NET_ADMIN); its stderr says which",
        ),
        agent::NAME if fetch => Some(
            "the program node-agent was not fetched: is it at the setting `agent-uri`, on this \
             agent or for this agent?",
        ),
        agent::NAME => Some(
            "it has no token, no program, or Citadel refused it; its stderr says which, and \
             Citadel's audit log why",
        ),
        proxy::NAME => Some(
            "no certificates came in time, because istio-init failed or istio-agent had none, or \
             pilot-agent could not start; its stderr says which",
        ),
        _ if fetch => Some("one of its artifacts was not fetched"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Path, Source};

    fn once(text: &str) -> Vec<&'static str> {
        let source = Source::new("x", text);
        let tree = source.root().unwrap().tree(&Path::root("")).unwrap();
        run_once(&Pod::new(&tree))
    }

    #[test]
    fn only_what_was_injected_has_a_container_that_ends() {
        assert_eq!(once(include_str!("../../fixtures/injected.json")), ["istio-init"]);
        assert_eq!(once(r#"{"containers": [{"name": "istio-init"}]}"#), [""; 0]);
    }

    #[test]
    fn a_bundle_that_was_not_fetched_is_told_from_one_that_is_broken() {
        let fetch = "Failed to fetch all URIs for container 'c': exit status 1";
        assert!(likely_cause("istio-init", fetch).unwrap().contains("bundle-uri"));
        let exit = "Command exited with status 1";
        assert!(likely_cause("istio-init", exit).unwrap().contains("iptables"));
        assert!(likely_cause("istio-proxy", exit).unwrap().contains("istio-init failed"));
    }

    #[test]
    fn an_image_that_cannot_be_pulled_is_anybodys() {
        let pull = "Failed to launch container: Unexpected HTTP response '404 Not Found' when \
                    trying to get the manifest";
        for container in ["istio-init", "istio-proxy", "web"] {
            assert!(likely_cause(container, pull).unwrap().contains("image"), "{container}");
        }
    }

    #[test]
    fn nothing_is_known_of_the_programs_of_others() {
        assert_eq!(likely_cause("web", "Command exited with status 1"), None);
    }
}
