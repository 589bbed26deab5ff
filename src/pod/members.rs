//! Members of an object for those who want them in one form only: another one counts as absent, for
//! the reader reports it.

use crate::document::Node;

/// The elements of a member; none if it is absent or no array.
pub(super) fn list<'n, 'a>(node: &'n Node<'a>, key: &str) -> &'n [Node<'a>] {
    node.get(key).map_or(&[], Node::items)
}

/// The string of a member, if it is one.
pub(super) fn text<'n>(node: &'n Node<'_>, key: &str) -> Option<&'n str> {
    node.get(key)?.as_str()
}
