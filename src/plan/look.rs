//! A look at a pod before anything is planned: what its labels say, whether it is injected, under
//! which name, and whatever there is wrong with it.

use std::borrow::Cow;

use super::decide::{Skip, decide};
use super::inject::Injector;
use super::{bypass, labels, ports, service, verdict};
use crate::document::{Diagnostic, Node, Path, Severity};
use crate::pod::{Marathon, Pod, Unfinished, validate};
use crate::settings::Settings;

/// What a look at a pod told: how it is to be injected, or why not.
#[derive(Debug)]
pub(super) struct Wish<'s> {
    pub(super) skip: Option<Skip>,
    /// Owned where the pod's labels changed them.
    pub(super) settings: Cow<'s, Settings>,
    pub(super) service: String,
}

impl Injector {
    /// Validates a pod without a record, reads its labels and decides. What there is to say goes
    /// to `findings`, as people read the file; after an error there is no wish.
    pub(super) fn look<'s>(
        &'s self,
        pod: &Pod<'_, '_>,
        at: &Path<'_>,
        findings: &mut Vec<Diagnostic>,
    ) -> Option<Wish<'s>> {
        let (settings, mut found) = labels::heed(&self.settings, pod, at);
        let skip = decide(pod, &settings, at).unwrap_or_else(|fault| {
            found.push(*fault);
            None
        });
        found.extend(skip.as_ref().and_then(|skip| verdict::sidecar_beside(skip, pod, at)));
        let wanted = skip.is_none();
        if wanted {
            found.extend(ports::conflicts(pod, &settings, at));
            found.extend(bypass::bypasses(pod, at));
        }
        let unfinished = if wanted { self.unfinished() } else { Unfinished::default() };
        found.extend(validate(pod.node(), at, &Marathon::default(), &unfinished));
        let service = match wanted.then(|| service::service(pod, at)).transpose() {
            Ok(service) => service.unwrap_or_default().into_owned(),
            Err(fault) => {
                // An id that Marathon refuses is told once.
                if found.iter().all(|finding| finding.pointer != fault.pointer) {
                    found.push(*fault);
                }
                String::new()
            }
        };
        found.sort_by_key(|finding| finding.span.as_ref().map_or(usize::MAX, |span| span.start));
        let fine = found.iter().all(|finding| finding.severity < Severity::Error);
        findings.append(&mut found);
        fine.then_some(Wish { skip, settings, service })
    }

    /// What there is to say of a pod that is refused already: all its faults are told together.
    pub(super) fn look_at_refused(
        &self,
        pod: &Node<'_>,
        at: &Path<'_>,
        findings: &mut Vec<Diagnostic>,
    ) {
        findings.extend(labels::heed(&self.settings, &Pod::new(pod), at).1);
        findings.extend(validate(pod, at, &Marathon::default(), &self.unfinished()));
    }
}
