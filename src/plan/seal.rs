//! The seal of an injection, kept in its record: a mark of each leaf that was added, which tells
//! what somebody changed since and what he added. The order of members and the spelling of numbers
//! and strings do not count.

use std::collections::{HashMap, HashSet};
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use super::grain::leaves;
use super::placeholder;
use super::route::{is_at_or_below, numbered, resolve};
use crate::document::{Kind, Node, Value};

/// The marks of what was added, in the order in which it stands there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seal(Vec<Mark>);

/// Digests of where a leaf stands and of what stands there, of 24 bits each: an addition has some
/// fifty leaves, and nobody tries to deceive the record of his own pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Mark {
    place: u32,
    value: u32,
}

/// The hexadecimal digits of a mark.
const DIGITS: usize = 12;

/// A leaf that is not as it was added.
#[derive(Debug)]
pub(super) struct Edit<'n, 'a> {
    pub(super) route: String,
    pub(super) node: &'n Node<'a>,
    pub(super) what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// It was added by injection and has another value now.
    Changed,
    /// Injection did not add it.
    Added,
}

/// What became of an addition since.
#[derive(Debug, Default)]
pub(super) struct Edits<'n, 'a> {
    pub(super) edits: Vec<Edit<'n, 'a>>,
    /// How many leaves are no longer there.
    pub(super) gone: usize,
}

impl Seal {
    /// The seal of what stands at these routes of a pod.
    pub(super) fn of(pod: &Node<'_>, routes: &[String]) -> Self {
        let mut marks = Vec::new();
        each_leaf(pod, routes, |mark, _, _| marks.push(mark));
        Self(marks)
    }

    /// What became of the addition at these routes since it was sealed.
    pub(super) fn edits<'n, 'a>(&self, pod: &'n Node<'a>, routes: &[String]) -> Edits<'n, 'a> {
        if *self == Self::of(pod, routes) {
            return Edits::default();
        }
        let marks: HashSet<Mark> = self.0.iter().copied().collect();
        let mut places: HashMap<u32, bool> =
            self.0.iter().map(|mark| (mark.place, false)).collect();
        let mut edits = Vec::new();
        each_leaf(pod, routes, |mark, route, node| {
            let was_added = places.get_mut(&mark.place).map(|seen| *seen = true).is_some();
            if !marks.contains(&mark) {
                let what = if was_added { What::Changed } else { What::Added };
                edits.push(Edit { route: route.to_string(), node, what });
            }
        });
        Edits { edits, gone: places.values().filter(|seen| !**seen).count() }
    }

    /// The first route that leads to an element of which nothing was sealed. Its name is a part of
    /// the route, and so one that was sealed and edited since still has a leaf in its place.
    pub(super) fn stranger<'r>(&self, pod: &Node<'_>, routes: &'r [String]) -> Option<&'r str> {
        let places: HashSet<u32> = self.0.iter().map(|mark| mark.place).collect();
        let is_strange = |route: &&str| {
            let array = route.rsplit_once('/').and_then(|(above, _)| resolve(pod, above));
            let is_element = array.is_some_and(|place| place.node.kind() == Kind::Array);
            let Some(place) = resolve(pod, route).filter(|_| is_element) else { return false };
            let mut is_known = false;
            leaves(place.node, route, &mut |leaf| is_known |= places.contains(&short(leaf.digest)));
            !is_known
        };
        routes.iter().map(String::as_str).find(is_strange)
    }
}

/// Two elements of one name have one route: each time it stands for the next of them.
fn each_leaf<'n, 'a>(
    pod: &'n Node<'a>,
    routes: &[String],
    mut each: impl FnMut(Mark, &dyn fmt::Display, &'n Node<'a>),
) {
    for (index, route) in routes.iter().enumerate() {
        let before = routes[..index].iter().filter(|other| *other == route).count();
        let route = numbered(route, before);
        let mut left_empty = placeholder::ROUTES.into_iter();
        let may_be_filled = left_empty.any(|place| is_at_or_below(place, &route));
        if let Some(place) = resolve(pod, &route) {
            leaves(place.node, &route, &mut |leaf| {
                let is_filled = may_be_filled
                    && leaf.node.as_str().is_some()
                    && placeholder::ROUTES.contains(&leaf.route.to_string().as_str());
                let mark = match is_filled {
                    true => Mark::empty(leaf.digest),
                    false => Mark::new(leaf.digest, leaf.node),
                };
                each(mark, leaf.route, leaf.node);
            });
        }
    }
}

impl Mark {
    fn new(place: u64, value: &Node<'_>) -> Self {
        Self { place: short(place), value: short(digest_of(value)) }
    }

    /// That of a place that is left empty, whatever was filled in.
    fn empty(place: u64) -> Self {
        Self { place: short(place), value: short(xxh3_64(placeholder::EMPTY.as_bytes())) }
    }
}

/// The upper 24 bits.
fn short(digest: u64) -> u32 {
    u32::try_from(digest >> 40).expect("24 bits are left")
}

