//! How finely an addition is accounted for: down to the least that somebody can change or add to
//! without anything else being another thing.

use std::collections::HashMap;

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::route::{name_in, numbered};
use crate::document::{Kind, Node, Path};

/// Members whose children are accounted for one by one: others may add to them later.
const COLLECTIONS: [&str; 8] = [
    "artifacts",
    "containers",
    "endpoints",
    "environment",
    "labels",
    "secrets",
    "volumeMounts",
    "volumes",
];

/// Members that are one thing: mixing two of them would give a third that nobody meant. A volume's
/// kind is its other member, so its elements are such things too.
const WHOLE: [&str; 4] = ["exec", "healthCheck", "image", "pullConfig"];

/// What a value is taken apart into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grain {
    Members,
    /// Elements that go by their names.
    Elements,
    /// Nothing: it is a leaf.
    Whole,
}

/// What the value of the member `key` is taken apart into.
pub(super) fn grain(key: &str, kind: Kind) -> Grain {
    match kind {
        Kind::Object if !WHOLE.contains(&key) => Grain::Members,
        Kind::Array if is_collection(key) => Grain::Elements,
        _ => Grain::Whole,
    }
}

/// Whether the children of this member are accounted for one by one.
pub(super) fn is_collection(key: &str) -> bool {
    COLLECTIONS.contains(&key)
}

/// Whether the elements of this member are one thing each.
pub(super) fn has_whole_elements(key: &str) -> bool {
    key == "volumes"
}

/// A leaf of an addition.
pub(super) struct Leaf<'w, 'n, 'a> {
    /// Its route.
    pub(super) route: &'w Path<'w>,
    /// A digest of its route.
    pub(super) digest: u64,
    pub(super) node: &'n Node<'a>,
}

/// Where a walk is.
struct Trail<'w> {
    route: Path<'w>,
    digest: u64,
}

impl<'w> Trail<'w> {
    fn step(&'w self, name: &'w str) -> Self {
        let digest = xxh3_64_with_seed(name.as_bytes(), self.digest);
        Trail { route: self.route.key(name), digest }
    }
}

/// Gives the leaves of what stands at a route of a pod to `each`, in order.
pub(super) fn leaves<'n, 'a>(
    node: &'n Node<'a>,
    route: &str,
    each: &mut dyn FnMut(&Leaf<'_, 'n, 'a>),
) {
    let trail = Trail { route: Path::root(route), digest: xxh3_64_with_seed(route.as_bytes(), 0) };
    // The names that count have nothing to escape.
    let (above, last) = route.rsplit_once('/').unwrap_or_default();
    match above.rsplit('/').next().unwrap_or_default() {
        above if has_whole_elements(above) => leaf(node, &trail, each),
        // The last is a name then, not a member that Marathon knows.
        above if is_collection(above) => walk(node, "", &trail, each),
        _ => walk(node, last, &trail, each),
    }
}

fn walk<'n, 'a>(
    node: &'n Node<'a>,
    key: &str,
    trail: &Trail<'_>,
    each: &mut dyn FnMut(&Leaf<'_, 'n, 'a>),
) {
    match grain(key, node.kind()) {
        Grain::Members if !node.members().is_empty() => {
            for member in node.members() {
                let key = if is_collection(key) { "" } else { member.key() };
                walk(member.value(), key, &trail.step(member.key()), each);
            }
        }
        Grain::Elements if !node.items().is_empty() => {
            let mut seen: HashMap<&str, usize> = HashMap::new();
            for item in node.items() {
                let name = name_in(item).unwrap_or_default();
                let before = seen.entry(name).or_default();
                let token = numbered(name, *before);
                *before += 1;
                let trail = trail.step(&token);
                if has_whole_elements(key) {
                    leaf(item, &trail, each);
                } else {
                    walk(item, "", &trail, each);
                }
            }
        }
        _ => leaf(node, trail, each),
    }
}

fn leaf<'n, 'a>(node: &'n Node<'a>, trail: &Trail<'_>, each: &mut dyn FnMut(&Leaf<'_, 'n, 'a>)) {
    each(&Leaf { route: &trail.route, digest: trail.digest, node });
}
