//! Adoption: a sidecar that somebody wrote by hand gives way to ours. It is recognised by what it
//! runs; the settings that it carries become the pod's own, as labels and as variables of a partial
//! container, and the pod is then injected like any other.

mod agent;
mod artifacts;
mod bugs;
mod capture;
mod commands;
mod edit;
mod endpoints;
mod keep;
mod mounts;
mod name;
mod reading;
mod rest;
mod scope;
mod shell;
mod start;

use json_patch::Patch;
use serde_json::Value;

use self::keep::{Kept, Old};
use self::reading::{Place, Reading, Refusal, Said};
use self::scope::Scope;
use super::decide::foreign;
use super::verdict::ALL_BUT_ONE;
use super::{is_added, ports, proxy, service};
use crate::document::{Diagnostic, Path, Severity};
use crate::pod::Pod;
use crate::settings::{Ports, Settings};

/// Whether hand-written sidecars are adopted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Adoption {
    /// They are left alone, and so are their pods.
    #[default]
    Off,
    /// Ours take their place.
    On,
}

/// How a pod gives up its hand-written sidecar.
#[derive(Debug)]
pub(super) struct Adopted {
    /// The container that was the sidecar.
    pub(super) container: String,
    pub(super) patch: Patch,
    /// Where the container stood, if nothing stands there now.
    gone: Option<usize>,
    /// The inbound ports that it captured.
    inbound: Option<Said>,
}

/// Reads the sidecar of a pod that has one. `settings` are those of the run with the pod's labels.
/// What there is to say goes to `findings`; where nothing is given, it says why.
pub(super) fn adopt(
    pod: Pod<'_, '_>,
    settings: &Settings,
    at: &Path<'_>,
    findings: &mut Vec<Diagnostic>,
) -> Option<Adopted> {
    let old = only_sidecar(pod, settings, at).map_err(|fault| findings.push(*fault)).ok()?;
    let (mut reading, scope) =
        read(&old, settings).map_err(|refusal| findings.push(refused(&refusal, &old))).ok()?;
    let rest = rest::rest(&old, settings, &scope, &mut reading);
    let mut kept = Kept::new(&reading.settings, settings, &old);
    if let Some(name) = name::label(&old, &mut reading, at) {
        kept.labels.insert(service::SERVICE_LABEL.to_owned(), Value::String(name));
    }
    if !rest.metadata.is_empty() {
        kept.variables.entry(proxy::NAME).or_default().extend(rest.metadata.clone());
    }
    reading.findings.append(&mut kept.findings);
    reading.findings.extend(variables_that_stay(&pod, at));
    findings.extend(in_order(reading.findings));
    let container = old.container().name().to_owned();
    let gone = edit::stands_empty(&old, &kept).then_some(old.index);
    Some(Adopted {
        container,
        patch: edit::patch(&old, kept, rest),
        gone,
        inbound: reading.inbound,
    })
}

/// As people read the file. Of a sidecar that stays, nothing is fixed or changed.
fn in_order(mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let worst = found.iter().map(|finding| finding.severity).max();
    if worst == Some(Severity::Error) {
        found.retain(|finding| finding.severity == Severity::Error);
    }
    found.sort_by_key(|finding| finding.span.as_ref().map_or(usize::MAX, |span| span.start));
    found
}

/// The one sidecar of a pod.
fn only_sidecar<'t, 'a>(
    pod: Pod<'t, 'a>,
    settings: &Settings,
    at: &Path<'_>,
) -> Result<Old<'t, 'a>, Box<Diagnostic>> {
    let sidecars = pod.containers().enumerate().filter(|(_, one)| foreign(one, settings).is_some());
    let (indices, names): (Vec<_>, Vec<_>) =
        sidecars.map(|(index, one)| (index, one.name())).unzip();
    if let [index] = indices[..] {
        return Ok(Old { pod, at: at.to_string(), index });
    }
    let words =
        format!("containers {} are sidecars: which one is to be ours?", names.join(" and "));
    let containers = pod.node().get("containers").and_then(|containers| containers.span());
    let fault = Diagnostic::error(words)
        .rule("A05")
        .span(containers.map(|span| span.start..span.start + 1))
        .pointer(at.key("containers").to_string());
    Err(Box::new(fault.hint(ALL_BUT_ONE)))
}

