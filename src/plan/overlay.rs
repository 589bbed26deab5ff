//! Overlays: partial pods that a user lays over what injection adds, before that is laid under the
//! pod. By name for arrays of named things, by key for the rest; `null` takes a member out.

use serde_json::{Map, Value};

use super::route::name_of;
use crate::document::{Diagnostic, Kind, Node, Path, Severity, Source};
use crate::pod::validate_partial;

/// An overlay, read and checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Overlay {
    /// An object.
    partial: Value,
}

/// Why a file is no overlay: its source for showing, and all its faults.
#[derive(Debug)]
pub struct OverlayError {
    /// What is wrong, in the file's own places.
    pub faults: Vec<Diagnostic>,
}

/// Members of a pod that are what the pod is, not what is added to it.
const THE_PODS_OWN: [&str; 4] = ["id", "version", "networks", "scaling"];

impl Overlay {
    /// Reads a partial pod.
    ///
    /// # Errors
    /// It is no JSON object, or says what no overlay can say.
    pub fn parse(source: &Source) -> Result<Self, OverlayError> {
        let root = source.root().map_err(|fault| OverlayError { faults: vec![*fault] })?;
        let tree = root.tree(&Path::root("")).map_err(|faults| OverlayError { faults })?;
        if tree.kind() != Kind::Object {
            let fault = Diagnostic::error(format!("expected a partial pod, found {}", tree.kind()))
                .rule("O01")
                .span(root.span())
                .hint("an overlay is an object such as {\"containers\": [{\"name\": \"istio-proxy\", …}]}");
            return Err(OverlayError { faults: vec![fault] });
        }
        // What Marathon would only ignore in a pod helps nobody in an overlay.
        let mut faults = validate_partial(&tree, &Path::root(""));
        faults.retain(|fault| !takes_out(source, fault));
        for fault in &mut faults {
            fault.severity = Severity::Error;
        }
        let own = tree.members().iter().filter(|member| THE_PODS_OWN.contains(&member.key()));
        faults.extend(own.map(|member| {
            Diagnostic::error(format!("an overlay cannot set {:?} of a pod", member.key()))
                .rule("O02")
                .span(member.key_span())
                .pointer(format!("/{}", member.key()))
                .hint("an overlay is laid over every pod: set it in the pod itself")
        }));
        if faults.is_empty() {
            Ok(Self { partial: tree.to_value() })
        } else {
            Err(OverlayError { faults })
        }
    }

    /// Lays it over `base`.
    pub(super) fn lay_over(&self, base: &mut Map<String, Value>) {
        if let Value::Object(members) = &self.partial {
            merge_members(base, members);
        }
    }

    /// The JSON it was read as, for the record's hash.
    pub(super) fn value(&self) -> &Value {
        &self.partial
    }

    /// The partial pod, to be looked at like a pod.
    pub(super) fn tree(&self) -> Node<'_> {
        Node::from_value(&self.partial)
    }

    /// The names of the containers or volumes in it.
    pub(super) fn names(&self, array: &str) -> impl Iterator<Item = &str> {
        let elements = self.partial.get(array).and_then(Value::as_array);
        elements.into_iter().flatten().filter_map(name_of)
    }
}

/// Whether a finding is about a member that is `null`: it is to be in no pod.
fn takes_out(source: &Source, finding: &Diagnostic) -> bool {
    let null = finding.span.clone().is_some_and(|span| &source.text()[span] == "null");
    let last = finding.pointer.as_deref().and_then(|pointer| pointer.rsplit('/').next());
    null && last.is_some_and(|token| token.parse::<usize>().is_err())
}

fn merge_members(base: &mut Map<String, Value>, over: &Map<String, Value>) {
    for (key, value) in over {
        match (base.get_mut(key), value) {
            (_, Value::Null) => {
                base.shift_remove(key);
            }
            // A command is one thing; a `shell` beside an `argv` would be none.
            (Some(base), value) if key == "command" => *base = over_nothing(value),
            (Some(Value::Object(base)), Value::Object(over)) => merge_members(base, over),
            (Some(Value::Array(base)), Value::Array(over)) if over.iter().all(has_name) => {
                merge_elements(base, over);
            }
            _ => {
                base.insert(key.clone(), over_nothing(value));
            }
        }
    }
}

/// An element goes over the one of its name. Where an overlay has several of one name, as mounts
/// of one volume, each is an element of its own.
fn merge_elements(base: &mut Vec<Value>, over: &[Value]) {
    for value in over {
        let alone = over.iter().filter(|other| name_of(other) == name_of(value)).count() == 1;
        let same = base.iter_mut().find(|element| alone && name_of(element) == name_of(value));
        match (same, value) {
            (Some(Value::Object(base)), Value::Object(over)) => merge_members(base, over),
            _ => base.push(over_nothing(value)),
        }
    }
}

/// What is laid where nothing is: without what would only be taken out.
fn over_nothing(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut base = Map::new();
            merge_members(&mut base, members);
            Value::Object(base)
        }
        Value::Array(elements) => elements.iter().map(over_nothing).collect(),
        other => other.clone(),
    }
}

fn has_name(element: &Value) -> bool {
    name_of(element).is_some()
}
