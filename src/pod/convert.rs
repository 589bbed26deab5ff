//! An app as a pod: every app of a document becomes the pod that runs the same thing, or is refused
//! with the reasons. Nothing that a person wrote is lost without a word.
//!
//! What stands in the pod under another name comes from the modules below; what an app has and a
//! pod has not is told by the tables of `members`. The pod is then held against Marathon's own
//! rules ([`validate`](super::validate), codes `P`, `V` and `T`), told at the app's places.
//!
//! | code | | what it tells |
//! |---|---|---|
//! | C01 | warning | the Mesos containerizer runs the image, not Docker's |
//! | C02 | error | a value that Marathon does not read there |
//! | C03 | warning | a member that Marathon does not know |
//! | C04 | note | what Marathon reported about the app is left out |
//! | C05 | warning | a service port is lost |
//! | C06 | warning | labels of load balancers that see apps only |
//! | C07 | warning | `readinessChecks` are lost |
//! | C08 | warning | `dependencies` are lost |
//! | C09 | warning | `ipAddress.groups` are lost |
//! | C10 | warning | `check` is lost |
//! | C11 | warning | `residency` is lost |
//! | C12 | warning | a persistent volume begins empty |
//! | C13 | warning | a health check is now made from within |
//! | C14 | warning | `ignoreHttp1xx` is lost |
//! | C15 | note | the command sets the port variables |
//! | C16 | note | port variables that a pod does not have |
//! | C17 | note | the port that an app gets unasked is left out |
//! | C18 | note | ports without effect are left out |
//! | C19 | warning | a health check's interval is longer now |
//! | C20 | error | the same thing is said in two ways |
//! | C21 | error | `docker.parameters` |
//! | C22 | error | `docker.privileged` |
//! | C23 | error | `docker.credential` |
//! | C24 | error | a custom `executor` |
//! | C25 | error | an external volume |
//! | C26 | error | a relative `hostPath` |
//! | C27 | error | a port variable whose value nobody knows before the launch |
//! | C28 | error | a `containerPort` that Mesos chooses |
//! | C29 | error | a health check on a port that is no endpoint |
//! | C30 | error | several health checks |
//! | C31 | error | a health check over IPv6 |
//! | C32 | error | a container without network |
//! | C33 | error | nothing to run |
//! | C34 | error | an `appc` image |
//! | C35 | error | a health check that never kills |

mod app;
mod checks;
mod command;
mod draft;
mod environment;
mod files;
mod groups;
mod image;
mod labels;
mod members;
mod names;
mod networks;
mod place;
mod ports;
mod resources;
mod rewrite;
mod scheduling;
mod variables;
mod verdict;
mod volumes;
mod wiring;

use std::fmt;

use json_patch::Patch;
use serde_json::Value;

use super::find::{Entry, What, entries};
use crate::document::{Diagnostic, Kind, Path, Raw, Severity, Source, apply_to_text};
use draft::Draft;
use groups::Groups;
use members::look;
use place::Place;

/// A document whose apps are pods.
#[derive(Clone, Debug, PartialEq)]
pub struct Converted {
    /// The whole new document; where an entry is refused, the old one.
    pub text: String,
    /// The same as a patch (RFC 6902), with paths from the document's root.
    pub patch: Patch,
    /// What became of each thing in the document, in order.
    pub entries: Vec<ConvertedEntry>,
}

/// What became of one thing in a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConvertedEntry {
    /// Its JSON pointer in the source.
    pub pointer: String,
    /// The pod's id, or of what is no pod, the id it has.
    pub id: Option<String>,
    /// What became of it.
    pub outcome: Conversion,
    /// What there is to tell of it, at places in the source.
    pub findings: Vec<Diagnostic>,
}

/// What became of a thing in a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conversion {
    /// The app is a pod now.
    Converted,
    /// It is no app; the words say what.
    PassedThrough(&'static str),
    /// The app has what no pod can have, or faults of its own.
    Refused,
}

impl fmt::Display for Conversion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Converted => f.write_str("converted"),
            Self::PassedThrough(what) => write!(f, "passed through: {what}"),
            Self::Refused => f.write_str("refused"),
        }
    }
}

