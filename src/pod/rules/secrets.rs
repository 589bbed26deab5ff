//! Secrets, and the volumes and images that refer to them: V10, V11, V14, V16, V29, V30.

use crate::document::{Diagnostic, Node, Path};
use crate::pod::finding::{Shown, fault};
use crate::pod::members::text;
use crate::pod::reader::VolumeKind;
use crate::pod::scope::Scope;

/// Marathon's own words, the bracket that nothing opens included.
const DISABLED: &str = "Feature secrets is not enabled. Enable with --enable_features secrets)";
const ENABLE: &str = "secrets need the feature and a plugin (DC/OS Enterprise); do without them, or ask the operator";

pub(super) fn check(scope: &Scope<'_>, found: &mut Vec<Diagnostic>) {
    if let Some(secrets) = scope.pod.get("secrets").filter(|it| !it.members().is_empty()) {
        let at = scope.at.key("secrets");
        if !scope.marathon.secrets {
            found.push(fault("V14", secrets, &at, DISABLED, ENABLE));
        }
        for secret in secrets.members().iter().filter(|it| it.key().is_empty()) {
            let message = "the name of a secret must not be empty";
            let hint = "name it; volumes and variables refer to it by this name";
            let fault = fault("V16", secret.value(), &at.key(""), message, hint);
            found.push(fault.span(secret.key_span()));
        }
    }
    volumes(scope, found);
}

fn volumes(scope: &Scope<'_>, found: &mut Vec<Diagnostic>) {
    let at = scope.at.key("volumes");
    for (index, volume) in scope.volumes.items().iter().enumerate() {
        let Some(name) = text(volume, "secret") else {
            continue;
        };
        if VolumeKind::of(volume) != VolumeKind::Secret {
            continue;
        }
        let at = at.index(index);
        if !scope.marathon.secrets {
            found.push(fault("V10", volume, &at, DISABLED, ENABLE));
        }
        if !scope.secrets.has(name) {
            let name = Shown(name);
            let message = format!("volume.secret must refer to an existing secret, not \"{name}\"");
            let hint = format!("declare \"{name}\" under `secrets` of the pod");
            let node = volume.get("secret").unwrap_or(volume);
            found.push(fault("V11", node, &at.key("secret"), message, hint));
        }
    }
}

/// The secret that an image is pulled with.
pub(super) fn image(
    scope: &Scope<'_>,
    container: &Node<'_>,
    at: &Path<'_>,
    found: &mut Vec<Diagnostic>,
) {
    let Some(config) = container.get("image").and_then(|image| image.get("pullConfig")) else {
        return;
    };
    let at = at.key("image");
    let at = at.key("pullConfig");
    if !scope.marathon.secrets {
        found.push(fault("V29", config, &at, DISABLED, ENABLE));
    }
    if let Some(name) = text(config, "secret").filter(|name| !scope.secrets.has(name)) {
        let name = Shown(name);
        let message = format!("pullConfig.secret must refer to an existing secret, not \"{name}\"");
        let hint = format!("declare \"{name}\" under `secrets` of the pod");
        found.push(fault("V30", config, &at, message, hint));
    }
}
