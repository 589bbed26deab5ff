//! Routes: JSON pointers in which an element of an array goes by its name, so that they lead to it
//! wherever it has moved.

use std::borrow::Cow;

use json_patch::jsonptr::{Pointer, PointerBuf, Token};
use serde_json::Value;

use crate::document::{Kind, Node};

/// What a route leads to.
pub(super) struct Place<'n, 'a> {
    pub(super) pointer: PointerBuf,
    pub(super) node: &'n Node<'a>,
}

/// The place at a route, where it still is.
pub(super) fn resolve<'n, 'a>(pod: &'n Node<'a>, route: &str) -> Option<Place<'n, 'a>> {
    resolve_where(pod, route, &|_| true)
}

/// The place at a route; of several elements of one name the first that `suits`, unless the route
/// says which.
pub(super) fn resolve_where<'n, 'a>(
    pod: &'n Node<'a>,
    route: &str,
    suits: &dyn Fn(&Node<'_>) -> bool,
) -> Option<Place<'n, 'a>> {
    let mut pointer = PointerBuf::new();
    let mut node = pod;
    for token in Pointer::parse(route).ok()?.tokens() {
        let token = token.decoded();
        if node.kind() == Kind::Array {
            let (name, before) = name_and_number(&token);
            let named = |item: &Node<'_>| name_in(item) == Some(name) && suits(item);
            let mut indices = node.items().iter().enumerate().filter(|(_, item)| named(item));
            let index = indices.nth(before)?.0;
            node = &node.items()[index];
            pointer.push_back(index);
        } else {
            node = node.member(&token)?;
            pointer.push_back(token.as_ref());
        }
    }
    Some(Place { pointer, node })
}

/// Between a name and a number in a route; nothing has it in its name.
const NUMBER: char = '\u{1}';

/// The token of an element that `before` others of its name stand before.
pub(super) fn numbered(name: &str, before: usize) -> Cow<'_, str> {
    match before {
        0 => Cow::Borrowed(name),
        _ => Cow::Owned(format!("{name}{NUMBER}{before}")),
    }
}

fn name_and_number(token: &str) -> (&str, usize) {
    let number = token.rsplit_once(NUMBER);
    number.and_then(|(name, number)| Some((name, number.parse().ok()?))).unwrap_or((token, 0))
}

/// A route, or a part of one, for people: without the numbers.
pub(super) fn readable(route: &str) -> String {
    let tokens = route.split('/').map(|token| name_and_number(token).0);
    tokens.collect::<Vec<_>>().join("/").replace("~1", "/").replace("~0", "~")
}

/// Whether a route leads to a place or to something in it.
pub(super) fn is_at_or_below(route: &str, place: &str) -> bool {
    route.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A token of a route or a pointer (RFC 6901 §3).
pub(super) fn escaped(name: &str) -> Cow<'_, str> {
    Token::new(name).into_encoded()
}

/// What an element of an array goes by: its name, or of an artifact the place it is fetched to, or
/// its URI.
const IDENTITIES: [&str; 3] = ["name", "destPath", "uri"];

/// What an element of an array goes by.
pub(super) fn name_in<'n>(element: &'n Node<'_>) -> Option<&'n str> {
    element.get(identity_in(element)?)?.as_str()
}

/// The member that holds what an element of an array goes by.
pub(super) fn identity_in(element: &Node<'_>) -> Option<&'static str> {
    IDENTITIES.into_iter().find(|key| element.get(key).is_some())
}

/// What an element that the program built goes by.
pub(super) fn name_of(element: &Value) -> Option<&str> {
    IDENTITIES.iter().find_map(|key| element.get(key))?.as_str()
}
