//! What becomes of the members that an app and the objects in it can have, as tables: those that
//! are carried over, those that only Marathon writes, and those that a pod has nothing like.

mod tables;

pub(super) use tables::{
    ANSWER, APP, COMMAND, CONTAINER, DISCOVERY, DISCOVERY_PORT, DOCKER, HEALTH_CHECK, IP_ADDRESS,
    PORT_DEFINITION, PORT_MAPPING, VOLUME,
};

use super::draft::Draft;
use super::place::Place;
use crate::document::{Diagnostic, Member, Node, Severity};
use crate::pod::finding::Shown;
use crate::pod::reader::nearest;

/// An object of an app.
pub(super) struct Shape {
    /// What it is called in a message, as `an app`.
    what: &'static str,
    /// The members that are carried over, by whoever reads the object.
    carried: &'static [&'static str],
    /// The members that Marathon answers and does not read.
    reported: &'static [&'static str],
    /// The members that no pod has.
    lost: &'static [Loss],
}

/// A member that no pod has.
struct Loss {
    name: &'static str,
    rule: &'static str,
    harm: Harm,
    /// Whether a value says no more than its absence.
    idle: fn(&Node<'_>) -> bool,
    message: &'static str,
    hint: &'static str,
}

/// What the loss of a member does.
enum Harm {
    /// The same thing runs.
    None,
    /// Something else would run.
    Grave,
}

impl Shape {
    fn names(&self) -> impl Iterator<Item = &'static str> {
        let lost = self.lost.iter().map(|loss| loss.name);
        self.carried.iter().chain(self.reported).copied().chain(lost)
    }
}

/// Tells of every member of an object that is not carried over.
pub(super) fn look(draft: &mut Draft<'_>, place: &Place<'_>, shape: &Shape) {
    let mut reported: Option<(&Member<'_>, Vec<&str>)> = None;
    for member in place.node.members() {
        let key = member.key();
        if shape.carried.contains(&key) {
            continue;
        }
        if let Some(loss) = shape.lost.iter().find(|loss| loss.name == key) {
            if !member.value().is_null() && !(loss.idle)(member.value()) {
                lost(draft, place, member, loss);
            }
        } else if shape.reported.contains(&key) {
            reported.get_or_insert((member, Vec::new())).1.push(key);
        } else if draft.has_room(Severity::Warning) {
            draft.tell(place.at_member(member, unknown(place, shape, key)));
        }
    }
    if let Some((first, names)) = reported {
        let message = format!("left out, for only Marathon writes it: {}", names.join(", "));
        let note = place.note("C04", message, "nothing is lost; it speaks of the app that runs");
        draft.tell(place.at_member(first, note));
    }
}

fn lost(draft: &mut Draft<'_>, place: &Place<'_>, member: &Member<'_>, loss: &Loss) {
    match loss.harm {
        Harm::None => {
            let warning = place.warning(loss.rule, loss.message, loss.hint);
            draft.tell_once(place.at_member(member, warning));
        }
        Harm::Grave => {
            let fault = place.fault(loss.rule, loss.message, loss.hint);
            draft.tell(place.at_member(member, fault));
        }
    }
}

fn unknown(place: &Place<'_>, shape: &Shape, key: &str) -> Diagnostic {
    let message = format!(
        "{} has no member `{}`: Marathon ignores it, and the pod does not get it",
        shape.what,
        Shown(key)
    );
    let hint = match nearest(shape.names(), key) {
        Some(name) => format!("did you mean `{name}`?"),
        None => "remove it".to_owned(),
    };
    place.warning("C03", message, hint)
}
