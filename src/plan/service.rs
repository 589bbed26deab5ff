//! The name under which Pilot's Mesos registry knows the pod's service: the label `istio`, else
//! the names of the endpoints' virtual IPs, else the last part of the pod's id.

use std::borrow::Cow;

use crate::document::{Diagnostic, Path};
use crate::pod::Pod;

/// The label that Pilot's Mesos registry reads. A pod without it is invisible.
pub const SERVICE_LABEL: &str = "istio";

/// The names of a pod's services; none if nothing names one.
pub fn services(pod: &Pod<'_, '_>) -> Vec<String> {
    let names = service(pod, &Path::root("")).unwrap_or_default();
    names.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// The value of the label: a name, or several with commas.
pub(super) fn service<'t>(
    pod: &Pod<'t, '_>,
    at: &Path<'_>,
) -> Result<Cow<'t, str>, Box<Diagnostic>> {
    if let Some(label) = pod.label(SERVICE_LABEL) {
        let value = label.as_str().unwrap_or_default();
        if value.split(',').all(is_name) {
            return Ok(Cow::Borrowed(value));
        }
        let id = pod.id().unwrap_or_default();
        let words = format!("label {SERVICE_LABEL:?} of pod {id}: {value:?} is no service name");
        let pointer = at.key("labels").key(SERVICE_LABEL).to_string();
        let fault = Diagnostic::error(words).rule("I12").span(label.span()).pointer(pointer);
        return Err(Box::new(fault.hint(
            "a name of lower-case letters, digits, dots and dashes, or several with commas and no \
             blanks",
        )));
    }
    by_virtual_ip(pod).map(Cow::Owned).or_else(|| by_id(pod)).ok_or_else(|| {
        let id = pod.node().get("id").and_then(|id| id.span());
        let words = "neither a virtual IP nor the id names the pod's service";
        let fault = Diagnostic::error(words).rule("I12").span(id).pointer(at.key("id").to_string());
        Box::new(fault.hint(format!("add the label {SERVICE_LABEL:?} with the service's name")))
    })
}

/// The first name: what the proxy calls itself in traces and counters.
pub(super) fn cluster(service: &str) -> &str {
    service.split(',').next().unwrap_or(service)
}

/// A named virtual IP is `/name:port`; one with an address names nothing.
pub(super) fn by_virtual_ip(pod: &Pod<'_, '_>) -> Option<String> {
    let mut names: Vec<&str> = Vec::new();
    let endpoints = pod.containers().flat_map(|container| container.endpoints());
    for vip in endpoints.flat_map(|endpoint| endpoint.vips()) {
        let name = vip.strip_prefix('/').and_then(|vip| vip.rsplit_once(':'));
        if let Some((name, _)) = name.filter(|(name, _)| is_name(name))
            && !names.contains(&name)
        {
            names.push(name);
        }
    }
    (!names.is_empty()).then(|| names.join(","))
}

pub(super) fn by_id<'t>(pod: &Pod<'t, '_>) -> Option<Cow<'t, str>> {
    let last = pod.id()?.rsplit('/').find(|part| !part.is_empty())?;
    is_name(last).then_some(Cow::Borrowed(last))
}

/// A host name that a service can have below the mesh's domain: DNS labels (RFC 1123 §2.1).
pub(super) fn is_name(text: &str) -> bool {
    text.split('.').all(|label| {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let edges = label.starts_with('-') || label.ends_with('-');
        !label.is_empty() && label.len() <= 63 && !edges && label.bytes().all(allowed)
    })
}
