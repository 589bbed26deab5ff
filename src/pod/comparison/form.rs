//! The one spelling of a value that has no known parts.

use serde_json::{Number, Value, json};

use crate::document::{Node, Value as Written};
use crate::pod::reader::fits;
use crate::pod::schema;

/// Up to here a double holds every whole number.
const EXACT: f64 = (1_u64 << 53) as f64;

/// The value as it stands, but for the spelling of numbers and the order of members.
pub(super) fn verbatim(node: &Node<'_>) -> Value {
    match node.value() {
        Written::Null => Value::Null,
        Written::Boolean(boolean) => Value::from(*boolean),
        Written::Number(_) => whole(node),
        Written::String(string) => Value::from(string.as_ref()),
        Written::Array(_) => node.items().iter().map(verbatim).collect(),
        Written::Object(_) => {
            let mut members: Vec<_> = node.members().iter().collect();
            members.sort_by_key(|member| member.key());
            members.iter().map(|member| (member.key(), verbatim(member.value()))).collect()
        }
    }
}

/// A number that is exact where it is written as a whole one.
pub(super) fn whole(node: &Node<'_>) -> Value {
    node.as_i64().map_or_else(|| number(node), Value::from)
}

/// A number as a double.
pub(super) fn number(node: &Node<'_>) -> Value {
    let Some(written) = node.as_number() else {
        return verbatim(node);
    };
    match node.as_f64() {
        Some(value) if value.fract() == 0.0 && value.abs() <= EXACT => Value::from(value as i64),
        // No double holds every number that JSON can write.
        value => value.and_then(Number::from_f64).map_or_else(|| Value::from(written), Value::from),
    }
}

/// One of these words as Marathon spells it.
pub(super) fn literal(node: &Node<'_>, words: &[&str]) -> Value {
    let is = |word: &&&str| node.as_str().is_some_and(|text| text.eq_ignore_ascii_case(word));
    words.iter().find(is).map_or_else(|| verbatim(node), |word| Value::from(*word))
}

/// A scaling policy. Marathon takes 1 for a number of instances that it cannot read.
pub(super) fn scaling(node: &Node<'_>) -> Value {
    if node.get("kind").and_then(Node::as_str) != Some("fixed") {
        return verbatim(node);
    }
    let instances = node.get("instances").filter(|node| fits(node, &schema::INSTANCES));
    json!({"kind": "fixed", "instances": instances.map_or_else(|| Value::from(1), whole)})
}

/// A strategy that is no object. Any word disables it.
pub(super) fn unreachable(node: &Node<'_>) -> Value {
    node.as_str().map_or_else(|| verbatim(node), |_| Value::from("disabled"))
}
