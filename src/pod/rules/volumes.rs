//! Volumes and their mounts: V12, V13, V38.

use std::collections::HashSet;

use crate::document::{Diagnostic, Node, Path};
use crate::pod::finding::{Shown, fault, first_at, repeated};
use crate::pod::members::{list, text};
use crate::pod::scope::Scope;

pub(super) fn check(scope: &Scope<'_>, found: &mut Vec<Diagnostic>) {
    let volumes = scope.volumes.items();
    if volumes.is_empty() {
        return;
    }
    let at = scope.at.key("volumes");
    let mounted: HashSet<&str> = scope
        .containers
        .iter()
        .flat_map(|container| list(container, "volumeMounts"))
        .filter_map(|mount| text(mount, "name"))
        .collect();
    for (index, volume) in volumes.iter().enumerate() {
        let Some(name) = text(volume, "name") else {
            continue;
        };
        if !mounted.contains(name) && !scope.coming_volumes.has(name) {
            let name = Shown(name);
            let message =
                format!("volume must be referenced by at least one container: \"{name}\"");
            let hint = format!("mount \"{name}\" in a container's `volumeMounts`, or remove it");
            found.push(fault("V12", volume, &at.index(index), message, hint));
        }
    }
    let names = volumes
        .iter()
        .enumerate()
        .filter_map(|(index, volume)| Some((text(volume, "name")?, index)));
    for (first, again) in repeated(names) {
        let name = text(&volumes[again], "name").unwrap_or_default();
        let name = Shown(name);
        let message = format!("volume names must be unique: \"{name}\" is there twice");
        let hint = "rename one of them, in the mounts too";
        let fault = fault("V13", &volumes[again], &at.index(again), message, hint);
        found.push(first_at(fault, &volumes[first]));
    }
}

/// V38: a mount must name a volume of the pod.
pub(super) fn mounts(
    scope: &Scope<'_>,
    container: &Node<'_>,
    at: &Path<'_>,
    found: &mut Vec<Diagnostic>,
) {
    let at = at.key("volumeMounts");
    for (index, mount) in list(container, "volumeMounts").iter().enumerate() {
        let (Some(name), Some(node)) = (text(mount, "name"), mount.get("name")) else {
            continue;
        };
        let comes = || {
            scope.returning_volumes.has(name)
                || scope.coming_volumes.has(name) && scope.is_unfinished(container)
        };
        if !scope.volumes.has(name) && !comes() {
            let name = Shown(name);
            let message = format!("Referenced Volume in VolumeMount should exist: \"{name}\"");
            let hint = format!("declare {{\"name\": \"{name}\"}} under `volumes` of the pod");
            let at = at.index(index);
            found.push(fault("V38", node, &at.key("name"), message, hint));
        }
    }
}
