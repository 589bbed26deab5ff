//! The files that Mesos fetches before the start: `fetch`, and `uris` as older Marathons have it.

use serde_json::{Value, json};

use super::draft::{CONTAINER, Draft};
use super::place::Place;
use crate::document::Kind;

/// The container's `artifacts`.
pub(super) fn artifacts<'n>(app: &Place<'n>, draft: &mut Draft<'n>) -> Option<Value> {
    let mut list = |key| draft.member(app, key, Kind::Array).filter(|list| list.len() > 0);
    let (fetch, uris) = (list("fetch"), list("uris"));
    if let (Some(fetch), Some(uris)) = (&fetch, &uris)
        && !agree(fetch, uris)
    {
        let message = "`uris` names other files than `fetch`";
        draft.tell(uris.fault("C20", message, "list all of them in `fetch` and remove this"));
    }
    let is_new = fetch.is_some();
    let list = fetch.or(uris)?;
    draft.comes_from(format!("{CONTAINER}/artifacts"), &list);
    if is_new {
        return Some(list.node.to_value());
    }
    // Mesos extracts what is an archive and copies the rest, as Marathon decides by the name.
    Some(list.items().map(|uri| json!({"uri": uri.node.to_value()})).collect())
}

/// Whether both lists name the same files, as in an answer of Marathon.
fn agree(fetch: &Place<'_>, uris: &Place<'_>) -> bool {
    let fetched = fetch.node.items().iter().map(|file| file.get("uri")?.as_str());
    fetched.eq(uris.node.items().iter().map(|uri| uri.as_str()))
}
