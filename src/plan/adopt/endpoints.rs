//! The endpoints of a hand-written sidecar. The containers of a pod share one network, so those
//! that are none of the proxy's own are served by the application.

use super::rest::Walk;
use crate::document::Diagnostic;
use crate::plan::is_added;
use crate::plan::ports::proxy_ports;
use crate::plan::route::name_in;
use crate::pod::Endpoint;
use crate::settings::{Key, Port, Settings};

impl Walk<'_, '_, '_> {
    /// Ours declare no endpoints: the application's move to it.
    pub(super) fn endpoints(&mut self, settings: &Settings) {
        let proxys = self.proxys_own(settings);
        for (index, endpoint) in self.container.endpoints().enumerate() {
            let name = name_in(endpoint.node()).unwrap_or_default();
            let port = endpoint.container_port().and_then(|port| Port::try_from(port).ok());
            if port.is_some_and(|port| proxys.contains(&port)) {
                let below = format!("endpoints/{index}");
                self.dropped(endpoint.node(), &below, &format!("endpoint {name}"));
            } else {
                self.move_endpoint(&endpoint, index, name, settings);
            }
        }
    }

    /// The ports that a proxy listens on, ours and the old one.
    fn proxys_own(&self, settings: &Settings) -> Vec<Port> {
        let keys = [Key::StatusPort, Key::ProxyListenPort];
        let said = self.reading.settings.iter().filter(|(key, _)| keys.contains(key));
        let old = said.filter_map(|(_, said)| said.text.parse().ok());
        proxy_ports(settings).map(|(port, _)| port).chain(old).collect()
    }

    fn move_endpoint(
        &mut self,
        endpoint: &Endpoint<'_, '_>,
        index: usize,
        name: &str,
        settings: &Settings,
    ) {
        let place = self.place(endpoint.node(), &format!("endpoints/{index}"));
        let applications: Vec<_> =
            self.old.others().filter(|(_, other)| !is_added(other.name(), settings)).collect();
        if let [(application, container)] = applications[..] {
            let words = format!("endpoint {name} moves to container {}", container.name());
            let note = Diagnostic::note(words).rule("A18");
            self.reading.find(&place, note.hint("its port is none that the proxy listens on"));
            self.rest.endpoints.push((application, endpoint.node().to_value()));
        } else {
            let words = format!("endpoint {name} is not the proxy's: which container serves it?");
            let fault = Diagnostic::error(words).rule("A07");
            self.reading.find(&place, fault.hint("move it to that container"));
        }
    }
}
