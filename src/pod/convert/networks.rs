//! The networks, in all the ways in which an app has said them (Marathon AppNormalization): a pod
//! has `networks` only, and no default.

use serde_json::{Map, Value, json};

use super::draft::Draft;
use super::members::{self, look};
use super::place::Place;
use crate::document::Kind;
use crate::pod::finding::Shown;
use crate::pod::scope::Mode;

/// What Marathon takes for the agent's bridge (`--mesos_bridge_name`), unless it is told another.
const MESOS_BRIDGE: &str = "mesos-bridge";

/// What an app joins.
pub(super) struct Networks {
    pub(super) mode: Mode,
    /// The `networks` of the pod.
    pub(super) value: Value,
}

/// The networks of an app; the agent's own where nothing is said.
pub(super) fn networks<'n>(
    app: &Place<'n>,
    docker: Option<&Place<'n>>,
    draft: &mut Draft<'n>,
) -> Networks {
    let list = draft.member(app, "networks", Kind::Array).filter(|list| list.len() > 0);
    let docker = docker.and_then(|docker| draft.member(docker, "network", Kind::String));
    let address = draft.member(app, "ipAddress", Kind::Object);
    if let Some(address) = &address {
        look(draft, address, &members::IP_ADDRESS);
    }
    let Some(list) = list else {
        return legacy(app, docker.as_ref(), address.as_ref(), draft);
    };
    if let Some(old) = docker.or(address) {
        let message = "the networks are said in two ways, of which this is the older one";
        draft.tell(old.fault("C20", message, "keep `networks` of the app and remove this"));
    }
    let mode = list.node.items().first().and_then(Mode::of).unwrap_or(Mode::Container);
    Networks { mode, value: list.node.to_value() }
}

/// `container.docker.network` and `ipAddress`.
fn legacy<'n>(
    app: &Place<'n>,
    docker: Option<&Place<'n>>,
    address: Option<&Place<'n>>,
    draft: &mut Draft<'n>,
) -> Networks {
    draft.comes_from("/networks", address.or(docker).unwrap_or(app));
    let name = address.and_then(|address| address.get("networkName"));
    let mode = match docker {
        Some(network) => docker_mode(network, draft),
        None if address.is_none() => Mode::Host,
        None if name.as_ref().and_then(Place::text) == Some(MESOS_BRIDGE) => Mode::Bridge,
        None => Mode::Container,
    };
    let mut network = Map::new();
    network.insert("mode".to_owned(), json!(word(mode)));
    if mode == Mode::Container {
        network.extend(name.map(|name| ("name".to_owned(), name.node.to_value())));
    }
    if let Some(address) = address.filter(|_| mode != Mode::Host) {
        draft.carry((address, "labels"), (&mut network, "/networks/0", "labels"));
    }
    Networks { mode, value: json!([network]) }
}

fn docker_mode(network: &Place<'_>, draft: &mut Draft<'_>) -> Mode {
    let written = network.text().unwrap_or_default();
    match written.to_ascii_uppercase().as_str() {
        "HOST" => return Mode::Host,
        "BRIDGE" => return Mode::Bridge,
        "USER" => {}
        "NONE" => {
            let message = "a pod cannot be without a network";
            draft.tell(network.fault("C32", message, "join a network, or keep it an app"));
        }
        _ => {
            let message = format!("no Docker network is called \"{}\"", Shown(written));
            draft.tell(network.fault("C02", message, "write BRIDGE, HOST or USER"));
        }
    }
    Mode::Container
}

fn word(mode: Mode) -> &'static str {
    match mode {
        Mode::Host => "host",
        Mode::Bridge => "container/bridge",
        Mode::Container => "container",
    }
}
