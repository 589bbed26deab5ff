//! Seccomp and IPC: V41 to V44.

use crate::document::{Diagnostic, Node, Path};
use crate::pod::finding::fault;
use crate::pod::members::text;
use crate::pod::scope::Scope;

pub(super) fn pod(scope: &Scope<'_>, found: &mut Vec<Diagnostic>) {
    let Some(linux) = scope.pod.get("linuxInfo") else {
        return;
    };
    let at = scope.at.key("linuxInfo");
    if let Some(seccomp) = linux.get("seccomp").filter(|it| is_read(it)) {
        let message = "Seccomp configuration on executor level is not supported";
        let hint = "move `seccomp` into `linuxInfo` of the containers";
        found.push(fault("V44", seccomp, &at.key("seccomp"), message, hint));
    }
    ipc(linux, &at, found);
}

pub(super) fn container(container: &Node<'_>, at: &Path<'_>, found: &mut Vec<Diagnostic>) {
    let Some(linux) = container.get("linuxInfo") else {
        return;
    };
    let at = at.key("linuxInfo");
    ipc(linux, &at, found);
    let Some(seccomp) = linux.get("seccomp").filter(|it| is_read(it)) else {
        return;
    };
    let profile = seccomp.get("profileName").is_some();
    let unconfined = seccomp.get("unconfined").and_then(Node::as_bool) == Some(true);
    let at = at.key("seccomp");
    match (profile, unconfined) {
        (true, true) => {
            let message = "Seccomp unconfined can NOT be true when Profile is defined";
            let hint = "keep `profileName` or `unconfined`, not both";
            found.push(fault("V41", seccomp, &at, message, hint));
        }
        (false, false) => {
            let message = "Seccomp unconfined must be true when Profile is NOT defined";
            let hint = "name a profile, or write {\"unconfined\": true}, or remove `seccomp`";
            found.push(fault("V42", seccomp, &at, message, hint));
        }
        _ => {}
    }
}

fn ipc(linux: &Node<'_>, at: &Path<'_>, found: &mut Vec<Diagnostic>) {
    let Some(ipc) = linux.get("ipcInfo") else {
        return;
    };
    let shared = text(ipc, "mode").is_some_and(|mode| mode.eq_ignore_ascii_case("SHARE_PARENT"));
    if shared && ipc.get("shmSize").is_some() {
        let message = "ipcInfo shmSize can NOT be set when mode is SHARE_PARENT";
        let hint = "remove `shmSize`, or use the mode PRIVATE";
        found.push(fault("V43", ipc, &at.key("ipcInfo"), message, hint));
    }
}

/// One with members of a wrong type is not there for Marathon.
fn is_read(seccomp: &Node<'_>) -> bool {
    let profile = seccomp.get("profileName").is_none_or(|it| it.as_str().is_some());
    let unconfined = seccomp.get("unconfined").is_none_or(|it| it.as_bool().is_some());
    matches!(seccomp.kind(), crate::document::Kind::Object) && profile && unconfined
}
