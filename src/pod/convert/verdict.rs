//! What Marathon would say of the pod, told at the places of the app that it comes from.

use serde_json::Value;

use super::draft::Draft;
use super::place::Place;
use crate::document::{Diagnostic, Node, Path, Severity};
use crate::pod::{Marathon, Unfinished, validate};

/// What a pod turns into something else without a word: the app would be another one.
const LOSSES: [&str; 2] = ["T03", "T04"];

/// What is told already, in an app's words.
const TOLD: [&str; 1] = ["T14"];

/// What is to be done in an app is sometimes another thing than in a pod.
const HINTS: [(&str, &str); 1] =
    [("V46", "if both are one port with two protocols, make them one: \"protocol\": \"udp,tcp\"")];

/// Holds the pod that `app` is against Marathon's rules.
pub(super) fn hold(pod: &Value, app: &Place<'_>, draft: &mut Draft<'_>) {
    let node = Node::from_value(pod);
    let found = validate(&node, &Path::root(""), &Marathon::default(), &Unfinished::default());
    for finding in found {
        let rule = finding.rule.unwrap_or_default();
        let severity = if LOSSES.contains(&rule) { Severity::Error } else { finding.severity };
        if TOLD.contains(&rule) || !draft.has_room(severity) {
            continue;
        }
        let place = draft.origin(finding.pointer.as_deref().unwrap_or_default());
        // A fault of the app often makes one of the pod.
        if place.pointer != app.pointer && draft.is_faulty(&place.pointer) {
            continue;
        }
        let hint = HINTS.iter().find(|(other, _)| *other == rule).map(|(_, hint)| *hint);
        let hint = hint.map(str::to_owned).or(finding.hint);
        let (span, pointer) = (place.node.span(), Some(place.pointer));
        draft.tell(Diagnostic { severity, span, pointer, hint, ..finding });
    }
}
