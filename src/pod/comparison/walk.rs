//! A walk over two pods together, along the schema. Where one of them lacks something, the other is
//! walked alone; where one has another type than Marathon wants, it stands as it is.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Filled;
use super::both::{Both, Forms, NEITHER, Nodes, gathered};
use super::form::{literal, number, verbatim, whole};
use crate::document::{self, Kind, Node};
use crate::pod::members::list;
use crate::pod::reader::VolumeKind;
use crate::pod::schema::{self, Absent, Member, Record, Type};
use crate::pod::view::{Network, Pod};

/// What the defaults depend on.
pub(super) struct Walk<'w> {
    pub(super) filled: &'w Filled,
    /// Whether the pod has a persistent volume.
    pub(super) resident: bool,
    pub(super) network: Network,
}

impl<'w> Walk<'w> {
    /// A walk over what `sent` says, and something that may be the same.
    pub(super) fn new(sent: &Node<'_>, filled: &'w Filled) -> Self {
        let is_persistent = |volume| VolumeKind::of(volume) == VolumeKind::Persistent;
        Self {
            filled,
            resident: list(sent, "volumes").iter().any(is_persistent),
            network: Pod::new(sent).network(),
        }
    }

    pub(super) fn pod(&self, pods: Both<&Node<'_>>) -> Both<Value> {
        let pods = Both { sent: Some(pods.sent), running: Some(pods.running) };
        self.value(pods, &Type::Record(&schema::POD)).map(Option::unwrap_or_default)
    }

    /// The forms of two values; there is one where there is a value, but for what Marathon ignores.
    fn value(&self, nodes: Nodes<'_>, holds: &Type) -> Forms {
        if nodes.is_neither() {
            return NEITHER;
        }
        match holds {
            Type::Text(_) | Type::Boolean | Type::Date | Type::Anything => nodes.each(verbatim),
            Type::Integer(_) => nodes.each(whole),
            Type::Number(_) => nodes.each(number),
            Type::Literal(words) => nodes.each(|node| literal(node, words)),
            Type::List(items, _) => of(Kind::Array, nodes, |lists| self.list(lists, items)),
            Type::Set(items) => of(Kind::Array, nodes, |sets| self.set(sets, items)),
            Type::Record(record) => of(Kind::Object, nodes, |nodes| self.record(nodes, record)),
            Type::Map(_, values) => of(Kind::Object, nodes, |maps| self.map(maps, values)),
            Type::Union(union) => self.union(nodes, *union),
        }
    }

    pub(super) fn record(&self, nodes: Nodes<'_>, record: &Record) -> Forms {
        let known = record.members.iter().map(|member| {
            let forms = self.member(nodes, member);
            forms.each(|form| (member.name, form))
        });
        gathered(nodes, known.chain(unknown(nodes, record)))
    }

    fn member(&self, record: Nodes<'_>, member: &Member) -> Forms {
        if matches!(member.absent, Absent::Anything) {
            return NEITHER;
        }
        let forms = self.value(record.get(member.name), &member.holds);
        match forms.lone() {
            Some(lone) if self.is_filled_in(lone, &member.absent, record) => NEITHER,
            _ => forms,
        }
    }

    /// Elements are paired by their place.
    fn list(&self, lists: Nodes<'_>, items: &Type) -> Forms {
        let elements = lists.map(|list| list.map_or(&[][..], Node::items));
        let length = elements.sent.len().max(elements.running.len());
        let pair = |index| elements.map(|elements| elements.get(index));
        gathered(lists, (0..length).map(|index| self.value(pair(index), items)))
    }

    fn set(&self, sets: Nodes<'_>, items: &Type) -> Forms {
        sets.each(|set| {
            let alone = |item| self.value(Both { sent: Some(item), running: None }, items).sent;
            let mut forms: Vec<_> = set.items().iter().filter_map(alone).collect();
            forms.sort_by_cached_key(Value::to_string);
            forms.dedup();
            Value::Array(forms)
        })
    }

    fn map(&self, maps: Nodes<'_>, values: &Type) -> Forms {
        let maps_by_key = maps.map(|map| keyed(map, |_| true));
        let keys: BTreeSet<_> = maps_by_key.sent.keys().chain(maps_by_key.running.keys()).collect();
        let pairs = keys.into_iter().map(|key| {
            let pair = maps_by_key.as_ref().map(|map| map.get(key).copied());
            self.value(pair, values).each(|form| (*key, form))
        });
        gathered(maps, pairs)
    }
}

/// Walks what is of this kind; anything else stands as it is.
fn of<'n>(kind: Kind, nodes: Nodes<'n>, walk: impl FnOnce(Nodes<'n>) -> Forms) -> Forms {
    let walked = walk(nodes.map(|node| node.filter(|node| node.kind() == kind)));
    walked.zip(nodes).map(|(form, node)| form.or_else(|| node.map(verbatim)))
}

/// The members that Marathon did not know once. One that drops them does not answer them, and one
/// that answers them knows more than this schema.
fn unknown<'n>(
    nodes: Nodes<'n>,
    record: &Record,
) -> impl Iterator<Item = Both<Option<(&'n str, Value)>>> {
    let is_unknown = |member: &document::Member<'_>| {
        !member.value().is_null() && record.members.iter().all(|known| known.name != member.key())
    };
    let Both { sent, running } = nodes.map(|node| keyed(node, is_unknown));
    sent.into_iter().filter_map(move |(key, sent)| {
        let both = Both { sent, running: running.get(key)? };
        Some(both.map(|node| Some((key, verbatim(node)))))
    })
}

fn keyed<'n>(
    node: Option<&'n Node<'n>>,
    is_wanted: impl Fn(&document::Member<'n>) -> bool,
) -> BTreeMap<&'n str, &'n Node<'n>> {
    let members = node.map_or(&[][..], Node::members).iter();
    members
        .filter(|member| is_wanted(member))
        .map(|member| (member.key(), member.value()))
        .collect()
}
