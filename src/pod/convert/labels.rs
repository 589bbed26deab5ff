//! The labels. All are carried over, but some are there for programs that see apps only.

use super::draft::Draft;
use super::place::Place;
use crate::pod::finding::Shown;

/// What marathon-lb, Traefik and DC/OS Admin Router look for.
const READ_FROM_APPS: [&str; 6] = [
    "HAPROXY_",
    "traefik.",
    "DCOS_SERVICE_NAME",
    "DCOS_SERVICE_PORT_INDEX",
    "DCOS_SERVICE_SCHEME",
    "DCOS_SERVICE_REWRITE_REQUEST_URLS",
];

/// Tells of the labels that nobody reads from a pod.
pub(super) fn look(app: &Place<'_>, draft: &mut Draft<'_>) {
    let Some(labels) = app.get("labels") else {
        return;
    };
    let mut unread = labels
        .node
        .members()
        .iter()
        .filter(|label| READ_FROM_APPS.iter().any(|prefix| label.key().starts_with(prefix)));
    let Some(first) = unread.next() else {
        return;
    };
    let more = match unread.count() {
        0 => String::new(),
        count => format!(" and {count} more"),
    };
    let message = format!(
        "`{}`{more} has no effect: load balancers read such labels from apps only",
        Shown(first.key())
    );
    let hint = "let a gateway of the mesh, or a label as \"VIP_0\", lead to the pod";
    draft.tell(labels.at_member(first, labels.warning("C06", message, hint)));
}
