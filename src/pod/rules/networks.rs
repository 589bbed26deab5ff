//! The networks of a pod: V48 to V52.

use crate::document::{Diagnostic, Node};
use crate::pod::finding::{Shown, fault, first_at, repeated};
use crate::pod::members::text;
use crate::pod::scope::{Mode, Scope};

pub(super) fn check(scope: &Scope<'_>, found: &mut Vec<Diagnostic>) {
    let networks = scope.networks.items();
    let at = scope.at.key("networks");
    for (index, network) in networks.iter().enumerate() {
        let at = at.index(index);
        let named = text(network, "name").is_some_and(|name| !name.is_empty());
        let labelled = network.get("labels").is_some_and(|it| !it.members().is_empty());
        match Mode::of(network) {
            Some(Mode::Host) if named || labelled => {
                let message = "Host networks may not have names or labels";
                let hint = "write {\"mode\": \"host\"}";
                found.push(fault("V48", network, &at, message, hint));
            }
            Some(Mode::Bridge) if named => {
                let message = "Bridge networks may not have names";
                let hint = "remove the name, or use the mode \"container\"";
                found.push(fault("V49", network, &at, message, hint));
            }
            Some(Mode::Container)
                if network.get("name").is_none() && !scope.marathon.default_network_name =>
            {
                let message = "Network name must be specified when container network is selected.";
                let hint =
                    "add the `name` of a network; this Marathon has no --default_network_name";
                found.push(fault("V52", network, &at, message, hint));
            }
            _ => {}
        }
    }
    repetitions(scope, networks, found);
    mixture(scope, networks, found);
}

/// V50: a name twice, or two networks that both get the default name.
fn repetitions(scope: &Scope<'_>, networks: &[Node<'_>], found: &mut Vec<Diagnostic>) {
    if networks.len() < 2 {
        return;
    }
    let names = networks.iter().enumerate().filter_map(|(index, network)| {
        let name = text(network, "name");
        let unnamed = network.get("name").is_none() && Mode::of(network) == Some(Mode::Container);
        (name.is_some() || unnamed).then_some((name, index))
    });
    let at = scope.at.key("networks");
    for (first, again) in repeated(names) {
        let message = match text(&networks[again], "name") {
            Some(name) => {
                format!("Duplicate networks are not allowed: \"{}\" is there twice", Shown(name))
            }
            None => "Duplicate networks are not allowed: two have no name".to_owned(),
        };
        let node = &networks[again];
        let fault = fault("V50", node, &at.index(again), message, "remove one of the two");
        found.push(first_at(fault, &networks[first]));
    }
}

/// V51: which modes go together.
fn mixture(scope: &Scope<'_>, networks: &[Node<'_>], found: &mut Vec<Diagnostic>) {
    let modes = scope.modes;
    let kinds =
        [modes.host, modes.bridge, modes.container].into_iter().filter(|count| *count > 0).count();
    if kinds < 2 && modes.host < 2 && modes.bridge < 2 {
        return;
    }
    let first = networks.first().and_then(Mode::of);
    let odd = networks.iter().position(|network| Mode::of(network) != first).unwrap_or(1);
    let message = "May specify a single host network, single bridge network, or else 1-to-n container networks";
    let hint = "keep the networks of one mode";
    let at = scope.at.key("networks");
    found.push(fault("V51", &networks[odd], &at.index(odd), message, hint));
}
