//! The way back: from a pod and its record to the patch that takes out what was added, and how
//! the emptied places were written.

use json_patch::jsonptr::PointerBuf;
use json_patch::{Patch, PatchOperation, RemoveOperation, ReplaceOperation};
use serde_json::Value;

use super::record::Record;
use super::route::{Place, resolve, resolve_where};
use crate::document::{Node, PatchError};

/// What takes an injection out of a pod.
#[derive(Debug)]
pub(super) struct Removal {
    pub(super) patch: Patch,
    /// For each route whose array or object is empty again, the text it had.
    spellings: Vec<(String, String)>,
}

/// A place that goes, or is `null` again.
struct Leaving<'n, 'a> {
    place: Place<'n, 'a>,
    becomes_null: bool,
}

impl Removal {
    /// Takes out what `record` says. What is no longer there is passed over.
    pub(super) fn new(pod: &Node<'_>, record: &Record) -> Self {
        let status = Record::path().to_string();
        let added = record.added.iter().filter(|route| !record.around.contains_key(*route));
        let routes = added.map(String::as_str).chain([status.as_str()]);
        let mut leaving: Vec<Leaving<'_, '_>> = Vec::new();
        for route in routes {
            // Two elements of one name have one route: each time it stands for the next of them.
            let next = |node: &Node<'_>| !leaves(&leaving, node);
            let place = resolve_where(pod, route, &next);
            leaving.extend(place.map(|place| Leaving { place, becomes_null: false }));
        }
        let mut spellings = Vec::new();
        for (route, was) in &record.around {
            let Some(place) = resolve(pod, route) else {
                continue;
            };
            let emptied = children(place.node).all(|child| leaves(&leaving, child));
            match was.as_str() {
                _ if !emptied && !record.added.contains(route) => {}
                "" => leaving.push(Leaving { place, becomes_null: false }),
                "null" => leaving.push(Leaving { place, becomes_null: true }),
                _ => spellings.push((route.clone(), was.clone())),
            }
        }
        Self { patch: in_order(leaving), spellings }
    }

    /// Edits the pod back to what it was.
    pub(super) fn apply<'a>(&'a self, pod: &mut Node<'a>) -> Result<(), PatchError> {
        pod.apply(&self.patch)?;
        for (route, text) in &self.spellings {
            if let Some(pointer) = resolve(pod, route).map(|place| place.pointer) {
                pod.respell(&pointer, text)?;
            }
        }
        Ok(())
    }
}

fn leaves(leaving: &[Leaving<'_, '_>], node: &Node<'_>) -> bool {
    leaving.iter().any(|gone| std::ptr::eq(gone.place.node, node))
}

/// The operations from the back, so that none moves what another one points to; nothing is said
/// of what stands below a place that goes anyway.
fn in_order(mut leaving: Vec<Leaving<'_, '_>>) -> Patch {
    let start = |gone: &Leaving<'_, '_>| gone.place.node.span().map_or(0, |span| span.start);
    leaving.sort_by_key(|gone| std::cmp::Reverse(start(gone)));
    leaving.dedup_by(|a, b| a.place.pointer == b.place.pointer);
    let pointers: Vec<_> = leaving.iter().map(|gone| gone.place.pointer.clone()).collect();
    let below = |a: &PointerBuf, b: &PointerBuf| a != b && a.starts_with(b);
    leaving.retain(|gone| !pointers.iter().any(|other| below(&gone.place.pointer, other)));
    Patch(leaving.into_iter().map(Leaving::operation).collect())
}

impl Leaving<'_, '_> {
    fn operation(self) -> PatchOperation {
        let path = self.place.pointer;
        if self.becomes_null {
            PatchOperation::Replace(ReplaceOperation { path, value: Value::Null })
        } else {
            PatchOperation::Remove(RemoveOperation { path })
        }
    }
}

fn children<'n, 'a>(node: &'n Node<'a>) -> impl Iterator<Item = &'n Node<'a>> {
    node.items().iter().chain(node.members().iter().map(|member| member.value()))
}
