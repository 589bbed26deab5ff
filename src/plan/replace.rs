//! The way of a pod with a hand-written sidecar: it is edited to do without, looked at as it then
//! is, and injected.

use json_patch::Patch;

use super::adopt::{Adopted, adopt};
use super::change::{Planned, PodChange};
use super::inject::Injector;
use super::look::Wish;
use super::outcome::Outcome;
use super::verdict;
use crate::document::{Diagnostic, Node, Severity};
use crate::pod::Pod;

impl PodChange<'_> {
    /// Injects a pod in place of the sidecar for which `wish` would skip it. `found` is what there
    /// is to say of the pod as it is, if it stays so.
    pub(super) fn adopt(
        mut self,
        tree: Node<'_>,
        injector: &Injector,
        wish: &Wish<'_>,
        found: Vec<Diagnostic>,
    ) -> Option<Planned> {
        let adopted = adopt(Pod::new(&tree), &wish.settings, self.at, self.findings);
        let is_faulty = self.findings.iter().any(|finding| finding.severity == Severity::Error);
        let (Some(adopted), false) = (adopted, is_faulty) else {
            self.findings.extend(found);
            return if is_faulty { None } else { self.skip(&tree, wish) };
        };
        let mut tree = tree;
        self.done(tree.apply(&adopted.patch))?;
        let again = self.look_again(&Pod::new(&tree), injector, &adopted)?;
        let text = self.text.write(&tree);
        drop(tree);
        let (patch, text) = self.fresh_on(&text, injector, &again, None)?;
        let outcome = Outcome::Adopted { container: adopted.container };
        let patch = Patch(adopted.patch.0.into_iter().chain(patch.0).collect());
        let identity = again.settings.bundle_identity();
        Some(Planned { outcome, identity, patch, text: Some(text) })
    }

    /// Leaves the pod as it is, unless it leaves something to an injection that it does not get.
    fn skip(self, tree: &Node<'_>, wish: &Wish<'_>) -> Option<Planned> {
        let faults = verdict::refusals(tree, self.at);
        let skip = wish.skip.clone().filter(|_| faults.is_empty());
        self.findings.extend(faults);
        Some(Planned::nothing(Outcome::Skipped(skip?)))
    }

    /// Looks at the pod without its sidecar; what there is to say is told of the pod as written.
    fn look_again<'s>(
        &mut self,
        pod: &Pod<'_, '_>,
        injector: &'s Injector,
        adopted: &Adopted,
    ) -> Option<Wish<'s>> {
        let mut found = Vec::new();
        let wish = injector.look(pod, self.at, None, &mut found);
        for finding in &mut found {
            let now = finding.pointer.as_deref();
            if let Some(before) = now.and_then(|now| adopted.pointer_before(now, self.at)) {
                finding.pointer = Some(before);
            }
        }
        self.findings.append(&mut found);
        let wish = wish?;
        self.findings.extend(adopted.compare_ports(pod, &wish.settings));
        Some(wish)
    }
}
