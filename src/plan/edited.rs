//! What a person edited in an addition, after injection. Injecting again keeps it: it is laid over
//! the new addition.

use std::collections::HashSet;

use json_patch::jsonptr::PointerBuf;
use json_patch::{AddOperation, PatchOperation, ReplaceOperation};

use super::account;
use super::record::{self, Record};
use super::route::{is_at_or_below, readable, resolve};
use super::seal::{Edits, What};
use super::verdict::{self, Blame};
use crate::document::{Diagnostic, Kind, Node, Path};

/// An edited addition, on its way to lie over a new one.
pub(super) struct Edited<'n, 'a> {
    was: &'n Node<'a>,
    record: &'n Record,
    at: &'n Path<'n>,
    edits: Edits<'n, 'a>,
    /// The edits whose place the new addition no longer has.
    lost: HashSet<usize>,
}

impl<'n, 'a> Edited<'n, 'a> {
    /// The edits in `was`, a pod that was injected as `record` says.
    pub(super) fn new(was: &'n Node<'a>, record: &'n Record, at: &'n Path<'n>) -> Self {
        let edits = record.seal.edits(was, &record.added);
        Self { was, record, at, edits, lost: HashSet::new() }
    }

    /// Why there are too many of them to be laid over anything: that takes time for each.
    pub(super) fn too_many(&self) -> Option<Diagnostic> {
        let edit = self.edits.edits.get(record::MOST)?;
        let words =
            format!("what injection added was edited in more than {} places since", record::MOST);
        let fault = Diagnostic::error(words).rule("I05").pointer(self.at.to_string());
        Some(fault.span(edit.node.span()).hint(
            "take out what does not belong to the sidecar, or remove the injection and inject anew",
        ))
    }

    /// The volumes that the edits mount.
    pub(super) fn mounts(&self) -> Vec<String> {
        let names = self.edits.edits.iter().filter_map(|edit| {
            let (_, mount) = edit.route.split_once("/volumeMounts/")?;
            Some(readable(mount.split('/').next()?))
        });
        names.collect()
    }

    /// A fault of `fresh`, over which the edits lie, at the edit that brought it. Where none did,
    /// it is the doing of what is to `blame`.
    pub(super) fn invalid_result(
        &self,
        fault: Diagnostic,
        fresh: &Node<'_>,
        blame: Blame,
    ) -> Diagnostic {
        let pointer = fault.pointer.as_deref().unwrap_or_default();
        let pointer = pointer.strip_prefix(&self.at.to_string()).unwrap_or(pointer);
        let edit = self.edits.edits.iter().find(|edit| {
            let place = resolve(fresh, &edit.route).map(|place| place.pointer.to_string());
            place.is_some_and(|it| is_at_or_below(pointer, &it) || is_at_or_below(&it, pointer))
        });
        let blame = edit.map_or(blame, |_| Blame::Edits);
        let fault = Diagnostic { related: None, ..verdict::invalid_result(fault, blame) };
        fault.span(edit.and_then(|edit| edit.node.span()))
    }

    /// What lays the edits over `fresh`, the same pod injected anew.
    pub(super) fn operations(&mut self, fresh: &Node<'_>) -> Vec<PatchOperation> {
        let mut operations = Vec::new();
        let mut brought: HashSet<String> = HashSet::new();
        for (index, edit) in self.edits.edits.iter().enumerate() {
            let mut ends = edit.route.match_indices('/').map(|(end, _)| &edit.route[..end]);
            if ends.any(|above| brought.contains(above)) {
                continue;
            }
            let thing = self.record.thing(&edit.route);
            let there = resolve(fresh, &edit.route);
            if let Some(place) = there {
                let (path, value) = (place.pointer, edit.node.to_value());
                operations.push(PatchOperation::Replace(ReplaceOperation { path, value }));
            } else if let Some((whole, operation)) = (edit.what == What::Added)
                .then(|| addition(self.was, fresh, thing, &edit.route))
                .flatten()
            {
                operations.push(operation);
                brought.insert(whole);
            } else {
                self.lost.insert(index);
            }
        }
        operations
    }

    /// What there is to say of them.
    pub(super) fn findings(self) -> Vec<Diagnostic> {
        let Self { was, record, at, edits, lost } = self;
        account::kept(was, record, &edits, &lost, at)
    }
}

/// What was added at `route`, as the highest of its places that `fresh` lacks, and what adds that.
/// None if what it was added to is not there.
fn addition(
    was: &Node<'_>,
    fresh: &Node<'_>,
    thing: &str,
    route: &str,
) -> Option<(String, PatchOperation)> {
    let mut above = resolve(fresh, thing)?;
    let ends = route[thing.len()..].match_indices('/').map(|(at, _)| thing.len() + at);
    for end in ends.skip(1).chain([route.len()]) {
        let whole = &route[..end];
        if let Some(place) = resolve(fresh, whole) {
            above = place;
            continue;
        }
        let value = resolve(was, whole)?.node.to_value();
        let key = &whole[whole.rfind('/')? + 1..];
        let path = match above.node.kind() {
            Kind::Array => format!("{}/-", above.pointer),
            Kind::Object => format!("{}/{key}", above.pointer),
            _ => return None,
        };
        let path = PointerBuf::parse(path).ok()?;
        return Some((whole.to_owned(), PatchOperation::Add(AddOperation { path, value })));
    }
    None
}
