//! A look at a pod before anything is planned: what its labels say, whether it is injected, under
//! which name, and whatever there is wrong with it.

use std::borrow::Cow;

use super::adopt::Adoption;
use super::decide::{Skip, decide};
use super::inject::Injector;
use super::{bypass, labels, ports, service};
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

/// What a look at a pod is to know of the sidecar that was taken out of it.
#[derive(Debug, Default)]
pub(super) struct TakenOut {
    /// The volumes that edits of it mount.
    pub(super) mounted: Vec<String>,
    /// The volumes that it brought, which the pod's own containers may mount by now.
    pub(super) volumes: Vec<String>,
}

impl Injector {
    /// Validates a pod without a record, reads its labels and decides. What there is to say goes
    /// to `findings`, as people read the file; after an error there is no wish.
    pub(super) fn look<'s>(
        &'s self,
        pod: &Pod<'_, '_>,
        at: &Path<'_>,
        taken_out: Option<&TakenOut>,
        findings: &mut Vec<Diagnostic>,
    ) -> Option<Wish<'s>> {
        let (settings, mut found) = labels::heed(&self.settings, pod, at);
        let skip = decide(pod, &settings, at).unwrap_or_else(|fault| {
            found.push(*fault);
            None
        });
        // One beside ours is told of by itself, and not by what it needs of ours.
        let gives_way = matches!(skip, Some(Skip::ForeignSidecar { .. }))
            && (self.adoption == Adoption::On || taken_out.is_some());
        let wanted = skip.is_none();
        if wanted {
            found.extend(ports::conflicts(pod, &settings, at));
            found.extend(bypass::bypasses(pod, &settings, at));
        }
        let nothing = TakenOut::default();
        let TakenOut { mounted, volumes } = taken_out.unwrap_or(&nothing);
        let coming = match mounted.as_slice() {
            [] => Cow::Borrowed(&self.volumes),
            mounted => Cow::Owned([mounted, &self.volumes].concat()),
        };
        // Where it stays out, a volume that is mounted still stays.
        let returns = |volume: &&String| !wanted || self.volumes.contains(volume);
        let returning: Vec<_> = volumes.iter().filter(returns).cloned().collect();
        let unfinished = match wanted || gives_way {
            true => Unfinished { volumes: &coming, returning: &returning, ..self.unfinished() },
            false => Unfinished { returning: &returning, ..Unfinished::default() },
        };
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
