//! What a container runs and as whom: T07, T14, T15, T17, T18, T22 to T24.

use crate::document::{Diagnostic, Kind, Node, Path};
use crate::pod::finding::trap;
use crate::pod::members::text;
use crate::pod::scope::Scope;

/// From here on, ids have met the limits of paths on the agents and of DNS labels.
const LONG_ID: usize = 55;

/// T22.
pub(super) fn long_id(scope: &Scope<'_>, found: &mut Vec<Diagnostic>) {
    let Some(id) = scope.pod.get("id") else {
        return;
    };
    let length = id.as_str().map_or(0, str::len);
    if length >= LONG_ID {
        let message = format!(
            "the id has {length} characters: from {LONG_ID} on, paths on the agent and DNS labels may get too long"
        );
        let hint = "shorten it";
        found.push(trap("T22", id, &scope.at.key("id"), message, hint));
    }
}

pub(super) fn check(
    scope: &Scope<'_>,
    container: &Node<'_>,
    at: &Path<'_>,
    found: &mut Vec<Diagnostic>,
) {
    if container.kind() != Kind::Object {
        return;
    }
    let complete = !scope.is_unfinished(container);
    command(container, at, complete, found);
    user(container, at, found);
    if let Some(check) = container.get("check") {
        let message = "Marathon reads `check` and drops it: it is never run";
        let hint = "use `healthCheck`, or remove it";
        found.push(trap("T18", check, &at.key("check"), message, hint));
    }
}

fn command(container: &Node<'_>, at: &Path<'_>, complete: bool, found: &mut Vec<Diagnostic>) {
    let image = container.get("image").is_some();
    let Some(exec) = container.get("exec") else {
        if !image && complete {
            let message =
                "a container with neither `exec` nor `image` has nothing to run: its launch fails";
            let hint = "add an `image`, or `exec` with a command";
            found.push(trap("T14", container, at, message, hint));
        }
        return;
    };
    let Some(command) = exec.get("command") else {
        return;
    };
    let at = at.key("exec");
    let overrides = exec.get("overrideEntrypoint").and_then(Node::as_bool);
    // An unusable `shell` leaves the choice to `argv`.
    let shell = text(command, "shell").filter(|shell| !shell.is_empty());
    match (shell, command.get("argv")) {
        (Some(_), Some(argv)) => {
            let message = "Marathon takes `shell` and ignores this `argv`";
            let hint = "keep one of the two";
            let at = at.key("command");
            found.push(trap("T07", argv, &at.key("argv"), message, hint));
        }
        (None, Some(argv)) if complete && !image && overrides != Some(true) => {
            let message = "`argv` is appended to the image's entrypoint, and there is no image: the launch fails";
            let hint = "add \"overrideEntrypoint\": true, or an `image`, or use `shell`";
            let at = at.key("command");
            found.push(trap("T15", argv, &at.key("argv"), message, hint));
        }
        _ => {}
    }
    if let (Some(_), Some(false), Some(node)) = (shell, overrides, exec.get("overrideEntrypoint")) {
        let message =
            "a `shell` command always replaces the image's entrypoint, whatever this says";
        let hint = "use `argv` to keep the entrypoint, or remove `overrideEntrypoint`";
        found.push(trap("T24", node, &at.key("overrideEntrypoint"), message, hint));
    }
}

fn user(container: &Node<'_>, at: &Path<'_>, found: &mut Vec<Diagnostic>) {
    if let Some(user) = container.get("user").filter(|user| user.as_str() == Some("")) {
        let message = "an empty `user` names nobody, and Marathon accepts it";
        let hint = "name a user of the agents, or remove it";
        found.push(trap("T23", user, &at.key("user"), message, hint));
    }
    numeric_user(container, at, found);
}

/// T17, of a pod or of a container.
pub(super) fn numeric_user(owner: &Node<'_>, at: &Path<'_>, found: &mut Vec<Diagnostic>) {
    let Some(name) = text(owner, "user") else {
        return;
    };
    if let Some(user) = owner.get("user").filter(|_| is_digits(name)) {
        let message = format!("the agents look \"{name}\" up as the name of a user, not as a uid");
        let hint = "name a user that exists on every agent";
        found.push(trap("T17", user, &at.key("user"), message, hint));
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
