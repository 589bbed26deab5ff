//! The way back: from a pod and its record to the patch that takes out what was added, and how
//! the emptied places were written.

use json_patch::jsonptr::{Pointer, PointerBuf};
use json_patch::{Patch, PatchOperation, RemoveOperation, ReplaceOperation};
use serde_json::Value;

use super::record::Record;
use crate::document::{Kind, Node, PatchError};
use crate::settings::STATUS_LABEL;

/// What takes an injection out of a pod.
#[derive(Debug)]
pub(super) struct Removal {
    pub(super) patch: Patch,
    /// For each route whose array or object is empty again, the text it had.
    spellings: Vec<(String, String)>,
}

impl Removal {
    /// Takes out what `record` says. What is no longer there is passed over.
    pub(super) fn new(pod: &Node<'_>, record: &Record) -> Self {
        let status = format!("/labels/{}", STATUS_LABEL.replace('/', "~1"));
        let added = record.added.iter().filter(|route| !record.around.contains_key(*route));
        let routes = added.map(String::as_str).chain([status.as_str()]);
        let mut found: Vec<Place<'_, '_>> = Vec::new();
        for route in routes {
            // Two elements of one name have one route: each time it stands for the next of them.
            let next = |node: &Node<'_>| !found.iter().any(|place| std::ptr::eq(place.node, node));
            found.extend(resolve_where(pod, route, &next));
        }
        let mut removal = Self { patch: Patch(Vec::new()), spellings: Vec::new() };
        for (route, was) in &record.around {
            let Some(place) = resolve(pod, route) else {
                continue;
            };
            let goes = |child: &Node<'_>| found.iter().any(|gone| std::ptr::eq(gone.node, child));
            if record.added.contains(route) || children(place.node).all(goes) {
                removal.restore(place, route, was, &mut found);
            }
        }
        // From the back, so that no removal moves what another one points to.
        let start = |place: &Place<'_, '_>| place.node.span().map_or(0, |span| span.start);
        found.sort_by_key(|place| std::cmp::Reverse(start(place)));
        found.dedup_by(|a, b| a.pointer == b.pointer);
        drop_what_goes_anyway(&mut found);
        removal.patch = Patch(found.into_iter().map(|place| place.operation).collect());
        removal
    }

    /// Takes a place back to what it was.
    fn restore<'n, 'a>(
        &mut self,
        mut place: Place<'n, 'a>,
        route: &str,
        was: &str,
        found: &mut Vec<Place<'n, 'a>>,
    ) {
        match was {
            "" => found.push(place),
            "null" => {
                let path = place.pointer.clone();
                place.operation =
                    PatchOperation::Replace(ReplaceOperation { path, value: Value::Null });
                found.push(place);
            }
            _ => self.spellings.push((route.to_owned(), was.to_owned())),
        }
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

/// A value of the pod that goes, and how.
struct Place<'n, 'a> {
    pointer: PointerBuf,
    node: &'n Node<'a>,
    operation: PatchOperation,
}

/// Takes out the places below one that goes as a whole.
fn drop_what_goes_anyway(found: &mut Vec<Place<'_, '_>>) {
    let all: Vec<_> = found.iter().map(|place| place.pointer.clone()).collect();
    let below = |a: &PointerBuf, b: &PointerBuf| a != b && a.starts_with(b);
    found.retain(|place| !all.iter().any(|other| below(&place.pointer, other)));
}

/// The place at a route, where it still is.
fn resolve<'n, 'a>(pod: &'n Node<'a>, route: &str) -> Option<Place<'n, 'a>> {
    resolve_where(pod, route, &|_| true)
}

/// The place at a route; of several elements of one name the first that `suits`.
fn resolve_where<'n, 'a>(
    pod: &'n Node<'a>,
    route: &str,
    suits: &dyn Fn(&Node<'_>) -> bool,
) -> Option<Place<'n, 'a>> {
    let mut pointer = PointerBuf::new();
    let mut node = pod;
    for token in Pointer::parse(route).ok()?.tokens() {
        let name = token.decoded();
        if node.kind() == Kind::Array {
            let named = |item: &Node<'_>| element_name(item) == Some(&*name) && suits(item);
            let index = node.items().iter().position(named)?;
            node = &node.items()[index];
            pointer.push_back(index);
        } else {
            node = node.member(&name)?;
            pointer.push_back(name.as_ref());
        }
    }
    let operation = PatchOperation::Remove(RemoveOperation { path: pointer.clone() });
    Some(Place { pointer, node, operation })
}

/// The value at a route, where it still is.
pub(super) fn at_route<'n, 'a>(pod: &'n Node<'a>, route: &str) -> Option<&'n Node<'a>> {
    resolve(pod, route).map(|place| place.node)
}

/// What an element of an array goes by: its name, or an artifact's URI.
pub(super) fn element_name<'n>(element: &'n Node<'_>) -> Option<&'n str> {
    element.get("name").or_else(|| element.get("uri"))?.as_str()
}

fn children<'n, 'a>(node: &'n Node<'a>) -> impl Iterator<Item = &'n Node<'a>> {
    node.items().iter().chain(node.members().iter().map(|member| member.value()))
}
