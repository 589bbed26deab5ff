//! The first stage of Marathon's validation: a walk over a pod along its definition, which finds
//! missing members, wrong types, values out of bounds and members that Marathon does not know.
//!
//! Marathon's answer has only a key such as `error.pattern`; the messages here say the rest.

mod unions;
mod unknown;
mod values;
mod volume;

pub(super) use unknown::nearest;
pub(super) use volume::VolumeKind;

use std::fmt;

use super::finding::{Shown, fault};
use super::lookup::Lookup;
use super::members::text;
use super::patterns;
use super::schema::{self, Keys, Record, Type};
use crate::document::{Diagnostic, Kind, Member, Node, Path, Severity};

/// A walk over one pod.
pub(super) struct Reader<'f> {
    found: &'f mut Vec<Diagnostic>,
    /// The containers that injection completes.
    completed: Lookup<'f, String>,
    /// Whether nothing is required, at any depth.
    partial: bool,
}

/// What a message calls a value.
#[derive(Clone, Copy)]
struct Label<'l> {
    name: &'l str,
    item: bool,
}

impl<'l> Label<'l> {
    fn member(name: &'l str) -> Self {
        Self { name, item: false }
    }

    fn item(self) -> Self {
        Self { item: true, ..self }
    }
}

impl fmt::Display for Label<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.item {
            write!(f, "each of `{}`", Shown(self.name))
        } else {
            write!(f, "`{}`", Shown(self.name))
        }
    }
}

impl<'f> Reader<'f> {
    /// For a pod that must be complete, but for some containers.
    pub(super) fn whole(completed: &'f [String], found: &'f mut Vec<Diagnostic>) -> Self {
        Self { found, completed: Lookup::from(completed), partial: false }
    }

    /// For a pod in which nothing is required.
    pub(super) fn partial(found: &'f mut Vec<Diagnostic>) -> Self {
        Self { found, completed: Lookup::from(&[][..]), partial: true }
    }

    /// Reads a pod.
    pub(super) fn pod(&mut self, pod: &Node<'_>, at: &Path<'_>) {
        self.record(pod, at, Label::member("pod"), &schema::POD);
    }

    fn value(&mut self, node: &Node<'_>, at: &Path<'_>, label: Label<'_>, holds: &Type) {
        match holds {
            Type::Text(text) => self.text(node, at, label, text),
            Type::Boolean => self.boolean(node, at, label),
            Type::Integer(integer) => self.integer(node, at, label, integer),
            Type::Number(number) => self.number(node, at, label, number),
            Type::Literal(words) => self.literal(node, at, label, words),
            Type::Date => self.date(node, at, label),
            Type::List(items, fewest) => self.list(node, at, label, items, *fewest),
            Type::Set(items) => self.list(node, at, label, items, 0),
            Type::Record(record) => self.record(node, at, label, record),
            Type::Map(keys, values) => self.map(node, at, label, *keys, values),
            Type::Union(union) => self.union(node, at, label, *union),
            Type::Anything => {}
        }
    }

    fn record(&mut self, node: &Node<'_>, at: &Path<'_>, label: Label<'_>, record: &Record) {
        if node.kind() != Kind::Object {
            return self.wrong_type(node, at, label, Kind::Object, "error.expected.jsobject");
        }
        // What a member of it needs in turn is needed all the same.
        let may_lack = self.partial || record.completed && self.completes(node);
        self.members(node, at, record, may_lack);
    }

    fn completes(&self, node: &Node<'_>) -> bool {
        !self.completed.items().is_empty()
            && text(node, "name").is_some_and(|name| self.completed.has(name))
    }

