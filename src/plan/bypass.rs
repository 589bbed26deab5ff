//! What in a pod works around its proxy, or keeps its peers away: warnings, for only a person
//! knows whether it is meant.

use super::is_added;
use crate::document::{Diagnostic, Node, Path};
use crate::pod::{Endpoint, Network, Pod};
use crate::settings::Settings;

/// Users whose traffic is not captured: istio-proxy itself, by name and by number.
const PROXY_USERS: [&str; 2] = ["istio-proxy", "1337"];

pub(super) fn bypasses(pod: &Pod<'_, '_>, settings: &Settings, at: &Path<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    found.extend(as_the_proxy(pod.user(), at));
    let containers = at.key("containers");
    for (number, container) in pod.containers().enumerate() {
        if is_added(container.name(), settings) {
            continue;
        }
        let at = containers.index(number);
        found.extend(as_the_proxy(container.user(), &at));
        if pod.network() == Network::Container {
            let endpoints = at.key("endpoints");
            let each = container.endpoints().enumerate();
            found.extend(each.filter_map(|(number, endpoint)| {
                without_host_port(&endpoint, &endpoints.index(number))
            }));
        }
    }
    found
}

fn as_the_proxy(user: Option<&Node<'_>>, at: &Path<'_>) -> Option<Diagnostic> {
    let user = user?;
    let name = user.as_str().filter(|name| PROXY_USERS.contains(name))?;
    let words = format!("what runs as {name} is taken for the proxy: its traffic is not captured");
    let warning = Diagnostic::warning(words)
        .rule("I15")
        .span(user.span())
        .pointer(at.key("user").to_string());
    Some(warning.hint("let the application run as another user"))
}

/// Pilot's Mesos registry gives peers on other agents the host's address and this port; on a
/// container network Marathon allocates none unless asked.
fn without_host_port(endpoint: &Endpoint<'_, '_>, at: &Path<'_>) -> Option<Diagnostic> {
    if !endpoint.serves_tcp() || endpoint.node().get("hostPort").is_some() {
        return None;
    }
    let words = "without hostPort, peers on other agents cannot reach this endpoint";
    let warning =
        Diagnostic::warning(words).rule("I18").span(endpoint.node().span()).pointer(at.to_string());
    Some(warning.hint("add \"hostPort\": 0, and Marathon allocates one"))
}
