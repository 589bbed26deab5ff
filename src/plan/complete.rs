//! The addition laid under the pod: what the pod has of its own wins, what it lacks is added. A
//! pod that declares a partial `istio-proxy` so gets the rest of it, as with Istio's override
//! merge.

use std::collections::BTreeMap;

use json_patch::jsonptr::PointerBuf;
use json_patch::{AddOperation, PatchOperation, ReplaceOperation};
use serde_json::{Map, Value};

use super::grain::{Grain, grain, has_whole_elements, is_collection};
use super::route::{escaped, name_in, name_of};
use crate::document::Node;

/// The operations that complete a pod, and the account of them for the record.
#[derive(Debug, Default)]
pub(super) struct Completion {
    pub(super) operations: Vec<PatchOperation>,
    pub(super) added: Vec<String>,
    pub(super) around: BTreeMap<String, String>,
}

/// A place in the pod: its pointer, and its route with names in place of indices.
struct At {
    pointer: String,
    route: String,
}

impl At {
    fn member(&self, key: &str) -> Self {
        let key = escaped(key);
        Self { pointer: format!("{}/{key}", self.pointer), route: format!("{}/{key}", self.route) }
    }

    fn element(&self, index: usize, name: &str) -> Self {
        Self {
            pointer: format!("{}/{index}", self.pointer),
            route: format!("{}/{}", self.route, escaped(name)),
        }
    }

    fn path(&self) -> PointerBuf {
        PointerBuf::parse(self.pointer.as_str()).expect("built of escaped tokens")
    }
}

impl Completion {
    /// Completes `pod` with the members of `addition`.
    pub(super) fn new(pod: &Node<'_>, addition: Map<String, Value>) -> Self {
        let mut completion = Self::default();
        let root = At { pointer: String::new(), route: String::new() };
        completion.object(pod, addition, &root);
        completion
    }

    fn object(&mut self, node: &Node<'_>, ours: Map<String, Value>, at: &At) {
        if node.members().is_empty() {
            self.was(at, node.text().unwrap_or_default());
        }
        for (key, value) in ours {
            let at = at.member(&key);
            match node.member(&key) {
                None => self.create(&key, value, &at, ""),
                Some(theirs) if theirs.is_null() => self.create(&key, value, &at, "null"),
                Some(theirs) => self.merge(&key, theirs, value, &at),
            }
        }
    }

    /// A member that the pod lacks, or has as `null`, which Marathon reads as lacking.
    fn create(&mut self, key: &str, value: Value, at: &At, was: &str) {
        if is_collection(key) {
            self.was(at, was);
            let names = child_names(&value);
            self.added.extend(names.map(|name| format!("{}/{}", at.route, escaped(name))));
        } else {
            self.added.push(at.route.clone());
            if !was.is_empty() {
                self.was(at, was);
            }
        }
        let path = at.path();
        self.operations.push(if was.is_empty() {
            PatchOperation::Add(AddOperation { path, value })
        } else {
            PatchOperation::Replace(ReplaceOperation { path, value })
        });
    }

    fn merge(&mut self, key: &str, theirs: &Node<'_>, ours: Value, at: &At) {
        match (grain(key, theirs.kind()), ours) {
            (Grain::Members, Value::Object(ours)) => self.object(theirs, ours, at),
            (Grain::Elements, Value::Array(ours)) => self.array(key, theirs, ours, at),
            _ => {}
        }
    }

    fn array(&mut self, key: &str, theirs: &Node<'_>, ours: Vec<Value>, at: &At) {
        if theirs.items().is_empty() && !ours.is_empty() {
            self.was(at, theirs.text().unwrap_or_default());
        }
        for value in ours {
            let name = name_of(&value).unwrap_or_default().to_owned();
            let same = |item: &Node<'_>| name_in(item) == Some(name.as_str());
            match (theirs.items().iter().position(same), value) {
                (Some(_), _) if has_whole_elements(key) => {}
                (Some(index), Value::Object(value)) => {
                    self.object(&theirs.items()[index], value, &at.element(index, &name));
                }
                (Some(_), _) => {}
                (None, value) => {
                    self.added.push(format!("{}/{}", at.route, escaped(&name)));
                    let path = at.member("-").path();
                    self.operations.push(PatchOperation::Add(AddOperation { path, value }));
                }
            }
        }
    }

    fn was(&mut self, at: &At, text: &str) {
        self.around.insert(at.route.clone(), text.to_owned());
    }
}

fn child_names(value: &Value) -> Box<dyn Iterator<Item = &str> + '_> {
    match value {
        Value::Object(members) => Box::new(members.keys().map(String::as_str)),
        Value::Array(items) => Box::new(items.iter().map(|item| name_of(item).unwrap_or_default())),
        _ => Box::new(std::iter::empty()),
    }
}
