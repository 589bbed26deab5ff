//! The name under which Pilot's Mesos registry knows the pod's service: the label `istio`, else
//! the names of the endpoints' virtual IPs, else the last part of the pod's id.

use std::borrow::Cow;

use crate::document::{Diagnostic, Path};
use crate::pod::Pod;

/// The label that Pilot's Mesos registry reads. A pod without it is invisible.
pub(super) const LABEL: &str = "istio";

/// The value of the label: a name, or several with commas.
pub(super) fn service<'t>(
    pod: &Pod<'t, '_>,
    at: &Path<'_>,
) -> Result<Cow<'t, str>, Box<Diagnostic>> {
    if let Some(label) = pod.label(LABEL) {
        let value = label.as_str().unwrap_or_default();
        if !value.is_empty() && value.split(',').all(is_name) {
            return Ok(Cow::Borrowed(value));
        }
        let id = pod.id().unwrap_or_default();
        let fault =
            Diagnostic::error(format!("label {LABEL:?} of pod {id}: {value:?} is no service name"));
        return Err(Box::new(
            fault
                .span(label.span())
                .pointer(at.key("labels").key(LABEL).to_string())
                .hint("a name of lower-case letters, digits, dots and dashes, or several with commas and no blanks"),
        ));
    }
    Ok(by_virtual_ip(pod).map_or_else(|| by_id(pod), Cow::Owned))
}

/// The first name: what the proxy calls itself in traces and counters.
pub(super) fn cluster(service: &str) -> &str {
    service.split(',').next().unwrap_or(service)
}

/// A named virtual IP is `/name:port`; one with an address names nothing.
fn by_virtual_ip(pod: &Pod<'_, '_>) -> Option<String> {
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

fn by_id<'t>(pod: &Pod<'t, '_>) -> Cow<'t, str> {
    let id = pod.id().unwrap_or_default();
    Cow::Borrowed(id.rsplit('/').next().unwrap_or(id))
}

/// A host name that a service can have below the mesh's domain.
fn is_name(text: &str) -> bool {
    let allowed = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-')
    };
    !text.is_empty() && text.bytes().all(allowed) && !text.starts_with(['.', '-'])
}
