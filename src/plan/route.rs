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

/// The place at a route; of several elements of one name the first that `suits`.
pub(super) fn resolve_where<'n, 'a>(
    pod: &'n Node<'a>,
    route: &str,
    suits: &dyn Fn(&Node<'_>) -> bool,
) -> Option<Place<'n, 'a>> {
    let mut pointer = PointerBuf::new();
    let mut node = pod;
    for token in Pointer::parse(route).ok()?.tokens() {
        let name = token.decoded();
        if node.kind() == Kind::Array {
            let named = |item: &Node<'_>| name_in(item) == Some(&*name) && suits(item);
            let index = node.items().iter().position(named)?;
            node = &node.items()[index];
            pointer.push_back(index);
        } else {
            node = node.member(&name)?;
            pointer.push_back(name.as_ref());
        }
    }
    Some(Place { pointer, node })
}

/// A token of a route or a pointer (RFC 6901 §3).
pub(super) fn escaped(name: &str) -> Cow<'_, str> {
    Token::new(name).into_encoded()
}

/// What an element of an array goes by: its name, or an artifact's URI.
pub(super) fn name_in<'n>(element: &'n Node<'_>) -> Option<&'n str> {
    element.get("name").or_else(|| element.get("uri"))?.as_str()
}

/// The same of an element that the program built.
pub(super) fn name_of(element: &Value) -> Option<&str> {
    element.get("name").or_else(|| element.get("uri"))?.as_str()
}
