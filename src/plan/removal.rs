//! The way back: from a pod and its record to the patch that takes out what was added, and how
//! the emptied places were written.

use std::collections::HashSet;
use std::ops::Range;

use json_patch::jsonptr::Pointer;
use json_patch::{Patch, PatchOperation, RemoveOperation, ReplaceOperation};
use serde_json::Value;

use super::record::Record;
use super::route::{Place, escaped, identity_in, is_at_or_below, name_in, resolve, resolve_where};
use super::seal::{Edits, What};
use crate::document::{Kind, Node, PatchError};

/// What takes an injection out of a pod.
#[derive(Debug)]
pub(super) struct Removal {
    pub(super) patch: Patch,
    /// For each route whose array or object is empty again, the text it had.
    spellings: Spellings,
}

type Spellings = Vec<(String, String)>;

/// A place that goes, or is `null` again.
struct Leaving<'n, 'a> {
    place: Place<'n, 'a>,
    becomes_null: bool,
}

/// What of a pod goes and what stays.
struct Sorting<'n, 'a> {
    /// Where the leaves stand that a person added and keeps, in order.
    kept: Vec<Range<usize>>,
    leaving: Vec<Leaving<'n, 'a>>,
    /// Where each of them begins.
    begins: HashSet<usize>,
}

impl Removal {
    /// Takes out all that `record` says, with whatever was edited in it.
    pub(super) fn of_all(pod: &Node<'_>, record: &Record) -> Self {
        let (leaving, spellings) = Sorting::new(pod, record, Vec::new()).done(pod, record);
        Self { patch: in_order(leaving), spellings }
    }

