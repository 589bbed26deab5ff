//! The volumes of an app: a pod declares each under a name and the container mounts it.

use serde_json::{Map, Value, json};

use super::draft::{CONTAINER, Draft};
use super::members::{self, look};
use super::place::Place;
use crate::document::Kind;

/// The volumes of a pod, and what its container mounts.
#[derive(Default)]
pub(super) struct Volumes {
    pub(super) declared: Vec<Value>,
    pub(super) mounted: Vec<Value>,
}

/// The volumes of an app, named by their numbers.
pub(super) fn volumes<'n>(container: Option<&Place<'n>>, draft: &mut Draft<'n>) -> Volumes {
    let mut volumes = Volumes::default();
    let list = container.and_then(|container| draft.member(container, "volumes", Kind::Array));
    let Some(list) = list else {
        return volumes;
    };
    draft.comes_from("/volumes", &list);
    draft.comes_from(format!("{CONTAINER}/volumeMounts"), &list);
    for (index, item) in list.items().enumerate() {
        if !draft.is(&item, "volumes", Kind::Object) {
            continue;
        }
        look(draft, &item, &members::VOLUME);
        let name = ("name".to_owned(), json!(format!("volume-{index}")));
        let mut mount = Map::from_iter([name.clone()]);
        if let Some(path) = draft.member(&item, "containerPath", Kind::String) {
            mount.insert("mountPath".to_owned(), path.node.to_value());
        }
        let mut volume = Map::from_iter([name]);
        if let Some(kind) = kind(&item, draft) {
            if kind.0 != "secret" || item.get("mode").is_some() {
                mount.extend(read_only(&item, draft));
            }
            volume.extend([kind]);
        }
        volumes.declared.push(Value::Object(volume));
        volumes.mounted.push(Value::Object(mount));
    }
    volumes
}

/// The member that makes a volume what it is; an app's kinds are told apart in this order
/// (Marathon volumes.raml).
fn kind<'n>(item: &Place<'n>, draft: &mut Draft<'n>) -> Option<(String, Value)> {
    if item.get("persistent").is_some() {
        let persistent = draft.member(item, "persistent", Kind::Object)?;
        let message = "the pod's persistent volume begins empty: the app's data stays with the app";
        draft.tell_once(persistent.warning("C12", message, "copy the data over by hand"));
        return Some(("persistent".to_owned(), persistent.node.to_value()));
    }
    if item.get("external").is_some() {
        return None;
    }
    if item.get("secret").is_some() {
        let secret = draft.member(item, "secret", Kind::String)?;
        return Some(("secret".to_owned(), secret.node.to_value()));
    }
    if item.get("hostPath").is_none() {
        let message = "a volume must have `hostPath`, `persistent` or `secret`";
        draft.tell(item.fault("C02", message, "add what is mounted"));
    }
    let host = draft.member(item, "hostPath", Kind::String)?;
    if !host.node.as_str().is_some_and(|path| path.starts_with('/')) {
        let message =
            "a relative `hostPath` is another place in a pod: in the container's own sandbox";
        draft.tell(host.fault("C26", message, "write the absolute path on the agent"));
    }
    Some(("host".to_owned(), host.node.to_value()))
}

/// `readOnly`, where a volume is.
fn read_only<'n>(item: &Place<'n>, draft: &mut Draft<'n>) -> Option<(String, Value)> {
    let mode = item.get("mode");
    let written = mode.as_ref().and_then(Place::text).unwrap_or_default();
    if written.eq_ignore_ascii_case("RO") {
        return Some(("readOnly".to_owned(), json!(true)));
    }
    if !written.eq_ignore_ascii_case("RW") {
        let message = "the `mode` of a volume must be RO or RW";
        draft.tell(mode.as_ref().unwrap_or(item).fault("C02", message, "write one of them"));
    }
    None
}
