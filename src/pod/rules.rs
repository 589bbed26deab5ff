//! The second stage of Marathon's validation: what the members must say together. A file for each
//! theme. A rule passes over what the reader already refuses, so that both can be reported.

mod containers;
mod endpoints;
mod environment;
mod health;
mod id;
mod linux;
mod networks;
mod scheduling;
mod secrets;
mod volumes;

use super::scope::Scope;
use crate::document::{Diagnostic, Node};

/// Adds the faults of a pod.
pub(super) fn check(scope: &Scope<'_>, found: &mut Vec<Diagnostic>) {
    id::check(scope, found);
    containers::user(scope, found);
    environment::check(scope, scope.pod, scope.at, found);
    secrets::check(scope, found);
    volumes::check(scope, found);
    networks::check(scope, found);
    linux::pod(scope, found);
    scheduling::check(scope, found);
    containers::names(scope, found);
    endpoints::unique(scope, found);
    let shared_cgroups = scope.pod.get("legacySharedCgroups").and_then(Node::as_bool);
    let shared_cgroups = shared_cgroups == Some(true);
    let list = scope.at.key("containers");
    for (index, container) in scope.containers.iter().enumerate() {
        let at = list.index(index);
        environment::check(scope, container, &at, found);
        secrets::image(scope, container, &at, found);
        containers::limits(shared_cgroups, container, &at, found);
        endpoints::check(scope, container, &at, found);
        health::check(container, &at, found);
        volumes::mounts(scope, container, &at, found);
        linux::container(container, &at, found);
    }
}