    /// Takes out what `record` says, changed or not; what a person added to it stays. Also gives
    /// the names of the volumes that stay, for something that stays mounts them.
    pub(super) fn but_additions(
        pod: &Node<'_>,
        record: &Record,
        edits: &Edits<'_, '_>,
    ) -> (Self, Vec<String>) {
        let added = edits.edits.iter().filter(|edit| edit.what == What::Added);
        let kept = added.filter_map(|edit| edit.node.span()).collect();
        let mut sorting = Sorting::new(pod, record, kept);
        let mounted = sorting.keep_mounted_volumes(pod, record);
        let (leaving, spellings) = sorting.done(pod, record);
        (Self { patch: in_order(leaving), spellings }, mounted)
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

impl<'n, 'a> Sorting<'n, 'a> {
    /// What is no longer there is passed over.
    fn new(pod: &'n Node<'a>, record: &Record, mut kept: Vec<Range<usize>>) -> Self {
        kept.sort_by_key(|kept| kept.start);
        let status = Record::path().to_string();
        let added = record.added.iter().filter(|route| !record.around.contains_key(*route));
        let routes = added.map(String::as_str).chain([status.as_str()]);
        let mut sorting = Self { kept, leaving: Vec::new(), begins: HashSet::new() };
        for route in routes {
            // Two elements of one name have one route: each time it stands for the next of them.
            let next = |node: &Node<'_>| !sorting.leaves(node);
            if let Some(place) = resolve_where(pod, route, &next) {
                sorting.take_out(place);
            }
        }
        sorting
    }

    fn leaves(&self, node: &Node<'_>) -> bool {
        node.span().is_some_and(|place| self.begins.contains(&place.start))
    }

    fn leave(&mut self, place: Place<'n, 'a>) {
        self.begins.extend(place.node.span().map(|place| place.start));
        self.leaving.push(Leaving { place, becomes_null: false });
    }

    /// The first that is kept at or below this place.
    fn kept_in(&self, node: &Node<'_>) -> Option<&Range<usize>> {
        let place = node.span()?;
        let before = self.kept.partition_point(|kept| kept.start < place.start);
        self.kept.get(before).filter(|kept| kept.end <= place.end)
    }

    /// Takes out a place, or as much of it as nobody keeps. What is kept of an element keeps the
    /// name that it goes by.
    fn take_out(&mut self, place: Place<'n, 'a>) {
        match self.kept_in(place.node) {
            None => return self.leave(place),
            Some(kept) if place.node.span().as_ref() == Some(kept) => return,
            Some(_) => {}
        }
        let identity = identity_in(place.node);
        for member in place.node.members() {
            if identity != Some(member.key()) {
                let mut pointer = place.pointer.clone();
                pointer.push_back(member.key());
                self.take_out(Place { pointer, node: member.value() });
            }
        }
        for (index, node) in place.node.items().iter().enumerate() {
            let mut pointer = place.pointer.clone();
            pointer.push_back(index);
            self.take_out(Place { pointer, node });
        }
    }

    /// A volume without which a mount that came since would lead nowhere stays too. Gives their
    /// names. A container that injection completed may mount what it did not declare.
    fn keep_mounted_volumes(&mut self, pod: &'n Node<'a>, record: &Record) -> Vec<String> {
        let completed = |container: &Node<'_>| {
            let route = ["/containers/", &escaped(name_in(container).unwrap_or_default())].concat();
            record.added.iter().any(|added| is_at_or_below(added, &route))
        };
        let this = &*self;
        let mounts = items(pod, "containers").iter().flat_map(|container| {
            let came_since = !completed(container);
            let mounts = items(container, "volumeMounts").iter();
            mounts.filter(move |mount| came_since || this.kept_in(mount).is_some())
        });
        let mounted: HashSet<_> = mounts.filter_map(name_in).collect();
        let mut names = Vec::new();
        self.leaving.retain(|gone| {
            let is_volume = gone.place.pointer.starts_with(Pointer::from_static("/volumes"));
            let name = name_in(gone.place.node).filter(|name| is_volume && mounted.contains(name));
            names.extend(name.map(str::to_owned));
            name.is_none()
        });
        self.begins = self.leaving.iter().filter_map(Leaving::begin).collect();
        names
    }

    /// What was created around the additions goes with them, or is again as it was. Gives for each
    /// route whose array or object is empty again the text it had.
    fn done(mut self, pod: &'n Node<'a>, record: &Record) -> (Vec<Leaving<'n, 'a>>, Spellings) {
        let mut spellings = Vec::new();
        for (route, was) in &record.around {
            let Some(place) = resolve(pod, route) else {
                continue;
            };
            let emptied = children(place.node).all(|child| self.leaves(child));
            match was.as_str() {
                _ if self.kept_in(place.node).is_some() => {}
                _ if !emptied && !record.added.contains(route) => {}
                "" => self.leave(place),
                "null" => self.leaving.push(Leaving { place, becomes_null: true }),
                _ if emptied && fits(was, place.node.kind()) => {
                    spellings.push((route.clone(), was.clone()));
                }
                _ => {}
            }
        }
        (self.leaving, spellings)
    }
}

/// Whether these brackets are those of such a value.
fn fits(brackets: &str, kind: Kind) -> bool {
    let opens = match kind {
        Kind::Array => '[',
        Kind::Object => '{',
        _ => return false,
    };
    brackets.starts_with(opens)
}

/// The operations from the back, so that none moves what another one points to; nothing is said
/// of what stands below a place that goes anyway.
fn in_order(mut leaving: Vec<Leaving<'_, '_>>) -> Patch {
    leaving.sort_by_key(Leaving::begin);
    let mut end = 0;
    leaving.retain(|gone| {
        let place = gone.place.node.span().unwrap_or_default();
        let is_outside = place.start >= end;
        end = end.max(place.end);
        is_outside
    });
    Patch(leaving.into_iter().rev().map(Leaving::operation).collect())
}

impl Leaving<'_, '_> {
    fn begin(&self) -> Option<usize> {
        Some(self.place.node.span()?.start)
    }

    fn operation(self) -> PatchOperation {
        let path = self.place.pointer;
        if self.becomes_null {
            PatchOperation::Replace(ReplaceOperation { path, value: Value::Null })
        } else {
            PatchOperation::Remove(RemoveOperation { path })
        }
    }
}

fn items<'n, 'a>(node: &'n Node<'a>, key: &str) -> &'n [Node<'a>] {
    node.get(key).map_or(&[], Node::items)
}

fn children<'n, 'a>(node: &'n Node<'a>) -> impl Iterator<Item = &'n Node<'a>> {
    node.items().iter().chain(node.members().iter().map(|member| member.value()))
}
