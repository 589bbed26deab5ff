//! Values that come in several shapes, read as leniently as Marathon reads them: what fits no
//! shape may silently become another one, which is a trap and no fault.

use super::{Label, Reader, fits};
use crate::document::{Kind, Node, Path};
use crate::pod::finding::{Shown, fault, trap};
use crate::pod::schema::{self, Type, Union};

impl Reader<'_> {
    pub(super) fn union(&mut self, node: &Node<'_>, at: &Path<'_>, label: Label<'_>, union: Union) {
        match union {
            Union::Variable => self.variable(node, at, label),
            Union::Limit => self.limit(node, at, label),
            Union::Command => self.command(node, at, label, "P16", ""),
            Union::CheckCommand => {
                self.command(node, at, label, "V36", "; got 0, expected more than 0");
            }
            Union::Volume => self.volume(node, at, label),
            Union::Scaling => self.scaling(node, at),
            Union::Unreachable => self.unreachable(node, at, label),
            Union::Seccomp => self.seccomp(node, at),
        }
    }

    fn variable(&mut self, node: &Node<'_>, at: &Path<'_>, label: Label<'_>) {
        match node.kind() {
            Kind::String => {}
            Kind::Object => self.record(node, at, label, &schema::VARIABLE),
            found => {
                let message = format!(
                    "{label} must be a string or {{\"secret\": ...}}, not {found} (Marathon: error.expected.jsobject)"
                );
                let hint = match found {
                    Kind::Number | Kind::Boolean => "put it in quotes",
                    _ => "write a string",
                };
                self.found.push(fault("P02", node, at, message, hint));
            }
        }
    }

    fn limit(&mut self, node: &Node<'_>, at: &Path<'_>, label: Label<'_>) {
        if !matches!(node.kind(), Kind::String | Kind::Number) {
            let message = format!(
                "{label} must be a number or \"unlimited\", not {} (Marathon: error.expected.jsnumber)",
                node.kind()
            );
            let hint = "write a number that is no less than the resource, or \"unlimited\"";
            self.found.push(fault("P02", node, at, message, hint));
        }
    }

    fn command(
        &mut self,
        node: &Node<'_>,
        at: &Path<'_>,
        label: Label<'_>,
        if_empty: &'static str,
        says: &str,
    ) {
        if node.kind() != Kind::Object {
            let message = format!("{label} must be an object (Marathon: error.path.missing)");
            self.command_fault(node, at, "P16", message);
            return;
        }
        self.members(node, at, &schema::COMMAND, self.partial);
        let shell = node.get("shell").map(|shell| shell.as_str().map(str::len));
        let argv = node.get("argv").map(|argv| {
            let strings = argv.items().iter().all(|item| item.as_str().is_some());
            (argv.kind() == Kind::Array && strings).then(|| argv.items().len())
        });
        let (rule, also, problem) = match (shell, argv) {
            (Some(Some(1..)), _) | (_, Some(Some(1..))) => return,
            (None, None) if self.partial => return,
            (None, None) => ("P16", "", "has neither `shell` nor `argv`"),
            (Some(Some(0)), _) => (if_empty, says, "has an empty `shell`"),
            (_, Some(Some(_))) => (if_empty, says, "has an empty `argv`"),
            (_, Some(None)) => ("P16", "", "has an `argv` that is no list of strings"),
            (Some(_), None) => ("P16", "", "has a `shell` that is no string"),
        };
        let message = format!("{label} {problem} (Marathon: error.path.missing{also})");
        self.command_fault(node, at, rule, message);
    }

    fn command_fault(
        &mut self,
        node: &Node<'_>,
        at: &Path<'_>,
        rule: &'static str,
        message: String,
    ) {
        let hint = "write {\"shell\": \"...\"} for a shell, or {\"argv\": [\"...\"]} without one";
        self.found.push(fault(rule, node, at, message, hint));
    }

    fn scaling(&mut self, node: &Node<'_>, at: &Path<'_>) {
        let kind = node.get("kind");
        if kind.and_then(Node::as_str) != Some("fixed") {
            if self.partial && kind.is_none() && node.kind() == Kind::Object {
                return self.members(node, at, &schema::SCALING, self.partial);
            }
            let message = "the `kind` of `scaling` must be \"fixed\", in lower case (Marathon: error.expected.jsstring)";
            let hint = "write {\"kind\": \"fixed\", \"instances\": 1}";
            let fault = fault("P15", kind.unwrap_or(node), &at.key("kind"), message, hint);
            self.found.push(fault);
        }
        if node.kind() != Kind::Object {
            return;
        }
        self.members(node, at, &schema::SCALING, self.partial);
        let Some(instances) = node.get("instances") else {
            return;
        };
        if !fits(instances, &schema::INSTANCES) {
            let message = "Marathon cannot use these `instances` and silently starts 1";
            let hint = "write a whole number, without quotes";
            let at = at.key("instances");
            self.found.push(trap("T04", instances, &at, message, hint));
        }
    }

    fn unreachable(&mut self, node: &Node<'_>, at: &Path<'_>, label: Label<'_>) {
        let Some(word) = node.as_str() else {
            return self.value(node, at, label, &Type::Record(&schema::UNREACHABLE));
        };
        if word != "disabled" {
            let message = format!(
                "{label}: Marathon takes any word, also \"{}\", for \"disabled\"",
                Shown(word)
            );
            let hint = "write \"disabled\", or an object with `inactiveAfterSeconds` and `expungeAfterSeconds`";
            self.found.push(trap("T06", node, at, message, hint));
        }
    }

    fn seccomp(&mut self, node: &Node<'_>, at: &Path<'_>) {
        let label = Label::member("seccomp");
        if fits(node, &Type::Record(&schema::SECCOMP)) {
            return self.record(node, at, label, &schema::SECCOMP);
        }
        let message = "Marathon cannot read this `seccomp` and silently ignores it";
        let hint = "`profileName` is a string, `unconfined` a boolean";
        self.found.push(trap("T05", node, at, message, hint));
    }
}