    /// `may_lack` lets the members be missing that the record requires.
    fn members(&mut self, node: &Node<'_>, at: &Path<'_>, record: &Record, may_lack: bool) {
        let mut seen = 0_u32;
        for member in node.members() {
            let known = record.members.iter().position(|it| it.name == member.key());
            let Some(index) = known else {
                self.found.push(unknown::ignored(record, member, at));
                continue;
            };
            seen |= 1 << index;
            let expected = &record.members[index];
            let optional = may_lack || !expected.required;
            if !(optional && member.value().is_null()) {
                let label = Label::member(expected.name);
                self.value(member.value(), &at.key(member.key()), label, &expected.holds);
            }
        }
        if !may_lack {
            self.missing(node, at, record, seen);
        }
    }

    fn missing(&mut self, node: &Node<'_>, at: &Path<'_>, record: &Record, seen: u32) {
        for (index, member) in record.members.iter().enumerate() {
            if member.required && seen & (1 << index) == 0 {
                let name = member.name;
                let message =
                    format!("{} has no `{name}` (Marathon: error.path.missing)", record.what);
                let hint = format!("add `{name}`: {} must have one", record.what);
                let at = at.key(name);
                self.found.push(fault("P01", node, &at, message, hint));
            }
        }
    }

    fn list(
        &mut self,
        node: &Node<'_>,
        at: &Path<'_>,
        label: Label<'_>,
        items: &Type,
        fewest: usize,
    ) {
        if node.kind() != Kind::Array {
            return self.wrong_type(node, at, label, Kind::Array, "error.expected.jsarray");
        }
        if node.items().len() < fewest && !self.partial {
            let message = format!("{label} must not be an empty list (Marathon: error.minLength)");
            let hint = format!(
                "it needs at least {fewest}; add one, or leave the member out if it is optional"
            );
            self.found.push(fault("P05", node, at, message, hint));
        }
        for (index, item) in node.items().iter().enumerate() {
            self.value(item, &at.index(index), label.item(), items);
        }
    }

    fn map(&mut self, node: &Node<'_>, at: &Path<'_>, label: Label<'_>, keys: Keys, values: &Type) {
        if node.kind() != Kind::Object {
            return self.wrong_type(node, at, label, Kind::Object, "error.expected.jsobject");
        }
        for member in node.members() {
            let at = at.key(member.key());
            if keys == Keys::Environment && !patterns::is_env_name(member.key()) {
                self.bad_variable_name(member, &at);
            }
            self.value(member.value(), &at, Label::member(member.key()), values);
        }
    }

    fn bad_variable_name(&mut self, member: &Member<'_>, at: &Path<'_>) {
        let message = format!(
            "\"{}\" is no name for an environment variable (Marathon: error.pattern)",
            Shown(member.key())
        );
        let hint = "use letters, digits and underscores, at most 254, and no digit first";
        let fault = fault("P06", member.value(), at, message, hint);
        self.found.push(fault.span(member.key_span()));
    }

    /// A value of another JSON type than the one that is read.
    fn wrong_type(
        &mut self,
        node: &Node<'_>,
        at: &Path<'_>,
        label: Label<'_>,
        expected: Kind,
        key: &str,
    ) {
        let found = node.kind();
        let message = format!("{label} must be {expected}, not {found} (Marathon: {key})");
        let hint = match (expected, found) {
            (Kind::String, Kind::Number | Kind::Boolean) => "put it in quotes".to_owned(),
            (Kind::Number | Kind::Boolean, Kind::String) => "remove the quotes".to_owned(),
            (_, Kind::Null) => "give it a value, or remove it".to_owned(),
            (Kind::Array, _) => "put it in brackets: [...]".to_owned(),
            _ => format!("write {expected} here"),
        };
        self.found.push(fault("P02", node, at, message, hint));
    }
}

/// Whether Marathon reads this as such a value, and refuses nothing in it.
pub(super) fn fits(node: &Node<'_>, holds: &Type) -> bool {
    let mut found = Vec::new();
    if node.is_null() {
        return false;
    }
    let label = Label::member("value");
    Reader::whole(&[], &mut found).value(node, &Path::root(""), label, holds);
    found.iter().all(|diagnostic| diagnostic.severity != Severity::Error)
}
