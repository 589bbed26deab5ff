//! A value as a slice of the source, looked into one level at a time.
//!
//! serde_json does the parsing. Its `RawValue` borrows from the input, so a value's offset is the
//! distance of two pointers and no second parser is needed.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::{Diagnostic, Kind};

/// How many elements or members one value may have: a hundred times what was ever deployed, and
/// few enough to be held.
const MOST: usize = 1_000_000;

/// A JSON value as a slice of its document.
#[derive(Clone, Copy, Debug)]
pub struct Raw<'a> {
    pub(super) text: &'a str,
    pub(super) start: usize,
}

/// A member of an object, not yet looked into.
#[derive(Clone, Debug)]
pub struct RawMember<'a> {
    /// The key, unescaped.
    pub key: Cow<'a, str>,
    /// The key as written, quotes included.
    pub written: Raw<'a>,
    /// The value.
    pub value: Raw<'a>,
}

impl<'a> Raw<'a> {
    /// The one value that `text` holds; `start` is where `text` stands in its document.
    pub(super) fn parse(text: &'a str, start: usize) -> Result<Self, Box<Diagnostic>> {
        let outer = Self { text, start };
        let value: &RawValue =
            serde_json::from_str(text).map_err(|error| outer.syntax_fault(&error))?;
        Ok(outer.within(value))
    }

    /// The slice as written, without the white space around it.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// Where the slice stands in its document, in bytes.
    pub fn span(&self) -> Range<usize> {
        self.start..self.start + self.text.len()
    }

    /// What sort of value it is: its first byte tells.
    pub fn kind(&self) -> Kind {
        match self.text.as_bytes().first() {
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::Array,
            Some(b'"') => Kind::String,
            Some(b't' | b'f') => Kind::Boolean,
            Some(b'n') => Kind::Null,
            _ => Kind::Number,
        }
    }

    /// The members of an object, in order; none for another kind of value.
    ///
    /// # Errors
    /// A key is written twice, or is no valid string.
    pub fn members(&self) -> Result<Vec<RawMember<'a>>, Vec<Diagnostic>> {
        if self.kind() != Kind::Object {
            return Ok(Vec::new());
        }
        let pairs = serde_json::Deserializer::from_str(self.text)
            .deserialize_map(Pairs)
            .map_err(|error| vec![*self.syntax_fault(&error)])?;
        let mut members = Vec::with_capacity(pairs.len());
        let mut from = 1;
        for (key, value) in pairs {
            let value = self.within(value);
            let written = self.key_between(from, value);
            from = value.start - self.start + value.text.len();
            members.push(RawMember { key, written, value });
        }
        let keys: Vec<_> = members.iter().map(|member| &member.key).collect();
        let twice = repeated(&keys).into_iter().map(|(first, again)| {
            let (first, again) = (&members[first], &members[again]);
            written_twice(&again.key, first.written.span(), again.written.span())
        });
        let twice: Vec<_> = twice.collect();
        if twice.is_empty() { Ok(members) } else { Err(twice) }
    }

    /// The elements of an array, in order; none for another kind of value.
    ///
    /// # Errors
    /// None for a value of a document whose syntax was checked.
    pub fn elements(&self) -> Result<Vec<Self>, Vec<Diagnostic>> {
        if self.kind() != Kind::Array {
            return Ok(Vec::new());
        }
        let items = serde_json::Deserializer::from_str(self.text)
            .deserialize_seq(Items)
            .map_err(|error| vec![*self.syntax_fault(&error)])?;
        Ok(items.into_iter().map(|item| self.within(item)).collect())
    }

    /// The string's value; `None` for another kind of value.
    ///
    /// # Errors
    /// An escape that stands for no character.
    pub fn string(&self) -> Result<Option<Cow<'a, str>>, Box<Diagnostic>> {
        if self.kind() != Kind::String {
            return Ok(None);
        }
        if !self.text.contains('\\') {
            return Ok(Some(Cow::Borrowed(&self.text[1..self.text.len() - 1])));
        }
        match serde_json::from_str::<String>(self.text) {
            Ok(string) => Ok(Some(Cow::Owned(string))),
            Err(error) => Err(self.syntax_fault(&error)),
        }
    }

    /// The slice of this one that serde_json borrowed.
    fn within(&self, value: &'a RawValue) -> Self {
        let text = value.get();
        let offset = text.as_ptr().addr() - self.text.as_ptr().addr();
        Self { text, start: self.start + offset }
    }

    /// The key that stands before `value`, which is the next string from `from` on: only white
    /// space and a comma can come before it.
    fn key_between(&self, from: usize, value: Self) -> Self {
        let to = value.start - self.start;
        let quote = from + self.text[from..to].find('"').unwrap_or(0);
        let end = self.text[quote..to].rfind('"').map_or(to, |length| quote + length + 1);
        Self { text: &self.text[quote..end], start: self.start + quote }
    }

    pub(super) fn syntax_fault(&self, error: &serde_json::Error) -> Box<Diagnostic> {
        let at = self.offset_of(error);
        let (before, rest) = self.text.split_at(at);
        let words = error.to_string();
        let mut words = words.split(" at line ").next().unwrap_or_default();
        if rest.starts_with(['}', ']']) && before.trim_ascii_end().ends_with(',') {
            words = "trailing comma";
        }
        let blank = self.text.trim_ascii().is_empty();
        let (rule, message) = match (blank, error.is_data()) {
            (true, _) => ("J02", "the input is empty".to_owned()),
            (false, true) => ("J05", words.to_owned()),
            (false, false) => ("J01", format!("invalid JSON: {words}")),
        };
        let fault = Diagnostic::error(message).rule(rule);
        let fault = fault.span(self.start + at..self.start + at + 1);
        Box::new(fault.hint(syntax_hint(rest, words, blank)))
    }

    /// serde_json counts columns in bytes, from 1, and names the byte it stopped at.
    fn offset_of(&self, error: &serde_json::Error) -> usize {
        let mut start = 0;
        for _ in 1..error.line() {
            start += self.text[start..].find('\n').map_or(0, |newline| newline + 1);
        }
        let at = start + error.column().saturating_sub(1);
        floor_char_boundary(self.text, at)
    }
}

