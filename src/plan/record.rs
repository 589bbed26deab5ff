//! The record of an injection, in the pod's label `sidecar.istio.io/status`: one line of JSON.
//! Removal works from it alone.

use std::collections::BTreeMap;

use json_patch::jsonptr::PointerBuf;
use json_patch::{AddOperation, PatchOperation};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::route::{is_at_or_below, readable};
use super::seal::Seal;
use crate::document::shown;
use crate::pod::Pod;
use crate::settings::STATUS_LABEL;

/// What an injection did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The version of the tool.
    pub version: String,
    /// A hash of what determined the result: scripts, overlays and effective settings.
    pub hash: String,
    /// A digest of the overlays, where there were some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overlays: Option<String>,
    /// What was added, as routes: JSON pointers in which an array's element goes by its name.
    pub added: Vec<String>,
    /// Marks of what was added, which tell what somebody edited since.
    pub seal: Seal,
    /// What stood where something had to be created around the additions: for each route the
    /// text that was there, and an empty one where nothing was.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub around: BTreeMap<String, String>,
}

/// More additions than any overlay makes.
pub(super) const MOST: usize = 1_000;

/// The most characters of a message about a record.
const SHOWN: usize = 200;

/// Why a pod's record cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// It is no record of this tool.
    #[error("label {STATUS_LABEL:?} of pod {pod}: not a record of an injection: {why}")]
    Damaged {
        /// The pod's id.
        pod: String,
        /// What is wrong with it.
        why: String,
    },
}

impl Record {
    /// The record of a pod, if it has one.
    ///
    /// # Errors
    /// The label is there, but it is no record.
    pub fn of(pod: &Pod<'_, '_>) -> Result<Option<Self>, RecordError> {
        let Some(label) = pod.label(STATUS_LABEL) else {
            return Ok(None);
        };
        let text = label.as_str().unwrap_or_default();
        let record: Self =
            serde_json::from_str(text).map_err(|error| damaged(pod, &error.to_string()))?;
        match record.fault() {
            Some(why) => Err(damaged(pod, &why)),
            None => Ok(Some(record)),
        }
    }

    /// The route of what was added, at or below which an edit is.
    pub(super) fn thing(&self, edit: &str) -> &str {
        let all = self.added.iter().map(String::as_str);
        let above = all.filter(|route| is_at_or_below(edit, route));
        above.max_by_key(|route| route.len()).unwrap_or("")
    }

    /// A route is a pointer to something within the pod, and nothing but white space can have been
    /// between brackets: a record never says what a pod is to hold.
    pub(super) fn fault(&self) -> Option<String> {
        if self.added.len() + self.around.len() > MOST {
            return Some(format!("more than {MOST} additions"));
        }
        let mut routes = self.added.iter().chain(self.around.keys());
        if let Some(route) = routes.find(|route| !route.starts_with('/')) {
            return Some(format!("{route:?} is no route"));
        }
        let status = Self::path().to_string();
        if let Some(route) = self.added.iter().find(|route| is_at_or_below(&status, route)) {
            return Some(format!("{route:?} holds the record itself"));
        }
        let text = self.around.values().find(|text| !was_empty(text))?;
        Some(format!("{text:?} cannot have been there"))
    }

    /// Whether what the record says was added can have been so: of an element that was, the seal
    /// knows something, whatever was edited in it.
    ///
    /// # Errors
    /// It says so of something else, which nobody may lose by it.
    pub(super) fn check(&self, pod: &Pod<'_, '_>) -> Result<(), RecordError> {
        let Some(route) = self.seal.stranger(pod.node(), &self.added) else { return Ok(()) };
        Err(damaged(pod, &format!("its seal knows nothing of {route:?}")))
    }

    /// Whether a container that was added shares its name with another one: then nobody can tell
    /// which of them it is.
    pub(super) fn has_namesake(&self, pod: &Pod<'_, '_>) -> bool {
        let added = self.added.iter().filter_map(|route| route.strip_prefix("/containers/"));
        let added: Vec<_> = added.filter(|rest| !rest.contains('/')).map(readable).collect();
        added.iter().any(|name| {
            let namesakes = pod.containers().filter(|container| container.name() == name);
            namesakes.count() > added.iter().filter(|other| *other == name).count()
        })
    }

    /// The names of the volumes that were added.
    pub(super) fn volumes(&self) -> impl Iterator<Item = String> {
        self.added.iter().filter_map(|route| route.strip_prefix("/volumes/")).map(readable)
    }

    /// The operation that writes it into the labels of a pod, which has some.
    pub(super) fn to_operation(&self) -> PatchOperation {
        let label = serde_json::to_string(self).expect("text serialises");
        PatchOperation::Add(AddOperation { path: Self::path(), value: Value::String(label) })
    }

    /// Where a pod has it.
    pub(super) fn path() -> PointerBuf {
        PointerBuf::from_tokens(["labels", STATUS_LABEL])
    }
}

/// The words quote the record, which may be anything.
fn damaged(pod: &Pod<'_, '_>, why: &str) -> RecordError {
    let pod = pod.id().unwrap_or_default().to_owned();
    RecordError::Damaged { pod, why: shown(why, SHOWN) }
}

/// Whether a text is nothing, `null`, or brackets with at most white space between them.
fn was_empty(text: &str) -> bool {
    let blank =
        |inner: &str| inner.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'));
    let between =
        |open, close| text.strip_prefix(open).and_then(|rest: &str| rest.strip_suffix(close));
    text.is_empty()
        || text == "null"
        || between('[', ']').is_some_and(blank)
        || between('{', '}').is_some_and(blank)
}
