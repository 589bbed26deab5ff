//! Where the pods go: in place of the app, or from a group's `apps` to its `pods`.

use json_patch::jsonptr::PointerBuf;
use json_patch::{AddOperation, Patch, PatchOperation, RemoveOperation, ReplaceOperation};
use serde_json::Value;

use super::groups::{Group, Groups, group_of};
use crate::document::Diagnostic;

/// The patch that puts pods in place of the apps at these pointers, which come in the order of the
/// document.
pub(super) fn patch(pods: Vec<(String, Value)>, groups: &Groups) -> Result<Patch, Vec<Diagnostic>> {
    let mut operations = Vec::new();
    let mut faults = Vec::new();
    let mut pods = pods.into_iter().peekable();
    while let Some((pointer, pod)) = pods.next() {
        let Some((at, group)) = group_of(&pointer).and_then(|at| Some((at, groups.get(at)?)))
        else {
            let path = path(&pointer);
            operations.push(PatchOperation::Replace(ReplaceOperation { path, value: pod }));
            continue;
        };
        let mut all = vec![pod];
        while let Some((_, pod)) = pods.next_if(|(next, _)| group_of(next) == Some(at)) {
            all.push(pod);
        }
        if all.len() == group.apps {
            operations.extend(moved(at, group, all));
        } else {
            faults.push(mixed(at, group));
        }
    }
    if faults.is_empty() { Ok(Patch(operations)) } else { Err(faults) }
}

/// A group's apps become its pods.
fn moved(at: &str, group: &Group, pods: Vec<Value>) -> Vec<PatchOperation> {
    let add =
        |path: String, value| PatchOperation::Add(AddOperation { path: self::path(&path), value });
    let mut operations: Vec<_> = if group.has_pods {
        pods.into_iter().map(|pod| add(format!("{at}/pods/-"), pod)).collect()
    } else {
        vec![add(format!("{at}/pods"), Value::Array(pods))]
    };
    let path = path(&format!("{at}/apps"));
    operations.push(PatchOperation::Remove(RemoveOperation { path }));
    operations
}

fn mixed(at: &str, group: &Group) -> Diagnostic {
    Diagnostic::error("a group's `apps` lists something that is no app")
        .rule("C02")
        .span(group.start..group.start + 1)
        .pointer(format!("{at}/apps"))
        .hint("list pods under `pods` and groups under `groups`")
}

fn path(pointer: &str) -> PointerBuf {
    PointerBuf::parse(pointer).expect("the way to a value is a pointer")
}
