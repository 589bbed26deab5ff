//! Where volumes appear in a container: T12, T13.

use crate::document::{Diagnostic, Node, Path};
use crate::pod::finding::{first_at, repeated, trap};
use crate::pod::members::list;
use crate::pod::scope::Scope;

pub(super) fn check(
    scope: &Scope<'_>,
    container: &Node<'_>,
    at: &Path<'_>,
    found: &mut Vec<Diagnostic>,
) {
    let mounts = list(container, "volumeMounts");
    let at = at.key("volumeMounts");
    if container.get("image").is_none() && !scope.is_unfinished(container) {
        for (index, mount) in mounts.iter().enumerate() {
            absolute(mount, &at.index(index), found);
        }
    }
    let paths = mounts.iter().enumerate().filter_map(|(index, mount)| {
        let path = mount.get("mountPath")?;
        Some((path.as_str()?, (index, path)))
    });
    for ((_, first), (again, path)) in repeated(paths) {
        let message = "two volumes are mounted at one path: only one of them can be seen";
        let at = at.index(again);
        let trap = trap("T13", path, &at.key("mountPath"), message, "use another path");
        found.push(first_at(trap, first));
    }
}

/// T12.
fn absolute(mount: &Node<'_>, at: &Path<'_>, found: &mut Vec<Diagnostic>) {
    let Some(path) = mount.get("mountPath") else {
        return;
    };
    if path.as_str().is_some_and(|path| path.starts_with('/')) {
        let message = "a container without image shares the agent's files: the launch fails unless this path exists there";
        let hint = "mount at a relative path, below the sandbox, or give the container an image";
        found.push(trap("T12", path, &at.key("mountPath"), message, hint));
    }
}
