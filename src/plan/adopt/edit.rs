//! The patch that gives up a hand-written sidecar: what it carried goes into the pod, and it goes
//! out with what only it needed.

use json_patch::jsonptr::PointerBuf;
use json_patch::{AddOperation, Patch, PatchOperation, RemoveOperation, ReplaceOperation};
use serde_json::{Map, Value, json};

use super::keep::{Kept, Old};
use super::rest::Rest;
use crate::document::{Kind, Node};
use crate::plan::route::escaped;

/// The operations, in an order in which none moves what a later one points to.
pub(super) fn patch(old: &Old<'_, '_>, kept: Kept, rest: Rest) -> Patch {
    let mut edit = Edit { old, operations: Vec::new(), replaced: false };
    edit.members(old.pod.node(), "", "labels", kept.labels);
    for (index, endpoint) in rest.endpoints {
        edit.append(index, "endpoints", endpoint);
    }
    for (container, variables) in kept.variables {
        edit.variables(container, variables);
    }
    for volume in rest.volumes.into_iter().rev() {
        edit.remove(&format!("/volumes/{volume}"));
    }
    if !edit.replaced {
        edit.remove(&format!("/containers/{}", old.index));
    }
    Patch(edit.operations)
}

/// Whether nothing of ours is to stand where the sidecar stood.
pub(super) fn stands_empty(old: &Old<'_, '_>, kept: &Kept) -> bool {
    let declared = |name: &str| old.others().any(|(_, own)| own.name() == name);
    kept.variables.keys().all(|name| declared(name))
}

struct Edit<'o, 't, 'a> {
    old: &'o Old<'t, 'a>,
    operations: Vec<PatchOperation>,
    /// Whether a partial container of ours stands where the sidecar stood.
    replaced: bool,
}

impl Edit<'_, '_, '_> {
    /// Adds members to the object `key` of the object at `at`, which may lack it.
    fn members(&mut self, node: &Node<'_>, at: &str, key: &str, members: Map<String, Value>) {
        if members.is_empty() {
            return;
        }
        if node.get(key).is_none_or(|object| object.kind() != Kind::Object) {
            return self.add(&format!("{at}/{key}"), Value::Object(members));
        }
        for (name, value) in members {
            self.add(&format!("{at}/{key}/{}", escaped(&name)), value);
        }
    }

    /// Adds an element to an array of a container that stays.
    fn append(&mut self, index: usize, key: &str, value: Value) {
        let at = format!("/containers/{index}/{key}");
        let container = self.old.pod.containers().nth(index);
        let array = container.and_then(|container| container.node().get(key));
        let is_added = self.operations.iter().any(|operation| operation.path().as_str() == at);
        if array.is_some() || is_added {
            self.add(&format!("{at}/-"), value);
        } else {
            self.add(&at, json!([value]));
        }
    }

    /// Sets variables of a container of ours, which the pod may declare already.
    fn variables(&mut self, name: &str, variables: Map<String, Value>) {
        let own = self.old.others().find(|(_, own)| own.name() == name);
        if let Some((index, own)) = own {
            let theirs = |name: &String| own.sets(name);
            let variables = variables.into_iter().filter(|(name, _)| !theirs(name)).collect();
            return self.members(
                own.node(),
                &format!("/containers/{index}"),
                "environment",
                variables,
            );
        }
        let value = json!({ "name": name, "environment": variables });
        if self.replaced {
            return self.add("/containers/-", value);
        }
        let path = path(&format!("/containers/{}", self.old.index));
        self.operations.push(PatchOperation::Replace(ReplaceOperation { path, value }));
        self.replaced = true;
    }

    fn add(&mut self, at: &str, value: Value) {
        self.operations.push(PatchOperation::Add(AddOperation { path: path(at), value }));
    }

    fn remove(&mut self, at: &str) {
        self.operations.push(PatchOperation::Remove(RemoveOperation { path: path(at) }));
    }
}

fn path(pointer: &str) -> PointerBuf {
    PointerBuf::parse(pointer).expect("built of escaped tokens")
}
