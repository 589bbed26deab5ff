//! What the rules and the traps look at: the pod, and the few facts that many of them need.

use std::cell::OnceCell;
use std::collections::HashSet;

use super::finding::Shown;
use super::lookup::Lookup;
use super::members::{list, text};
use super::reader::VolumeKind;
use super::{Marathon, Unfinished};
use crate::document::{Member, Node, Path};

/// The most networks that a message names.
const NAMED: usize = 20;

/// A pod under examination.
pub(super) struct Scope<'s> {
    pub(super) pod: &'s Node<'s>,
    pub(super) at: &'s Path<'s>,
    pub(super) marathon: &'s Marathon,
    pub(super) modes: Modes,
    pub(super) containers: &'s [Node<'s>],
    pub(super) networks: Lookup<'s, Node<'s>>,
    pub(super) volumes: Lookup<'s, Node<'s>>,
    pub(super) secrets: Lookup<'s, Member<'s>>,
    /// The volumes that injection will declare.
    pub(super) coming_volumes: Lookup<'s, String>,
    pub(super) returning_volumes: Lookup<'s, String>,
    unfinished: Lookup<'s, String>,
    variables: OnceCell<HashSet<String>>,
    known_networks: OnceCell<String>,
}

/// How many networks of each mode a pod joins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Modes {
    pub(super) host: usize,
    pub(super) bridge: usize,
    pub(super) container: usize,
}

impl Modes {
    /// Nothing is said about networks: Mesos then gives the agent's own.
    pub(super) fn none(self) -> bool {
        self == Self::default()
    }
}

/// The mode of one network; `None` for one that Marathon does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Host,
    Bridge,
    Container,
}

impl Mode {
    /// `container` is the default; case does not matter.
    pub(super) fn of(network: &Node<'_>) -> Option<Self> {
        let Some(mode) = network.get("mode") else {
            return Some(Self::Container);
        };
        let mode = mode.as_str()?;
        if mode.eq_ignore_ascii_case("container") {
            Some(Self::Container)
        } else if mode.eq_ignore_ascii_case("host") {
            Some(Self::Host)
        } else if mode.eq_ignore_ascii_case("container/bridge") {
            Some(Self::Bridge)
        } else {
            None
        }
    }
}

impl<'s> Scope<'s> {
    pub(super) fn new(
        pod: &'s Node<'s>,
        at: &'s Path<'s>,
        marathon: &'s Marathon,
        unfinished: &Unfinished<'s>,
    ) -> Self {
        let networks = list(pod, "networks");
        let mut modes = Modes::default();
        for network in networks {
            match Mode::of(network) {
                Some(Mode::Host) => modes.host += 1,
                Some(Mode::Bridge) => modes.bridge += 1,
                Some(Mode::Container) => modes.container += 1,
                None => {}
            }
        }
        Self {
            pod,
            at,
            marathon,
            modes,
            containers: list(pod, "containers"),
            networks: Lookup::new(networks, name),
            volumes: Lookup::new(list(pod, "volumes"), name),
            secrets: Lookup::new(pod.get("secrets").map_or(&[], Node::members), key),
            coming_volumes: Lookup::from(unfinished.volumes),
            returning_volumes: Lookup::from(unfinished.returning),
            unfinished: Lookup::from(unfinished.containers),
            variables: OnceCell::new(),
            known_networks: OnceCell::new(),
        }
    }

    /// Every endpoint of the pod, with the numbers of its container and its own.
    pub(super) fn endpoints(&self) -> impl Iterator<Item = ((usize, usize), &'s Node<'s>)> {
        self.containers.iter().enumerate().flat_map(|(container, node)| {
            list(node, "endpoints")
                .iter()
                .enumerate()
                .map(move |(endpoint, node)| ((container, endpoint), node))
        })
    }

    /// Hands over the path of an endpoint's member.
    pub(super) fn at_endpoint<R>(
        &self,
        (container, endpoint): (usize, usize),
        member: &str,
        then: impl FnOnce(&Path<'_>) -> R,
    ) -> R {
        let containers = self.at.key("containers");
        let container = containers.index(container);
        let endpoints = container.key("endpoints");
        let endpoint = endpoints.index(endpoint);
        then(&endpoint.key(member))
    }

    /// The names of the endpoints as they stand in the variables that Marathon sets: in capitals,
    /// with underscores for hyphens. They are written when first asked for: few pods ask.
    pub(super) fn endpoint_variables(&self) -> &HashSet<String> {
        self.variables.get_or_init(|| {
            let names = self.endpoints().filter_map(|(_, endpoint)| name(endpoint));
            names.map(|name| name.to_ascii_uppercase().replace('-', "_")).collect()
        })
    }

    /// The names of the networks for a message; of very many, the first ones.
    pub(super) fn known_networks(&self) -> &str {
        self.known_networks.get_or_init(|| {
            let mut names = self.networks.names();
            let first = names.by_ref().take(NAMED).map(|name| Shown(name).to_string());
            let mut known: Vec<_> = first.collect();
            known.extend(names.next().map(|_| "...".to_owned()));
            known.join(",")
        })
    }

    /// Whether injection will complete this container.
    pub(super) fn is_unfinished(&self, container: &Node<'_>) -> bool {
        !self.unfinished.items().is_empty()
            && name(container).is_some_and(|name| self.unfinished.has(name))
    }

    /// Whether the pod has a persistent volume and so stays on its agent.
    pub(super) fn is_resident(&self) -> bool {
        let volumes = self.volumes.items();
        volumes.iter().any(|volume| VolumeKind::of(volume) == VolumeKind::Persistent)
    }
}

fn name<'n>(node: &'n Node<'n>) -> Option<&'n str> {
    text(node, "name")
}

fn key<'n>(member: &'n Member<'n>) -> Option<&'n str> {
    Some(member.key())
}