/// The nearest character boundary at or before `offset`.
pub(super) fn floor_char_boundary(text: &str, offset: usize) -> usize {
    (0..=offset.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// Where the string ends whose opening quote stands right before `text`: at the first quote that
/// is not escaped.
pub(super) fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|byte| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    })
}

fn syntax_hint(rest: &str, words: &str, blank: bool) -> &'static str {
    if blank {
        "a pod, an app, a group or an array of them was expected"
    } else if rest.starts_with('/') || rest.starts_with('#') {
        "JSON has no comments"
    } else if rest.starts_with('\'') {
        "JSON strings take double quotes"
    } else if words.starts_with("trailing characters") {
        "one document a file: put several pods into one array"
    } else if words.starts_with("EOF") {
        "the text ends too early; was the file cut off?"
    } else if words.starts_with("trailing comma") {
        "remove the comma before the closing bracket"
    } else {
        "correct the text here, or right before"
    }
}

/// The fault of a key that stands at `again` and, before that, at `first`.
pub(super) fn written_twice(key: &str, first: Range<usize>, again: Range<usize>) -> Diagnostic {
    Diagnostic::error(format!("the key \"{key}\" is written twice"))
        .rule("J04")
        .span(again)
        .related(first, "first written here")
        .hint("Marathon would silently keep one of the two; remove one")
}

/// The pairs of places in `keys` that hold the same key, in order of the later one.
pub(super) fn repeated<K: Ord>(keys: &[K]) -> Vec<(usize, usize)> {
    let few = keys.len() <= 16;
    if few && !keys.iter().enumerate().any(|(index, key)| keys[..index].contains(key)) {
        return Vec::new();
    }
    let mut order: Vec<usize> = (0..keys.len()).collect();
    order.sort_by(|a, b| keys[*a].cmp(&keys[*b]));
    let neighbours = order.windows(2).map(|pair| (pair[0], pair[1]));
    let mut twice: Vec<_> = neighbours.filter(|(a, b)| keys[*a] == keys[*b]).collect();
    twice.sort_by_key(|(_, again)| *again);
    twice
}

struct Pairs;

impl<'de> Visitor<'de> for Pairs {
    type Value = Vec<(Cow<'de, str>, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some(key) = map.next_key_seed(Key)? {
            bounded(pairs.len())?;
            pairs.push((key, map.next_value()?));
        }
        Ok(pairs)
    }
}

fn bounded<E: de::Error>(length: usize) -> Result<(), E> {
    if length < MOST {
        return Ok(());
    }
    Err(E::custom(format_args!("more than {MOST} elements")))
}

struct Items;

impl<'de> Visitor<'de> for Items {
    type Value = Vec<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            bounded(items.len())?;
            items.push(item);
        }
        Ok(items)
    }
}

/// A key that borrows where it can; serde's own `Cow` never does.
pub(super) struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(key))
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(key.to_owned()))
    }
}
