//! What is gathered while a pod is made of an app: what there is to tell, and which part of the app
//! each part of the pod comes from.

use json_patch::jsonptr::Pointer;
use serde_json::{Map, Value};

use super::place::Place;
use crate::document::{Diagnostic, Kind, Severity};

/// More findings of one severity than anybody reads of one app.
const MOST: usize = 1000;

/// The container's JSON pointer in the pod; an app makes one container.
pub(super) const CONTAINER: &str = "/containers/0";

/// A pod in the making.
pub(super) struct Draft<'n> {
    findings: Vec<Diagnostic>,
    counts: [usize; 3],
    once: Vec<&'static str>,
    origins: Vec<(String, Place<'n>)>,
}

impl<'n> Draft<'n> {
    /// A draft of a pod that comes from `app`.
    pub(super) fn new(app: &Place<'n>) -> Self {
        let origins = vec![(String::new(), app.clone())];
        Self { findings: Vec::new(), counts: [0; 3], once: Vec::new(), origins }
    }

    pub(super) fn tell(&mut self, finding: Diagnostic) {
        let count = &mut self.counts[finding.severity as usize];
        *count += 1;
        if *count <= MOST {
            self.findings.push(finding);
        }
    }

    /// Whether one more finding of that severity would still be told.
    pub(super) fn has_room(&self, severity: Severity) -> bool {
        self.counts[severity as usize] < MOST
    }

    /// Tells what one app is told once, however often it applies.
    pub(super) fn tell_once(&mut self, finding: Diagnostic) {
        let rule = finding.rule.unwrap_or_default();
        if !self.once.contains(&rule) {
            self.once.push(rule);
            self.tell(finding);
        }
    }

    /// Whether a fault is told at or below a place.
    pub(super) fn is_faulty(&self, pointer: &str) -> bool {
        let told = self.findings.iter().filter(|finding| finding.severity == Severity::Error);
        told.filter_map(|fault| fault.pointer.as_deref()).any(|told| {
            told.strip_prefix(pointer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }

    /// What is told, as people read the file.
    pub(super) fn findings(mut self) -> Vec<Diagnostic> {
        self.findings.sort_by_key(|finding| finding.span.as_ref().map(|span| span.start));
        self.findings
    }

    /// Notes that the part of the pod at `pointer` comes from `place`: so do the parts below it that
    /// have the same names there.
    pub(super) fn comes_from(&mut self, pointer: impl Into<String>, place: &Place<'n>) {
        self.origins.push((pointer.into(), place.clone()));
    }

    /// What the part of the pod at `pointer` comes from, as near as can be told.
    pub(super) fn origin(&self, pointer: &str) -> Place<'n> {
        let is_above = |above: &str| {
            pointer.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let above = self.origins.iter().filter(|(above, _)| is_above(above));
        let (above, place) = above
            .max_by_key(|(above, _)| above.len())
            .expect("the root of the pod comes from the app");
        let Ok(rest) = Pointer::parse(&pointer[above.len()..]) else {
            return place.clone();
        };
        let mut place = place.clone();
        for token in rest.tokens() {
            let step = format!("/{}", token.encoded());
            let Some(node) = Pointer::parse(&step).ok().and_then(|step| place.node.at(step)) else {
                break;
            };
            place = Place::new(node, place.pointer + &step);
        }
        place
    }

    /// Carries the member `from` of `place` over to the member `to` of `into`, which stands at
    /// `pointer` of the pod. An empty value says nothing and is left out.
    pub(super) fn carry(
        &mut self,
        (place, from): (&Place<'n>, &str),
        (into, pointer, to): (&mut Map<String, Value>, &str, &str),
    ) {
        let Some(value) = place.get(from) else {
            return;
        };
        self.comes_from(format!("{pointer}/{to}"), &value);
        if !is_empty(&value) {
            into.insert(to.to_owned(), value.node.to_value());
        }
    }

    /// The member `key` of `place` if it is of that kind; another kind is a fault.
    pub(super) fn member(&mut self, place: &Place<'n>, key: &str, kind: Kind) -> Option<Place<'n>> {
        let value = place.get(key)?;
        self.is(&value, key, kind).then_some(value)
    }

    /// Whether a value, called `name`, is of that kind; another kind is a fault.
    pub(super) fn is(&mut self, value: &Place<'n>, name: &str, kind: Kind) -> bool {
        let found = value.node.kind();
        if found != kind {
            let message = format!("`{name}` must be {kind}, not {found}");
            self.tell(value.fault("C02", message, format!("write {kind} here, as Marathon reads")));
        }
        found == kind
    }

    /// The member `key` of `place` if it is a port, 0 included; anything else is a fault.
    pub(super) fn port(&mut self, place: &Place<'n>, key: &str) -> Option<u16> {
        let value = place.get(key)?;
        self.port_of(&value, key)
    }

    /// The port that a value, called `name`, is; anything else is a fault.
    pub(super) fn port_of(&mut self, value: &Place<'n>, name: &str) -> Option<u16> {
        let port = value.node.as_i64().and_then(|port| u16::try_from(port).ok());
        if port.is_none() {
            let message = format!("`{name}` must be a port, a whole number from 0 to 65535");
            self.tell(value.fault("C02", message, "write a port, or remove it"));
        }
        port
    }
}

fn is_empty(value: &Place<'_>) -> bool {
    matches!(value.node.kind(), Kind::Array | Kind::Object) && value.len() == 0
}
