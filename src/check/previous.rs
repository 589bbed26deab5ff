//! The definitions as they were: endpoints that change their names, or go.
//!
//! While a deployment is under way, Pilot's Mesos registry looks up the endpoints of old instances
//! by name in the new definition, and crashes where it finds none.

use std::collections::{HashMap, HashSet};

use crate::document::{Diagnostic, Path, Source};
use crate::pod::{Endpoint, Pod, What, entries};

/// The pods as they were, by id.
#[derive(Debug, Default)]
pub struct Previous {
    pods: HashMap<String, Vec<Before>>,
}

/// An endpoint as it was.
#[derive(Debug)]
struct Before {
    container: String,
    port: Option<i64>,
    name: String,
}

impl Previous {
    /// Reads the pods of a document; of two with one id the later counts.
    ///
    /// # Errors
    /// The document has faults.
    pub fn read(&mut self, source: &Source) -> Result<(), Vec<Diagnostic>> {
        let (entries, mut faults) = entries(source.root().map_err(|fault| vec![*fault])?);
        for entry in entries.iter().filter(|entry| entry.what == What::Pod) {
            match entry.raw.tree(&Path::root(&entry.pointer)) {
                Ok(tree) => self.add(&Pod::new(&tree)),
                Err(found) => faults.extend(found),
            }
        }
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }

    fn add(&mut self, pod: &Pod<'_, '_>) {
        let Some(id) = pod.id() else { return };
        let endpoints = pod.containers().flat_map(|container| {
            container.endpoints().filter_map(move |endpoint| {
                Some(Before {
                    container: container.name().to_owned(),
                    port: endpoint.container_port(),
                    name: name(&endpoint)?.to_owned(),
                })
            })
        });
        self.pods.insert(id.to_owned(), endpoints.collect());
    }

    /// The endpoints of a pod that are not called what they were called before.
    pub(super) fn changed(&self, pod: &Pod<'_, '_>, at: &Path<'_>) -> Vec<Diagnostic> {
        let Some(before) = pod.id().and_then(|id| self.pods.get(id)) else { return Vec::new() };
        let now = Now::of(pod, at);
        before.iter().filter_map(|before| now.lacks(before)).collect()
    }
}

/// The endpoints of a pod as they are.
struct Now<'t, 'a> {
    names: HashSet<&'t str>,
    /// All containers share one network, so a port is that of one endpoint.
    by_port: HashMap<i64, (Endpoint<'t, 'a>, String)>,
    containers: String,
}

impl<'t, 'a> Now<'t, 'a> {
    fn of(pod: &Pod<'t, 'a>, at: &Path<'_>) -> Self {
        let at = at.key("containers");
        let (mut names, mut by_port) = (HashSet::new(), HashMap::new());
        for (number, container) in pod.containers().enumerate() {
            let at = at.index(number);
            let at = at.key("endpoints");
            for (number, endpoint) in container.endpoints().enumerate() {
                names.extend(name(&endpoint));
                if let Some(port) = endpoint.container_port() {
                    let pointer = at.index(number).key("name").to_string();
                    by_port.insert(port, (endpoint, pointer));
                }
            }
        }
        Self { names, by_port, containers: at.to_string() }
    }

    fn lacks(&self, before: &Before) -> Option<Diagnostic> {
        let Before { container, port, name: old } = before;
        let same = port.and_then(|port| self.by_port.get(&port));
        let warning = match same {
            Some((endpoint, pointer)) => {
                let node = endpoint.node().get("name")?;
                let new = node.as_str().filter(|new| new != old)?;
                let words = format!("endpoint {old} of container {container} is now called {new}");
                Diagnostic::warning(words).span(node.span()).pointer(pointer.as_str())
            }
            None if self.names.contains(old.as_str()) => return None,
            None => {
                let words = format!("endpoint {old} of container {container} is gone");
                Diagnostic::warning(words).pointer(self.containers.as_str())
            }
        };
        Some(warning.rule("I21").hint(
            "Pilot looks up the endpoints of old instances by name and crashes where one is \
             missing: keep the name until no instance has it",
        ))
    }
}

fn name<'t>(endpoint: &Endpoint<'t, '_>) -> Option<&'t str> {
    endpoint.node().get("name")?.as_str()
}
