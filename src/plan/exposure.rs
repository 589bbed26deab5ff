//! Which of a pod's ports are served past its proxy, and what is captured for nobody. Injection
//! does as it is told and says nothing of it; a check does.

use std::collections::BTreeSet;

use super::inject::Injector;
use super::overlay::Overlay;
use super::{is_added, labels, ports};
use crate::document::{Diagnostic, Path};
use crate::pod::{Endpoint, Pod};
use crate::settings::{Key, Port, Ports, Settings, label_of};

impl Injector {
    /// What a pod that is to have a sidecar serves in plain text: excluded ports, ports that its
    /// include list lacks, UDP. And the ports of its include list that nothing serves.
    pub fn exposure(&self, pod: &Pod<'_, '_>, at: &Path<'_>) -> Vec<Diagnostic> {
        let (settings, _) = labels::heed(&self.settings, pod, at);
        let capture = Capture::new(&settings);
        let mut found = Vec::new();
        let containers = at.key("containers");
        for (number, container) in pod.containers().enumerate() {
            if is_added(container.name(), &settings) {
                continue;
            }
            let at = containers.index(number);
            let endpoints = at.key("endpoints");
            for (number, endpoint) in container.endpoints().enumerate() {
                found.extend(capture.passed_by(&endpoint, &endpoints.index(number)));
            }
        }
        found.extend(self.without_endpoint(pod, &settings, at));
        found
    }

    /// What the pod's own include list names and nothing serves: Envoy has no listener for it. A
    /// list for all pods may name more than one of them serves.
    fn without_endpoint(
        &self,
        pod: &Pod<'_, '_>,
        settings: &Settings,
        at: &Path<'_>,
    ) -> Option<Diagnostic> {
        let label = label_of(Key::IncludeInboundPorts)?;
        let value = pod.label(label)?;
        let overlays: Vec<_> = self.overlays().iter().map(Overlay::tree).collect();
        let pods: Vec<_> = [*pod].into_iter().chain(overlays.iter().map(Pod::new)).collect();
        let inbound = ports::inbound(&pods, settings);
        let served = listed(&inbound.application);
        let captured = listed(&inbound.captured);
        let lost: Vec<_> = captured.difference(&served).map(Port::to_string).collect();
        if lost.is_empty() {
            return None;
        }
        let words = format!(
            "captured for nobody, for no TCP endpoint has it: container port {}",
            lost.join(", ")
        );
        let warning = Diagnostic::warning(words).rule("I20").span(value.span());
        let pointer = at.key("labels").key(label).to_string();
        Some(warning.pointer(pointer).hint(
            "Envoy drops what comes to such a port: declare the endpoint, or take the port out",
        ))
    }
}

/// What of the inbound traffic is captured.
struct Capture {
    /// `None` is all of it.
    included: Option<BTreeSet<Port>>,
    excluded: BTreeSet<Port>,
}

impl Capture {
    fn new(settings: &Settings) -> Self {
        let included = match &settings.include_inbound_ports {
            None | Some(Ports::All) => None,
            Some(list) => Some(listed(list)),
        };
        Self { included, excluded: listed(&settings.exclude_inbound_ports) }
    }

    /// What there is to say of an endpoint that goes past the proxy. What was excluded by name was
    /// meant; what a list lacks may have been forgotten.
    fn passed_by(&self, endpoint: &Endpoint<'_, '_>, at: &Path<'_>) -> Option<Diagnostic> {
        let port = Port::try_from(endpoint.container_port()?).ok()?;
        let past = format!("container port {port} goes past mutual TLS");
        let found = if !endpoint.serves_tcp() {
            let note = Diagnostic::note(format!("{past}: only TCP is captured"));
            note.hint("nothing that Envoy does covers UDP: protect it by other means")
        } else if self.excluded.contains(&port) {
            let note = Diagnostic::note(format!("{past}: it is excluded"));
            note.hint("anybody may speak to it in plain text: is that meant?")
        } else if self.included.as_ref().is_some_and(|included| !included.contains(&port)) {
            let warning =
                Diagnostic::warning(format!("{past}: the list of captured ports lacks it"));
            warning.hint("add it to the list, or exclude it by name to say that this is meant")
        } else {
            return None;
        };
        let node = endpoint.node().get("containerPort")?;
        Some(found.rule("I19").span(node.span()).pointer(at.key("containerPort").to_string()))
    }
}

fn listed(ports: &Ports) -> BTreeSet<Port> {
    ports.list().iter().copied().collect()
}
