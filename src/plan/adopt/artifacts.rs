//! The artifacts of a hand-written sidecar, one of which may be the bundle of its certificates.

use super::reading::Said;
use super::rest::Walk;
use crate::document::{Diagnostic, Node};
use crate::settings::{Certs, Key};

impl Walk<'_, '_, '_> {
    /// The bundle's URI becomes a setting where certificates come as one; other artifacts go.
    pub(super) fn artifacts(&mut self, certs: Certs) {
        let needs_bundle = certs == Certs::Bundle;
        let mut has_bundle = false;
        for (index, artifact) in self.items("artifacts") {
            let uri = artifact.get("uri").and_then(Node::as_str).unwrap_or_default();
            let file = file_name(uri);
            if needs_bundle && !has_bundle && self.brings_certificates(file) {
                has_bundle = true;
                self.bundle(artifact, index, uri);
            } else {
                self.dropped(artifact, &format!("artifacts/{index}"), &format!("artifact {file}"));
            }
        }
        if needs_bundle && !has_bundle {
            let place = self
                .place(self.container.node().get("name").unwrap_or(self.container.node()), "name");
            let words = "it brought no certificates, and ours does not start without a bundle";
            let note = Diagnostic::note(words).rule("A17");
            self.reading.find(&place, note.hint("the setting bundle-uri says where the bundle is"));
        }
    }

    fn brings_certificates(&self, file: &str) -> bool {
        let named = ["cert", "bundle"].iter().any(|word| file.contains(word));
        named || self.reading.copies_certificates
    }

    fn bundle(&mut self, artifact: &Node<'_>, index: usize, uri: &str) {
        let node = artifact.get("uri").unwrap_or(artifact);
        let place = self.place(node, &format!("artifacts/{index}/uri"));
        if ["http://", "https://"].iter().any(|scheme| uri.starts_with(scheme)) {
            let words = "whoever can fetch this bundle has the private key, which all pods that \
                         fetch it share";
            let warning = Diagnostic::warning(words).rule("A12").hint(
                "adoption cannot mend that: make a bundle for each service, and let bundle-uri \
                 name it by {service-account}",
            );
            self.reading.find(&place, warning);
        }
        let by = "the artifact's URI".to_owned();
        self.reading.settings.push((Key::BundleUri, Said { text: uri.to_owned(), by, place }));
    }
}

/// The last part of a URI's path. The rest of it may hold a password.
fn file_name(uri: &str) -> &str {
    let path = uri.split(['?', '#']).next().unwrap_or(uri);
    path.rsplit('/').next().unwrap_or(path)
}