/// Converts every app of a document; the apps of a group become its pods.
///
/// # Errors
/// The document itself has faults, as [`entries`] finds them. That an app cannot become a pod is
/// told with its entry.
pub fn convert(source: &Source) -> Result<Converted, Vec<Diagnostic>> {
    let root = source.root().map_err(|fault| vec![*fault])?;
    let (found, faults) = entries(root);
    if !faults.is_empty() {
        return Err(faults);
    }
    let groups = Groups::of(root)?;
    let mut entries = Vec::with_capacity(found.len());
    let mut pods = Vec::new();
    for entry in found {
        let pointer = entry.pointer.clone();
        let (entry, pod) = self::entry(entry, &groups)?;
        entries.push(entry);
        pods.extend(pod.map(|pod| (pointer, pod)));
    }
    let refused = entries.iter().any(|entry| entry.outcome == Conversion::Refused);
    let pods = if refused { Vec::new() } else { pods };
    let patch = rewrite::patch(pods, &groups)?;
    let text = apply_to_text(source, &patch)?;
    Ok(Converted { text, patch, entries })
}

/// What becomes of one thing, and the pod if it is an app.
fn entry(
    entry: Entry<'_>,
    groups: &Groups,
) -> Result<(ConvertedEntry, Option<Value>), Vec<Diagnostic>> {
    let group = groups.id_of(&entry.pointer);
    let why = match &entry.what {
        What::App(_) => {
            let tree = entry.raw.tree(&Path::root(&entry.pointer))?;
            return Ok(app(&Place::new(&tree, entry.pointer), group));
        }
        What::Pod => "already a pod",
        What::PodStatus(_) => "a pod's status",
        What::Other if is_answer(entry.raw)? => return answer(entry, group),
        What::Other => "not an app",
    };
    let id = id(entry.raw, &entry)?;
    let outcome = Conversion::PassedThrough(why);
    let pointer = entry.pointer;
    Ok((ConvertedEntry { pointer, id, outcome, findings: Vec::new() }, None))
}

/// The member in which Marathon answers an app (Marathon AppsResource).
const WRAPPER: &str = "app";

fn is_answer(raw: Raw<'_>) -> Result<bool, Vec<Diagnostic>> {
    let members = raw.members()?;
    let app = members.iter().find(|member| member.key == WRAPPER);
    Ok(app.is_some_and(|member| member.value.kind() == Kind::Object))
}

/// What becomes of an answer: its app takes the place of all of it.
fn answer(
    entry: Entry<'_>,
    group: &str,
) -> Result<(ConvertedEntry, Option<Value>), Vec<Diagnostic>> {
    let tree = entry.raw.tree(&Path::root(&entry.pointer))?;
    let answer = Place::new(&tree, entry.pointer);
    let inner = answer.get(WRAPPER).expect("an answer has an app");
    let (mut entry, pod) = app(&inner, group);
    let mut draft = Draft::new(&answer);
    look(&mut draft, &answer, &members::ANSWER);
    entry.findings.extend(draft.findings());
    Ok((entry, pod))
}

fn id(raw: Raw<'_>, entry: &Entry<'_>) -> Result<Option<String>, Vec<Diagnostic>> {
    if let Some(id) = entry.id() {
        return Ok(Some(id.to_owned()));
    }
    let members = raw.members()?;
    let id = members.iter().find(|member| member.key == "id");
    let id = id.map_or(Ok(None), |member| member.value.string()).map_err(|fault| vec![*fault])?;
    Ok(id.map(Into::into))
}

fn app(app: &Place<'_>, group: &str) -> (ConvertedEntry, Option<Value>) {
    let (pod, findings) = app::converted(app, group);
    let refused = findings.iter().any(|finding| finding.severity == Severity::Error);
    let outcome = if refused { Conversion::Refused } else { Conversion::Converted };
    let id = pod["id"].as_str().map(str::to_owned);
    let pointer = app.pointer.clone();
    (ConvertedEntry { pointer, id, outcome, findings }, (!refused).then_some(pod))
}
