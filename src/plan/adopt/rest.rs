//! What else a hand-written container declares, and what becomes of it: nothing is lost without a
//! word.

use serde_json::Value;

use super::bugs::Bug;
use super::keep::Old;
use super::reading::{Place, Reading, Said};
use super::scope::Scope;
use super::start::READ_VARIABLES;
use crate::document::{Diagnostic, Kind, Member, Node};
use crate::plan::decide::image_name;
use crate::plan::proxy::MODE_VARIABLE;
use crate::plan::route::escaped;
use crate::pod::Container;
use crate::settings::{Key, Settings};

/// What moves to another container, and what goes with this one.
#[derive(Debug, Default)]
pub(super) struct Rest {
    /// Endpoints, each with the index of the container that gets it.
    pub(super) endpoints: Vec<(usize, Value)>,
    /// The indices of volumes that nothing else mounts.
    pub(super) volumes: Vec<usize>,
    /// Variables that become Envoy's metadata, which stay with the proxy.
    pub(super) metadata: Vec<(String, Value)>,
}

/// Goes through the members of the container.
pub(super) fn rest(
    old: &Old<'_, '_>,
    settings: &Settings,
    scope: &Scope,
    reading: &mut Reading,
) -> Rest {
    let mut walk = Walk { old, container: old.container(), reading, rest: Rest::default() };
    walk.image();
    walk.resources();
    walk.environment(scope, settings);
    walk.artifacts(settings.certs);
    walk.endpoints(settings);
    walk.mounts();
    walk.others();
    walk.rest
}

pub(super) struct Walk<'w, 't, 'a> {
    pub(super) old: &'w Old<'t, 'a>,
    pub(super) container: Container<'t, 'a>,
    pub(super) reading: &'w mut Reading,
    pub(super) rest: Rest,
}

impl<'t, 'a> Walk<'_, 't, 'a> {
    fn member(&self, key: &str) -> Option<&'t Node<'a>> {
        self.container.node().get(key)
    }

    /// The elements of an array of the container, with their indices.
    pub(super) fn items(
        &self,
        key: &str,
    ) -> impl Iterator<Item = (usize, &'t Node<'a>)> + use<'t, 'a> {
        self.member(key).map_or(&[][..], Node::items).iter().enumerate()
    }

    /// The place of a node of the container.
    pub(super) fn place(&self, node: &Node<'_>, below: &str) -> Place {
        Place::of(node, self.old.pointer(below))
    }

    /// Says that something goes with the container.
    pub(super) fn dropped(&mut self, node: &Node<'_>, below: &str, what: &str) {
        let words = format!("{what} of container {} is not carried over", self.container.name());
        let place = self.place(node, below);
        self.reading.find(&place, Diagnostic::warning(words).rule("A11"));
    }

    fn image(&mut self) {
        let Some(image) = self.member("image") else { return };
        if let Some(id) = image.get("id") {
            let name = id.as_str().map_or("", image_name);
            let words = format!("the image {name} is not carried over: ours is Istio's own");
            let note = Diagnostic::note(words).rule("A14");
            let place = self.place(id, "image/id");
            self.reading.find(&place, note.hint("the setting proxy-image chooses another"));
        }
        if let Some(node) = image.get("forcePullImage") {
            let place = self.place(node, "image/forcePullImage");
            self.reading.mended(Bug::UnreadForcePull, &place);
        }
    }

    fn resources(&mut self) {
        let Some(resources) = self.member("resources") else { return };
        for (name, key) in [("cpus", Key::ProxyCpu), ("mem", Key::ProxyMemory)] {
            let by = format!("resources.{name}");
            if let Some(node) = resources.get(name)
                && let Some(number) = node.as_f64()
            {
                let place = self.place(node, &format!("resources/{name}"));
                let said = Said { text: number.to_string(), by, place };
                self.reading.settings.push((key, said));
            }
        }
        for name in ["disk", "gpus"] {
            let node = resources.get(name).filter(|node| node.as_f64() != Some(0.0));
            if let Some(node) = node {
                self.dropped(node, &format!("resources/{name}"), &format!("resources.{name}"));
            }
        }
    }

    /// What the start read is carried over, or was told; the rest nobody asked for.
    fn environment(&mut self, scope: &Scope, settings: &Settings) {
        for member in self.member("environment").map_or(&[][..], Node::members) {
            let (name, value) = (member.key(), member.value());
            let is_ours = name == MODE_VARIABLE
                && value.as_str() == Some(settings.interception_mode.as_str());
            if name.starts_with("ISTIO_META") && name != MODE_VARIABLE {
                self.rest.metadata.push((name.to_owned(), value.to_value()));
            } else if !is_ours && !READ_VARIABLES.contains(&name) && !scope.used.contains(name) {
                let below = format!("environment/{}", escaped(name));
                self.dropped(value, &below, &format!("variable {name}"));
            }
        }
    }

    fn others(&mut self) {
        for member in self.container.node().members() {
            if !is_read(member.key()) && says_something(member) {
                let key = member.key();
                self.dropped(member.value(), &escaped(key), &format!("member {key}"));
            }
        }
    }
}

/// Whether a member of a container is one that adoption looks into.
fn is_read(key: &str) -> bool {
    let looked_into = ["artifacts", "endpoints", "environment", "image", "resources"];
    looked_into.contains(&key) || ["exec", "name", "volumeMounts"].contains(&key)
}

fn says_something(member: &Member<'_>) -> bool {
    let value = member.value();
    match value.kind() {
        Kind::Null => false,
        Kind::Array | Kind::Object => !value.members().is_empty() || !value.items().is_empty(),
        // Ours run as root, too.
        Kind::String => member.key() != "user" || value.as_str() != Some("root"),
        Kind::Boolean | Kind::Number => true,
    }
}
