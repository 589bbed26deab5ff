//! Health checks: V31, V32, V33. The reader finds what V34 to V36 are about.

use crate::document::{Diagnostic, Node, Path};
use crate::pod::finding::{Shown, fault};
use crate::pod::members::{list, text};

pub(super) fn check(container: &Node<'_>, at: &Path<'_>, found: &mut Vec<Diagnostic>) {
    let Some(check) = container.get("healthCheck") else {
        return;
    };
    let at = at.key("healthCheck");
    kinds(check, &at, found);
    interval(check, &at, found);
    for kind in ["http", "tcp"] {
        let Some(endpoint) = check.get(kind).and_then(|kind| kind.get("endpoint")) else {
            continue;
        };
        let declared = list(container, "endpoints")
            .iter()
            .any(|other| text(other, "name") == endpoint.as_str());
        if let Some(name) = endpoint.as_str().filter(|_| !declared) {
            let message = format!(
                "this container declares no endpoint \"{}\" (Marathon: contained in the container endpoints)",
                Shown(name)
            );
            let hint = "name an endpoint of this container; another container's does not count";
            let at = at.key(kind);
            found.push(fault("V33", endpoint, &at.key("endpoint"), message, hint));
        }
    }
}

/// V31.
fn kinds(check: &Node<'_>, at: &Path<'_>, found: &mut Vec<Diagnostic>) {
    let kinds = ["http", "tcp", "exec"];
    let count = kinds.iter().filter(|kind| check.get(kind).is_some()).count();
    if count != 1 && check.kind() == crate::document::Kind::Object {
        let message = format!(
            "a health check must have exactly one of `http`, `tcp`, `exec`, not {count} (Marathon: Only one of http, tcp, or command may be specified)"
        );
        let hint = "keep one of them";
        found.push(fault("V31", check, at, message, hint));
    }
}

/// V32: the defaults count too.
fn interval(check: &Node<'_>, at: &Path<'_>, found: &mut Vec<Diagnostic>) {
    let seconds = |name, default| match check.get(name) {
        Some(node) => node.as_i64(),
        None => Some(default),
    };
    let (Some(timeout), Some(interval)) =
        (seconds("timeoutSeconds", 20), seconds("intervalSeconds", 60))
    else {
        return;
    };
    if timeout >= interval {
        let message = format!(
            "`timeoutSeconds` must be less than `intervalSeconds` (Marathon: got {timeout}, expected less than {interval})"
        );
        let hint = match check.get("timeoutSeconds") {
            Some(_) => "lower `timeoutSeconds`, or raise `intervalSeconds`",
            None => "add a `timeoutSeconds`: it is 20 where nothing is said",
        };
        let node = check.get("timeoutSeconds").unwrap_or(check);
        found.push(fault("V32", node, &at.key("timeoutSeconds"), message, hint));
    }
}
