//! Values that come in several shapes, each taken for the shape that Marathon takes it for.

use std::ptr;

use serde_json::Value;

use super::both::{Forms, Nodes};
use super::form::{number, scaling, unreachable, verbatim};
use super::walk::Walk;
use crate::document::{Kind, Node};
use crate::pod::members::text;
use crate::pod::reader::{VolumeKind, fits};
use crate::pod::schema::{self, Record, Type, Union};

/// Tells which record a value is, if it is one.
type Shape = fn(&Node<'_>) -> Option<&'static Record>;

impl Walk<'_> {
    pub(super) fn union(&self, nodes: Nodes<'_>, union: Union) -> Forms {
        match union {
            Union::Limit => nodes.each(number),
            Union::Scaling => nodes.each(scaling),
            Union::Variable => self.shaped(nodes, |node| object(node, &schema::VARIABLE), verbatim),
            Union::Command | Union::CheckCommand => self.shaped(nodes, command, verbatim),
            Union::Volume => self.shaped(nodes, volume, verbatim),
            Union::Unreachable => {
                self.shaped(nodes, |node| object(node, &schema::UNREACHABLE), unreachable)
            }
            Union::Seccomp => self.seccomp(nodes),
        }
    }

    /// Walks two values of one shape together, and others each alone.
    fn shaped(&self, nodes: Nodes<'_>, shape: Shape, otherwise: fn(&Node<'_>) -> Value) -> Forms {
        let shapes = nodes.map(|node| node.and_then(shape));
        match (shapes.sent, shapes.running) {
            (Some(sent), Some(running)) if ptr::eq(sent, running) => self.record(nodes, sent),
            (sent, running) => {
                let alone = |nodes: Nodes<'_>, shape: Option<&'static Record>| match shape {
                    Some(record) => self.record(nodes, record),
                    None => nodes.each(otherwise),
                };
                Forms {
                    sent: alone(nodes.only_sent(), sent).sent,
                    running: alone(nodes.only_running(), running).running,
                }
            }
        }
    }

    /// One that Marathon cannot read is ignored.
    fn seccomp(&self, nodes: Nodes<'_>) -> Forms {
        let read = |node: &&Node<'_>| fits(node, &Type::Record(&schema::SECCOMP));
        self.record(nodes.map(|node| node.filter(read)), &schema::SECCOMP)
    }
}

fn object(node: &Node<'_>, record: &'static Record) -> Option<&'static Record> {
    (node.kind() == Kind::Object).then_some(record)
}

fn command(node: &Node<'_>) -> Option<&'static Record> {
    if text(node, "shell").is_some_and(|shell| !shell.is_empty()) {
        return Some(&schema::SHELL_COMMAND);
    }
    node.get("argv").map(|_| &schema::ARGV_COMMAND)
}

fn volume(node: &Node<'_>) -> Option<&'static Record> {
    let record = match VolumeKind::of(node) {
        VolumeKind::Persistent => &schema::PERSISTENT_VOLUME,
        VolumeKind::Secret => &schema::SECRET_VOLUME,
        VolumeKind::Host => &schema::HOST_VOLUME,
        VolumeKind::Ephemeral => &schema::EPHEMERAL_VOLUME,
    };
    object(node, record)
}