impl Serialize for Seal {
    /// Digit by digit: each pod has some hundred halves, and a formatter costs more than all else
    /// of the seal.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = String::with_capacity(self.0.len() * DIGITS);
        for half in self.0.iter().flat_map(|mark| [mark.place, mark.value]) {
            let digits = (0..6).rev().map(|place| half >> (4 * place) & 15);
            text.extend(digits.filter_map(|digit| char::from_digit(digit, 16)));
        }
        serializer.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for Seal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if !text.len().is_multiple_of(DIGITS) || !text.bytes().all(|byte| byte.is_ascii_hexdigit())
        {
            return Err(de::Error::custom("the seal is broken"));
        }
        let half = |digits: &[u8]| {
            digits.iter().fold(0, |sum, digit| {
                sum * 16 + char::from(*digit).to_digit(16).expect("just checked")
            })
        };
        let marks = text.as_bytes().chunks(DIGITS).map(|digits| {
            let (place, value) = digits.split_at(DIGITS / 2);
            Mark { place: half(place), value: half(value) }
        });
        Ok(Self(marks.collect()))
    }
}

/// The digest of a text, as 16 hexadecimal digits.
pub(super) fn digest(text: &str) -> String {
    format!("{:016x}", xxh3_64(text.as_bytes()))
}

fn digest_of(node: &Node<'_>) -> u64 {
    // Most leaves are short strings.
    if let Value::String(string) = node.value() {
        return xxh3_64(string.as_bytes());
    }
    let mut digest = Xxh3::new();
    feed(&mut digest, node);
    digest.digest()
}

fn feed(digest: &mut Xxh3, node: &Node<'_>) {
    match node.value() {
        Value::Null => digest.update(b"n"),
        Value::Boolean(boolean) => digest.update(&[b'b', u8::from(*boolean)]),
        Value::Number(number) => match node.as_f64() {
            Some(double) => {
                digest.update(b"f");
                digest.update(&double.to_be_bytes());
            }
            None => text(digest, b'd', number),
        },
        Value::String(string) => text(digest, b's', string),
        Value::Array(_) => {
            digest.update(b"[");
            node.items().iter().for_each(|item| feed(digest, item));
            digest.update(b"]");
        }
        Value::Object(_) => {
            let mut members: Vec<_> = node.members().iter().collect();
            members.sort_by_key(|member| member.key());
            digest.update(b"{");
            for member in members {
                text(digest, b'k', member.key());
                feed(digest, member.value());
            }
            digest.update(b"}");
        }
    }
}

fn text(digest: &mut Xxh3, tag: u8, text: &str) {
    digest.update(&[tag]);
    digest.update(&(text.len() as u64).to_be_bytes());
    digest.update(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Path, Source};

    const ADDED: &str = r#"{"containers": [{"name": "a", "mem": 512, "environment": {"X": "1"}}]}"#;

    fn edits(text: &str) -> Vec<String> {
        let routes = ["/containers/a".to_owned()];
        let of = |text: &str, look: &mut dyn FnMut(&Node<'_>)| {
            let source = Source::new("x", text);
            look(&source.root().unwrap().tree(&Path::root("")).unwrap());
        };
        let mut seal = Seal::default();
        of(ADDED, &mut |tree| seal = Seal::of(tree, &routes));
        let seal: Seal = serde_json::from_str(&serde_json::to_string(&seal).unwrap()).unwrap();
        let mut all = Vec::new();
        of(text, &mut |tree| {
            let Edits { edits, gone } = seal.edits(tree, &routes);
            all.extend(edits.iter().map(|edit| format!("{:?} {}", edit.what, edit.route)));
            all.extend((gone > 0).then(|| format!("{gone} gone")));
        });
        all
    }

    #[test]
    fn how_it_is_written_does_not_count() {
        let other = "{\"containers\":[1,{\"environment\":{\"X\":\"\\u0031\"},\"mem\":5.12e2,\n\
                     \"name\":\"\\u0061\"}]}";
        assert_eq!(edits(ADDED), [""; 0]);
        assert_eq!(edits(other), [""; 0]);
    }

    #[test]
    fn what_is_written_does() {
        let cases: [(&str, &[&str]); 5] = [
            (
                r#"{"name": "a", "mem": 513, "environment": {"X": "1"}}"#,
                &["Changed /containers/a/mem"],
            ),
            (
                r#"{"name": "a", "mem": "512", "environment": {"X": "1"}}"#,
                &["Changed /containers/a/mem"],
            ),
            (
                r#"{"name": "a", "mem": 512, "environment": {"X": "1", "Y": ""}}"#,
                &["Added /containers/a/environment/Y"],
            ),
            (r#"{"name": "a", "mem": 512}"#, &["1 gone"]),
            ("{}", &["3 gone"]),
        ];
        for (container, told) in cases {
            assert_eq!(edits(&format!("{{\"containers\": [{container}]}}")), told, "{container}");
        }
    }

    #[test]
    fn a_broken_seal_is_none() {
        for text in ["0", "00000000000g", "+0000+000000", "é00000000000"] {
            let read: Result<Seal, _> = serde_json::from_str(&format!("{text:?}"));
            assert!(read.is_err(), "{text}");
        }
    }
}
