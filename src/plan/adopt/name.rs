//! The name of the service of an adopted pod: what other generations of Pilot's Mesos registry
//! read it from becomes the label `istio`, where injection would not find it itself.

use super::keep::Old;
use super::reading::{Place, Reading, Said};
use crate::document::{Diagnostic, Path};
use crate::plan::service;

/// The label that one generation of Pilot's Mesos registry reads.
const OLD_LABEL: &str = "ISTIO_SERVICE_NAME";

/// The value of the label `istio` that the pod is to get, if any. What there is to say goes to the
/// reading's findings.
pub(super) fn label(old: &Old<'_, '_>, reading: &mut Reading, at: &Path<'_>) -> Option<String> {
    if old.pod.label(service::SERVICE_LABEL).is_some() {
        let named = service::service(&old.pod, at).ok();
        check_cluster(named.as_deref(), reading);
        return None;
    }
    let place = Place { span: id_span(old), pointer: at.key("id").to_string() };
    let words = "fixed: without the label istio, Pilot's Mesos registry does not see the pod";
    reading.find(&place, Diagnostic::note(words).rule("A21"));
    let found = service::service(&old.pod, at).ok();
    let named = by_old_label(old, reading, at)
        .or_else(|| service::by_virtual_ip(&old.pod))
        .or_else(|| by_cluster(old, reading));
    check_cluster(named.as_deref().or(found.as_deref()), reading);
    named.filter(|named| Some(named.as_str()) != found.as_deref())
}

fn id_span(old: &Old<'_, '_>) -> Option<std::ops::Range<usize>> {
    old.pod.node().get("id")?.span()
}

/// The names in the label of another generation, without blanks.
fn by_old_label(old: &Old<'_, '_>, reading: &mut Reading, at: &Path<'_>) -> Option<String> {
    let label = old.pod.label(OLD_LABEL)?;
    let names: Vec<_> = label.as_str()?.split(',').map(str::trim).collect();
    if names.iter().all(|name| service::is_name(name)) {
        return Some(names.join(","));
    }
    let place = Place::of(label, at.key("labels").key(OLD_LABEL).to_string());
    let words = format!("label {OLD_LABEL:?}: {:?} is no service name", names.join(","));
    let fault = Diagnostic::error(words).rule("A06");
    reading.find(
        &place,
        fault.hint(format!("add the label {:?} with the name", service::SERVICE_LABEL)),
    );
    None
}

/// What the proxy calls itself, less the version that many append. It is often a copy of another
/// pod's, so a pod whose id says otherwise is told.
fn by_cluster(old: &Old<'_, '_>, reading: &mut Reading) -> Option<String> {
    let said = reading.service_cluster.clone().filter(|said| service::is_name(&said.text))?;
    let id = service::by_id(&old.pod);
    if id.as_deref() == Some(&said.text) {
        return None;
    }
    let version = old.pod.label("version").and_then(|version| version.as_str());
    // Without a label, the id tells that `cart-v1` is a version of `cart`.
    let by_id = said.text.rsplit_once("-v").filter(|(name, number)| {
        id.as_deref() == Some(*name)
            && !number.is_empty()
            && number.bytes().all(|byte| byte.is_ascii_digit())
    });
    let name = version
        .and_then(|version| said.text.strip_suffix(version)?.strip_suffix('-'))
        .or(by_id.map(|(name, _)| name))
        .unwrap_or(&said.text)
        .to_owned();
    if let Some(id) = id.filter(|id| *id != name) {
        let words = format!("{} names the service {name}, and the id {id}", said.by);
        let warning = Diagnostic::warning(words).rule("A13");
        let hint =
            format!("if {name} is not right, give the pod the label {:?}", service::SERVICE_LABEL);
        reading.find(&said.place, warning.hint(hint));
    }
    Some(name)
}

/// A copied name, or one with a version, mixes up traces and counters.
fn check_cluster(named: Option<&str>, reading: &mut Reading) {
    let Some(cluster) = named.map(service::cluster) else { return };
    let other = |said: &Said| said.text != cluster;
    if let Some(said) = reading.service_cluster.clone().filter(other) {
        let words = format!("fixed: {} was {:?}, and the service is {cluster}", said.by, said.text);
        reading.find(&said.place, Diagnostic::note(words).rule("A20"));
    }
}
