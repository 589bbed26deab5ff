//! A pod's id: V01, V02, V04, V05. The reader's pattern leaves nothing for V03 to find.

use crate::document::{Diagnostic, Node, Path};
use crate::pod::finding::{Shown, fault};
use crate::pod::patterns::is_path_id;
use crate::pod::scope::Scope;

const RESERVED: [&str; 5] = ["restart", "tasks", "versions", ".", ".."];

pub(super) fn check(scope: &Scope<'_>, found: &mut Vec<Diagnostic>) {
    let Some(node) = scope.pod.get("id") else {
        return;
    };
    let Some(id) = node.as_str().filter(|id| !id.is_empty() && is_path_id(id)) else {
        return;
    };
    let at = scope.at.key("id");
    let Some(last) = id.rsplit('/').find(|segment| !segment.is_empty()) else {
        let message = format!("\"{}\": Path must contain at least one path element", Shown(id));
        let hint = "give the pod a name, as /httpbin";
        return found.push(fault("V01", node, &at, message, hint));
    };
    if !id.starts_with('/') {
        let shown = Shown(id);
        let message = format!("\"{shown}\": Path needs to be absolute");
        let hint = format!("write \"/{shown}\"");
        found.push(fault("V02", node, &at, message, hint));
    }
    if RESERVED.contains(&last) {
        let message = format!(
            "the id must not end with any of the following reserved keywords: {}",
            RESERVED.join(", ")
        );
        found.push(fault("V04", node, &at, message, "rename the pod"));
    }
    if id.starts_with('/') && id.contains("..") {
        parent(node, id, &at, found);
    }
}

/// V05: once `..` is resolved, the pod must still be where its id says.
fn parent(node: &Node<'_>, id: &str, at: &Path<'_>, found: &mut Vec<Diagnostic>) {
    let written: Vec<&str> = id.split('/').filter(|part| !part.is_empty()).collect();
    let mut resolved = Vec::new();
    for part in &written {
        match *part {
            ".." => drop(resolved.pop()),
            part => resolved.push(part),
        }
    }
    let parent = &written[..written.len().saturating_sub(1)];
    if &resolved[..resolved.len().saturating_sub(1)] != parent {
        let message = format!("Identifier is not child of '/{}'", parent.join("/"));
        let hint = format!("write the id without \"..\": \"/{}\"", resolved.join("/"));
        found.push(fault("V05", node, at, message, hint));
    }
}
