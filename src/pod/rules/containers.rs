//! Users, names and resource limits: V06, V18, V21 to V23.

use crate::document::{Diagnostic, Node, Path};
use crate::pod::finding::{Shown, fault, first_at, repeated};
use crate::pod::scope::Scope;

/// V06: only the pod's own user is checked.
pub(super) fn user(scope: &Scope<'_>, found: &mut Vec<Diagnostic>) {
    if let Some(user) = scope.pod.get("user").filter(|user| user.as_str() == Some("")) {
        let hint = "name a user of the agents, or remove it";
        let at = scope.at.key("user");
        found.push(fault("V06", user, &at, "`user` must not be empty", hint));
    }
}

/// V18.
pub(super) fn names(scope: &Scope<'_>, found: &mut Vec<Diagnostic>) {
    let names = scope.containers.iter().enumerate().filter_map(|(index, container)| {
        let name = container.get("name")?;
        Some((name.as_str()?, (index, name)))
    });
    let at = scope.at.key("containers");
    for ((_, first), (again, name)) in repeated(names) {
        let message = format!(
            "container names must be unique: \"{}\" is there twice",
            Shown(name.as_str().unwrap_or_default())
        );
        let at = at.index(again);
        let fault = fault("V18", name, &at.key("name"), message, "rename one of them");
        found.push(first_at(fault, first));
    }
}

/// V21, V22, V23.
pub(super) fn limits(
    shared_cgroups: bool,
    container: &Node<'_>,
    at: &Path<'_>,
    found: &mut Vec<Diagnostic>,
) {
    let Some(limits) = container.get("resourceLimits") else {
        return;
    };
    let at = at.key("resourceLimits");
    if shared_cgroups {
        let message = "resourceLimits cannot be defined if legacySharedCgroups is enabled";
        let hint = "remove one of the two";
        found.push(fault("V23", limits, &at, message, hint));
    }
    let resources = container.get("resources");
    // What Marathon requests where nothing is said.
    for (name, default) in [("cpus", 1.0), ("mem", 128.0)] {
        let Some(limit) = limits.get(name) else {
            continue;
        };
        let request = match resources.and_then(|resources| resources.get(name)) {
            Some(request) => request.as_f64(),
            None => Some(default),
        };
        self::limit(limit, &at.key(name), request, found);
    }
}

fn limit(limit: &Node<'_>, at: &Path<'_>, request: Option<f64>, found: &mut Vec<Diagnostic>) {
    if let Some(word) = limit.as_str().filter(|word| *word != "unlimited") {
        let word = Shown(word);
        let message =
            format!("'{word}' is an invalid resource limit. It must be 'unlimited' or a number");
        let hint = match word.0.parse::<f64>() {
            Ok(_) => "remove the quotes",
            Err(_) => "write \"unlimited\", or a number without quotes",
        };
        found.push(fault("V22", limit, at, message, hint));
    }
    if let (Some(limit_value), Some(request)) = (limit.as_f64(), request)
        && limit_value < request
    {
        // Scala writes a double as Rust's `Debug` does: 32.0.
        let message = format!(
            "resource limit must be greater than or equal to requested resource ({request:?})"
        );
        let hint = format!("raise the limit to {request} or more, or lower the request");
        found.push(fault("V21", limit, at, message, hint));
    }
}
