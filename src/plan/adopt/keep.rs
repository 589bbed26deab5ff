//! What a sidecar carried, kept in the pod: as the pod's label where the setting has one, else as
//! a variable of a partial container of ours. So a later injection that adopts nothing gives the
//! same. Only what differs from the settings of the run is written.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::reading::{Place, Said};
use crate::document::Diagnostic;
use crate::plan::{init, proxy};
use crate::pod::{Container, Pod};
use crate::settings::{Key, Settings, label_of};

/// The settings without a label: the container that has them as a variable, and its name.
const VARIABLES: [(Key, &str, &str); 8] = [
    (Key::ConnectTimeout, proxy::NAME, "ISTIO_CONNECT_TIMEOUT"),
    (Key::DiscoveryRefreshDelay, proxy::NAME, "ISTIO_DISCOVERY_REFRESH_DELAY"),
    (Key::DrainDuration, proxy::NAME, "ISTIO_DRAIN_DURATION"),
    (Key::ParentShutdownDuration, proxy::NAME, "ISTIO_PARENT_SHUTDOWN_DURATION"),
    (Key::ProxyConcurrency, proxy::NAME, "ISTIO_CONCURRENCY"),
    (Key::ProxyListenPort, init::NAME, "ISTIO_PROXY_PORT"),
    (Key::ProxyLogLevel, proxy::NAME, "ISTIO_PROXY_LOG_LEVEL"),
    (Key::StatsdUdpAddress, proxy::NAME, "ISTIO_STATSD_UDP_ADDRESS"),
];

/// A pod, and which of its containers is given up.
pub(super) struct Old<'t, 'a> {
    pub(super) pod: Pod<'t, 'a>,
    /// The pod's JSON pointer.
    pub(super) at: String,
    pub(super) index: usize,
}

impl<'t, 'a> Old<'t, 'a> {
    /// The container that is given up.
    pub(super) fn container(&self) -> Container<'t, 'a> {
        self.pod.containers().nth(self.index).expect("found in this pod")
    }

    /// The JSON pointer of a member of that container.
    pub(super) fn pointer(&self, below: &str) -> String {
        format!("{}/containers/{}/{below}", self.at, self.index)
    }

    /// The containers that stay, with their indices.
    pub(super) fn others(&self) -> impl Iterator<Item = (usize, Container<'t, 'a>)> + use<'t, 'a> {
        let given_up = self.index;
        self.pod.containers().enumerate().filter(move |(index, _)| *index != given_up)
    }
}

/// What goes into the pod.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pub(super) labels: Map<String, Value>,
    /// For each partial container its variables.
    pub(super) variables: BTreeMap<&'static str, Map<String, Value>>,
    pub(super) findings: Vec<Diagnostic>,
}

impl Kept {
    /// Sorts what was said by where the pod is to keep it. `settings` are those of the run with
    /// the pod's labels.
    pub(super) fn new(said: &[(Key, Said)], settings: &Settings, old: &Old<'_, '_>) -> Self {
        let mut kept = Self::default();
        let mut all = settings.clone();
        for (index, (key, text)) in said.iter().enumerate() {
            if said[index + 1..].iter().all(|(later, _)| later != key) {
                kept.keep(*key, text, &mut all, old);
            }
        }
        let times = [Key::DrainDuration, Key::ParentShutdownDuration];
        let last_time = said.iter().rfind(|(key, _)| times.contains(key));
        if let (Err(error), Some((_, time))) = (all.check(), last_time) {
            kept.findings.push(refused(time, &error.to_string()));
        }
        kept
    }

    fn keep(&mut self, key: Key, said: &Said, all: &mut Settings, old: &Old<'_, '_>) {
        if let Some(theirs) = says_itself(key, old) {
            if theirs.text != said.text {
                self.findings.push(overruled(said, &theirs));
            }
            return;
        }
        let before = all.clone();
        if let Err(error) = all.set(key, &said.text) {
            self.findings.push(refused(said, &error.to_string()));
        } else if *all != before {
            self.write(key, &said.text);
        }
    }

    fn write(&mut self, key: Key, text: &str) {
        let value = Value::String(text.to_owned());
        if let Some(label) = label_of(key) {
            self.labels.insert(label.to_owned(), value);
        } else if let Some((container, name)) = variable_of(key) {
            self.variables.entry(container).or_default().insert(name.to_owned(), value);
        }
    }
}

fn variable_of(key: Key) -> Option<(&'static str, &'static str)> {
    let row = VARIABLES.iter().find(|(of, ..)| *of == key);
    row.map(|(_, container, name)| (*container, *name))
}

/// What the pod itself says of a setting, which wins.
fn says_itself(key: Key, old: &Old<'_, '_>) -> Option<Said> {
    if let Some(label) = label_of(key) {
        let node = old.pod.label(label)?;
        let text = node.as_str().unwrap_or_default().to_owned();
        return Some(Said { text, by: format!("label {label:?}"), place: Place::of(node, "") });
    }
    let (container, name) = variable_of(key)?;
    let (_, own) = old.others().find(|(_, own)| own.name() == container)?;
    let node = own.node().get("environment")?.get(name)?;
    let text = node.as_str().unwrap_or_default().to_owned();
    let by = format!("variable {name} of container {container}");
    Some(Said { text, by, place: Place::of(node, "") })
}

fn refused(said: &Said, why: &str) -> Diagnostic {
    let words = format!("{} cannot be carried over: {why}", said.by);
    let fault = Diagnostic::error(words).rule("A06");
    said.place.mark(fault).hint("correct it here, or set it by the pod's own label")
}

fn overruled(said: &Said, theirs: &Said) -> Diagnostic {
    let words = format!("{} is passed over: the {} says otherwise", said.by, theirs.by);
    let note = said.place.mark(Diagnostic::note(words).rule("A16"));
    match theirs.place.span.clone() {
        Some(span) => note.related(span, "this wins"),
        None => note,
    }
}
