//! What Marathon accepts and then never launches, or silently does otherwise. Each is a warning.
//!
//! | id | trap |
//! |---|---|
//! | T01 | a member that Marathon does not know, at any level: ignored |
//! | T02 | a protocol that is not in lower case: handed to Mesos as it is |
//! | T03 | a volume whose kind does not fit: it becomes another kind |
//! | T04 | `scaling.instances` of a wrong type or negative: it becomes 1 |
//! | T05 | `seccomp` with wrong types: ignored |
//! | T06 | `unreachableStrategy` with any other word: it means "disabled" |
//! | T07 | `shell` and `argv` together: `argv` is ignored |
//! | T08 | no `networks`: the agent's network to Mesos, but `containerPort` to Marathon |
//! | T09 | no `networks` and an endpoint without `containerPort`: never launched |
//! | T10 | a bridge network and an endpoint without `containerPort` |
//! | T11 | an endpoint without `protocol`: no SRV record, no VIP |
//! | T12 | an absolute `mountPath` in a container without image: the launch fails |
//! | T13 | one `mountPath` twice in a container |
//! | T14 | a container with neither `exec` nor `image`: the launch fails |
//! | T15 | `argv` without image and without `overrideEntrypoint`: the launch fails |
//! | T16 | a variable that Marathon or Mesos overwrites |
//! | T17 | a numeric `user`: it is looked up as a name |
//! | T18 | `check` of a container: read and dropped |
//! | T19 | an absolute `destPath`: the launch fails |
//! | T20 | a certificate or key from the fetcher's cache, which never refreshes |
//! | T21 | `executable` and `extract` together: nothing is extracted |
//! | T22 | an id of 55 characters or more |
//! | T23 | an empty `user` of a container |
//! | T24 | `shell` with `overrideEntrypoint: false`: the entrypoint is replaced all the same |
//!
//! T01 and T03 to T06 are found where Marathon's reader meets them.

mod artifacts;
mod environment;
mod launch;
mod mounts;
mod network;

use super::scope::Scope;
use crate::document::Diagnostic;

/// Adds the traps of a pod.
pub(super) fn check(scope: &Scope<'_>, found: &mut Vec<Diagnostic>) {
    launch::long_id(scope, found);
    launch::numeric_user(scope.pod, scope.at, found);
    environment::overwritten(scope, scope.pod, scope.at, found);
    network::check(scope, found);
    let list = scope.at.key("containers");
    for (index, container) in scope.containers.iter().enumerate() {
        let at = list.index(index);
        launch::check(scope, container, &at, found);
        environment::overwritten(scope, container, &at, found);
        mounts::check(scope, container, &at, found);
        artifacts::check(container, &at, found);
    }
}
