//! Variables that every container gets from Marathon or Mesos, after its own: T16.

use crate::document::{Diagnostic, Node, Path};
use crate::pod::finding::{Shown, trap};
use crate::pod::scope::Scope;

const FIXED: [&str; 15] = [
    "HOST",
    "MESOS_TASK_ID",
    "MESOS_EXECUTOR_ID",
    "MESOS_SANDBOX",
    "MESOS_CONTAINER_IP",
    "MESOS_ALLOCATION_ROLE",
    "MARATHON_APP_ID",
    "MARATHON_APP_VERSION",
    "MARATHON_APP_LABELS",
    "MARATHON_APP_ENFORCE_GROUP_ROLE",
    "MARATHON_CONTAINER_ID",
    "MARATHON_CONTAINER_RESOURCE_CPUS",
    "MARATHON_CONTAINER_RESOURCE_MEM",
    "MARATHON_CONTAINER_RESOURCE_DISK",
    "MARATHON_CONTAINER_RESOURCE_GPUS",
];

pub(super) fn overwritten(
    scope: &Scope<'_>,
    owner: &Node<'_>,
    at: &Path<'_>,
    found: &mut Vec<Diagnostic>,
) {
    let Some(environment) = owner.get("environment") else {
        return;
    };
    let at = at.key("environment");
    for variable in environment.members() {
        let name = variable.key();
        if is_given(scope, name) {
            let shown = Shown(name);
            let message = format!("Marathon overwrites `{shown}` with its own value");
            let hint = "use another name, or remove it and rely on Marathon's";
            let trap = trap("T16", variable.value(), &at.key(name), message, hint);
            found.push(trap.span(variable.key_span()));
        }
    }
}

fn is_given(scope: &Scope<'_>, name: &str) -> bool {
    if !matches!(name.as_bytes().first(), Some(b'E' | b'H' | b'M')) {
        return false;
    }
    let endpoint = ["ENDPOINT_", "EP_HOST_", "EP_CONTAINER_"]
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix));
    match endpoint {
        Some(endpoint) => scope.endpoint_variables().contains(endpoint),
        None => FIXED.contains(&name) || name.starts_with("MARATHON_APP_LABEL_"),
    }
}
