//! A typed look at a pod's JSON. Nothing is copied; what is absent or has another type than
//! Marathon wants is simply not there, for validation reports it.

use super::members::list;
use crate::document::{Member, Node};

/// A pod.
#[derive(Clone, Copy, Debug)]
pub struct Pod<'t, 'a> {
    node: &'t Node<'a>,
}

/// A container of a pod.
#[derive(Clone, Copy, Debug)]
pub struct Container<'t, 'a> {
    node: &'t Node<'a>,
}

/// An endpoint of a container.
#[derive(Clone, Copy, Debug)]
pub struct Endpoint<'t, 'a> {
    node: &'t Node<'a>,
}

/// What a container runs, where it says so.
#[derive(Clone, Copy, Debug)]
pub enum Command<'t, 'a> {
    /// A line for `/bin/sh -c`.
    Shell(&'t str),
    /// An executable's arguments.
    Argv(&'t [Node<'a>]),
}

/// The network that all containers of a pod share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// No `networks`: the agent's network, though Marathon does not take it for host mode.
    Absent,
    /// The agent's network.
    Host,
    /// A network name space of its own, on named networks.
    Container,
    /// A network name space of its own, on the agent's bridge.
    Bridge,
}

impl<'t, 'a> Pod<'t, 'a> {
    /// A view of a pod's object.
    pub fn new(node: &'t Node<'a>) -> Self {
        Self { node }
    }

    /// The pod's object.
    pub fn node(&self) -> &'t Node<'a> {
        self.node
    }

    /// The pod's id, as `/group/name`.
    pub fn id(&self) -> Option<&'t str> {
        self.node.get("id")?.as_str()
    }

    /// The pod's labels.
    pub fn labels(&self) -> &'t [Member<'a>] {
        self.node.get("labels").map_or(&[], |labels| labels.members())
    }

    /// The value of a label of the pod.
    pub fn label(&self, key: &str) -> Option<&'t Node<'a>> {
        self.node.get("labels")?.get(key)
    }

    /// The containers, in order.
    pub fn containers(&self) -> impl Iterator<Item = Container<'t, 'a>> + use<'t, 'a> {
        list(self.node, "containers").iter().map(|node| Container { node })
    }

    /// The user that containers run as which name none.
    pub fn user(&self) -> Option<&'t Node<'a>> {
        self.node.get("user")
    }

    /// The network. A `mode` left out means `container` (Marathon network.raml).
    pub fn network(&self) -> Network {
        let networks = list(self.node, "networks");
        let any = |name: &str| {
            let mode = |network: &'t Node<'a>| network.get("mode")?.as_str();
            networks.iter().filter_map(mode).any(|mode| mode.eq_ignore_ascii_case(name))
        };
        match networks {
            [] => Network::Absent,
            _ if any("host") => Network::Host,
            _ if any("container/bridge") => Network::Bridge,
            _ => Network::Container,
        }
    }
}

impl<'t, 'a> Container<'t, 'a> {
    /// The container's object.
    pub fn node(&self) -> &'t Node<'a> {
        self.node
    }

    /// The container's name.
    pub fn name(&self) -> &'t str {
        self.node.get("name").and_then(|name| name.as_str()).unwrap_or_default()
    }

    /// The image's id.
    pub fn image(&self) -> Option<&'t str> {
        self.node.get("image")?.get("id")?.as_str()
    }

    /// What it runs; `None` leaves it to the image. A `shell` beside an `argv` wins, as in
    /// Marathon.
    pub fn command(&self) -> Option<Command<'t, 'a>> {
        let command = self.node.get("exec")?.get("command")?;
        match command.get("shell").and_then(|shell| shell.as_str()) {
            Some(shell) => Some(Command::Shell(shell)),
            None => Some(Command::Argv(command.get("argv")?.items())),
        }
    }

    /// Whether it sets an environment variable of this name.
    pub fn sets(&self, variable: &str) -> bool {
        self.node.get("environment").is_some_and(|all| all.get(variable).is_some())
    }

    /// The user it says it runs as.
    pub fn user(&self) -> Option<&'t Node<'a>> {
        self.node.get("user")
    }

    /// The container's own labels.
    pub fn labels(&self) -> &'t [Member<'a>] {
        self.node.get("labels").map_or(&[], |labels| labels.members())
    }

    /// The endpoints, in order.
    pub fn endpoints(&self) -> impl Iterator<Item = Endpoint<'t, 'a>> + use<'t, 'a> {
        list(self.node, "endpoints").iter().map(|node| Endpoint { node })
    }
}

impl<'t, 'a> Endpoint<'t, 'a> {
    /// The endpoint's object.
    pub fn node(&self) -> &'t Node<'a> {
        self.node
    }

    /// The port that the process listens on.
    pub fn container_port(&self) -> Option<i64> {
        self.node.get("containerPort")?.as_i64()
    }

    /// Whether it serves TCP. One that names no protocol is taken for TCP: the process listens,
    /// even if Marathon advertises nothing.
    pub fn serves_tcp(&self) -> bool {
        match list(self.node, "protocol") {
            [] => true,
            protocols => protocols
                .iter()
                .filter_map(|protocol| protocol.as_str())
                .any(|protocol| !protocol.eq_ignore_ascii_case("udp")),
        }
    }

    /// The values of its `VIP_…` labels.
    pub fn vips(&self) -> impl Iterator<Item = &'t str> + use<'t, 'a> {
        let labels = self.node.get("labels").map_or(&[][..], |labels| labels.members());
        let vips = labels.iter().filter(|label| label.key().starts_with("VIP_"));
        vips.filter_map(|label| label.value().as_str())
    }
}
