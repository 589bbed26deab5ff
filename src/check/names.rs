//! What pods must not share, over all documents: their ids, and the names of their services unless
//! the label `version` tells them apart.

use std::collections::HashMap;
use std::rc::Rc;

use crate::document::{Diagnostic, Path};
use crate::plan::{SERVICE_LABEL, services};
use crate::pod::Pod;

/// The label by which Istio tells the subsets of a service apart.
const VERSION_LABEL: &str = "version";

/// A pod that was read before.
#[derive(Debug)]
struct Named {
    id: String,
    file: String,
}

/// Two pods of some that share something: whoever comes next has another id than one of them.
#[derive(Debug, Default)]
struct Two(Vec<Rc<Named>>);

impl Two {
    fn add(&mut self, named: &Rc<Named>) {
        if self.0.len() < 2 && self.0.iter().all(|known| known.id != named.id) {
            self.0.push(Rc::clone(named));
        }
    }

    fn other_than(&self, id: &str) -> Option<&Named> {
        self.0.iter().find(|known| known.id != id).map(Rc::as_ref)
    }
}

/// The pods of one service.
#[derive(Debug, Default)]
struct Versions {
    all: Two,
    without: Two,
    of: HashMap<String, Two>,
}

impl Versions {
    /// A pod that is not told apart from one of this version.
    fn clash(&self, id: &str, version: Option<&str>) -> Option<&Named> {
        let Some(version) = version else { return self.all.other_than(id) };
        let same = self.of.get(version).and_then(|same| same.other_than(id));
        same.or_else(|| self.without.other_than(id))
    }

    fn add(&mut self, named: &Rc<Named>, version: Option<&str>) {
        self.all.add(named);
        match version {
            Some(version) => self.of.entry(version.to_owned()).or_default().add(named),
            None => self.without.add(named),
        }
    }
}

/// The pods that were read, by what they must not share.
#[derive(Debug, Default)]
pub(super) struct Names {
    ids: HashMap<String, Rc<Named>>,
    services: HashMap<String, Versions>,
}

impl Names {
    /// Remembers a pod, and tells whose id it has.
    pub(super) fn id(
        &mut self,
        pod: &Pod<'_, '_>,
        file: &str,
        at: &Path<'_>,
    ) -> Option<Diagnostic> {
        // A relative one is refused anyway, and it is not known what it is relative to.
        let id = pod.id().filter(|id| id.starts_with('/'))?;
        let Some(first) = self.ids.get(id) else {
            self.ids.insert(id.to_owned(), named(id, file));
            return None;
        };
        let place = pod.node().get("id")?.span();
        Some(
            Diagnostic::error(format!("{id} is defined twice"))
                .rule("I14")
                .span(place)
                .pointer(at.key("id").to_string())
                .hint(format!("the other definition is in {}; keep one of them", first.file)),
        )
    }

    /// Remembers a pod of the mesh, and tells whose services it takes part in.
    pub(super) fn services(
        &mut self,
        pod: &Pod<'_, '_>,
        file: &str,
        at: &Path<'_>,
    ) -> Vec<Diagnostic> {
        let Some(id) = pod.id() else { return Vec::new() };
        let version = pod.label(VERSION_LABEL).and_then(|version| version.as_str());
        let named = named(id, file);
        let mut found = Vec::new();
        for name in services(pod) {
            if let Some(other) = self.services.get(&name).and_then(|it| it.clash(id, version)) {
                found.push(clash(&name, other, pod, at));
            }
            self.services.entry(name).or_default().add(&named, version);
        }
        found
    }
}

fn named(id: &str, file: &str) -> Rc<Named> {
    Rc::new(Named { id: id.to_owned(), file: file.to_owned() })
}

/// The finding stands at the label that names the service, or at the id that does.
fn clash(name: &str, other: &Named, pod: &Pod<'_, '_>, at: &Path<'_>) -> Diagnostic {
    let label = pod
        .label(SERVICE_LABEL)
        .map(|label| (label, at.key("labels").key(SERVICE_LABEL).to_string()));
    let id = || pod.node().get("id").map(|id| (id, at.key("id").to_string()));
    let Named { id: other, file } = other;
    let words = format!("service {name} is also that of {other} in {file}");
    let warning = Diagnostic::warning(words).rule("I13");
    let warning = match label.or_else(id) {
        Some((node, pointer)) => warning.span(node.span()).pointer(pointer),
        None => warning,
    };
    warning.hint(format!(
        "requests to it go to both: name another service with the label {SERVICE_LABEL:?}, or tell \
         the two apart by the label {VERSION_LABEL:?}"
    ))
}