fn read(old: &Old<'_, '_>, settings: &Settings) -> Result<(Reading, Scope), Refusal> {
    let read = start::read(old, Scope::new(old))?;
    if old.others().all(|(_, other)| is_added(other.name(), settings)) {
        return Err(Refusal::Gateway("there is nothing else in the pod".to_owned()));
    }
    Ok(read)
}

fn refused(refusal: &Refusal, old: &Old<'_, '_>) -> Diagnostic {
    let (rule, why, hint) = match refusal {
        Refusal::Gateway(why) => {
            ("A01", why, "a gateway has no application beside it: it stays as it is")
        }
        Refusal::OwnConfiguration(why) => {
            ("A02", why, "its Envoy has a configuration of its own, which ours would not have")
        }
        Refusal::OtherMesh(why) => {
            ("A03", why, "remove that container to have the pod in this mesh")
        }
        Refusal::Start(why) => {
            ("A04", why, "take out what the sidecar does not need, or remove the container")
        }
    };
    let container = old.container();
    let words = format!("container {} is not adopted: {why}", container.name());
    let name = container.node().get("name").unwrap_or(container.node());
    Place::of(name, old.pointer("name")).mark(Diagnostic::warning(words).rule(rule)).hint(hint)
}

/// The pod's own variables that only the old image is known to read; the application may, too.
fn variables_that_stay(pod: &Pod<'_, '_>, at: &Path<'_>) -> Option<Diagnostic> {
    let environment = pod.node().get("environment")?;
    let names = environment.members().iter().map(|member| member.key());
    let old: Vec<_> = names.filter(|name| start::READ_VARIABLES.contains(name)).collect();
    let place = Place::of(environment, at.key("environment").to_string());
    let words = format!("variables of the pod that the old image read stay: {}", old.join(", "));
    let note = Diagnostic::note(words)
        .rule("A15")
        .hint("remove them if the application does not read them");
    (!old.is_empty()).then(|| place.mark(note))
}

impl Adopted {
    /// What changes for clients of the adopted pod, whose ports now come from its endpoints.
    pub(super) fn compare_ports(
        &self,
        pod: &Pod<'_, '_>,
        settings: &Settings,
    ) -> Option<Diagnostic> {
        let said = self.inbound.as_ref()?;
        let now = ports::inbound(&[*pod], settings).captured;
        let before: Option<Ports> = said.text.parse().ok();
        let sorted = |ports: &Ports| {
            let mut list = ports.list().to_vec();
            list.sort();
            (*ports == Ports::All, list)
        };
        if before.as_ref().is_some_and(|before| sorted(before) == sorted(&now)) {
            return None;
        }
        let before = match said.text.as_str() {
            "" => "no inbound ports were captured".to_owned(),
            ports => format!("{} captured the inbound ports {ports:?}", said.by),
        };
        let words = format!("{before}; the endpoints give {:?}", now.to_string());
        let warning = Diagnostic::warning(words).rule("A10");
        Some(said.place.mark(warning).hint(
            "the labels traffic.sidecar.istio.io/includeInboundPorts and excludeInboundPorts say \
             otherwise",
        ))
    }

    /// The pointer in the document of one below the adopted pod at `at`.
    pub(super) fn pointer_before(&self, pointer: &str, at: &Path<'_>) -> Option<String> {
        let before = at.key("containers").to_string();
        let rest = pointer.strip_prefix(&before)?.strip_prefix('/')?;
        let (index, below) = rest.split_once('/').unwrap_or((rest, ""));
        let gone = self.gone?;
        let index = index.parse::<usize>().ok().filter(|index| *index >= gone)?;
        let slash = if below.is_empty() { "" } else { "/" };
        Some(format!("{before}/{}{slash}{below}", index + 1))
    }
}
