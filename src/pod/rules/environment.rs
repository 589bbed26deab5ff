//! Environment variables that take a secret, of the pod and of its containers: V07, V08.

use crate::document::{Diagnostic, Node, Path};
use crate::pod::finding::{Shown, fault};
use crate::pod::members::text;
use crate::pod::scope::Scope;

pub(super) fn check(
    scope: &Scope<'_>,
    owner: &Node<'_>,
    at: &Path<'_>,
    found: &mut Vec<Diagnostic>,
) {
    let Some(environment) = owner.get("environment") else {
        return;
    };
    let at = at.key("environment");
    let mut refused = false;
    for variable in environment.members() {
        let Some(secret) = text(variable.value(), "secret") else {
            continue;
        };
        let at = at.key(variable.key());
        if !scope.marathon.secrets && !refused {
            refused = true;
            let message = "use of secret-references in the environment requires the secrets feature to be enabled";
            let hint = "start Marathon with --enable_features secrets and a secrets plugin, or write the value";
            found.push(fault("V07", variable.value(), &at, message, hint));
        }
        if !scope.secrets.has(secret) {
            let message = format!(
                "`{}` references an undefined secret: \"{}\"",
                Shown(variable.key()),
                Shown(secret)
            );
            let hint = format!("declare \"{}\" under `secrets` of the pod", Shown(secret));
            let node = variable.value().get("secret").unwrap_or(variable.value());
            found.push(fault("V08", node, &at.key("secret"), message, hint));
        }
    }
}
