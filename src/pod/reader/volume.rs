//! A volume of the pod. Marathon tries one kind after the other, so that a volume with a mistake in
//! it is not refused but becomes another kind.

use super::{Label, Reader, fits};
use crate::document::{Node, Path};
use crate::pod::finding::trap;
use crate::pod::members::text;
use crate::pod::schema::{self, Type};

/// What a pod's volume is to Marathon, which tries the kinds in this order and, where a kind does
/// not fit, falls through to the next one without a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::pod) enum VolumeKind {
    Persistent,
    Secret,
    Host,
    Ephemeral,
}

impl VolumeKind {
    pub(in crate::pod) fn of(volume: &Node<'_>) -> Self {
        let filled = |key| text(volume, key).is_some_and(|text| !text.is_empty());
        if volume.get("persistent").is_some_and(is_persistent) {
            Self::Persistent
        } else if filled("secret") {
            Self::Secret
        } else if text(volume, "host").is_some() {
            Self::Host
        } else {
            Self::Ephemeral
        }
    }
}

fn is_persistent(node: &Node<'_>) -> bool {
    fits(node, &Type::Record(&schema::PERSISTENT))
}

/// The member that makes a volume of each kind.
const MEMBERS: [(VolumeKind, &str); 3] = [
    (VolumeKind::Persistent, "persistent"),
    (VolumeKind::Secret, "secret"),
    (VolumeKind::Host, "host"),
];

impl Reader<'_> {
    pub(super) fn volume(&mut self, node: &Node<'_>, at: &Path<'_>, label: Label<'_>) {
        let before = self.found.len();
        let kind = VolumeKind::of(node);
        match kind {
            VolumeKind::Persistent => {
                self.record(node, at, label, &schema::FREE_VOLUME);
                if let Some(persistent) = node.get("persistent") {
                    let at = at.key("persistent");
                    let label = Label::member("persistent");
                    self.record(persistent, &at, label, &schema::PERSISTENT);
                }
            }
            VolumeKind::Secret => self.record(node, at, label, &schema::FREE_VOLUME),
            VolumeKind::Host => self.record(node, at, label, &schema::VOLUME),
            VolumeKind::Ephemeral => {
                self.record(node, at, label, &schema::VOLUME);
                self.meant_otherwise(before);
            }
        }
        self.unused(node, at, kind);
    }

    /// The members of other kinds than the one that the volume is.
    fn unused(&mut self, node: &Node<'_>, at: &Path<'_>, kind: VolumeKind) {
        let becomes = match kind {
            VolumeKind::Persistent => "a persistent volume",
            VolumeKind::Secret => "a secret volume",
            VolumeKind::Host => "a host volume",
            VolumeKind::Ephemeral => "an ephemeral volume",
        };
        for (_, key) in MEMBERS.iter().filter(|(of, _)| *of != kind) {
            if let Some(value) = node.get(key) {
                let message = format!(
                    "Marathon cannot use this `{key}` and ignores it: this becomes {becomes}"
                );
                let hint = format!("correct `{key}`, or remove it if {becomes} is meant");
                let trap = trap("T03", value, &at.key(key), message, hint);
                self.found.push(trap);
            }
        }
    }

    /// An unknown member tells which kind was meant: that matters more than that it is ignored.
    fn meant_otherwise(&mut self, before: usize) {
        for unknown in &mut self.found[before..] {
            if unknown.rule == Some("T01") {
                unknown.rule = Some("T03");
                let becomes = ", and this becomes an ephemeral volume";
                unknown.message.push_str(becomes);
            }
        }
    }
}
