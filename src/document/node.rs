//! A parsed value that remembers where it was written. Values that a patch brings in have no
//! place; both kinds live in one tree, so that what injection makes can be checked like what a
//! person wrote.

use std::borrow::Cow;
use std::ops::Range;

use super::{Kind, Raw};

/// A value and, where it was written by hand, its place.
#[derive(Clone, Debug)]
pub struct Node<'a> {
    pub(super) value: Value<'a>,
    /// The bytes of the document that it stands at, or that the value it replaced stood at.
    pub(super) place: Option<Range<usize>>,
    /// The text it was written as; a value that a patch brought in has none.
    pub(super) text: Option<&'a str>,
    /// Whether a patch changed something at or below it.
    pub(super) touched: bool,
}

/// The value itself. A number is its text: no precision is lost.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the variants are JSON's own")]
pub enum Value<'a> {
    Null,
    Boolean(bool),
    Number(Cow<'a, str>),
    String(Cow<'a, str>),
    Array(Array<'a>),
    Object(Object<'a>),
}

/// The elements of an array.
#[derive(Clone, Debug)]
pub struct Array<'a> {
    pub(super) items: Vec<Node<'a>>,
    /// Where the elements stood before the first one came or went.
    pub(super) stood: Option<Vec<Range<usize>>>,
}

/// The members of an object, in order.
#[derive(Clone, Debug)]
pub struct Object<'a> {
    pub(super) members: Vec<Member<'a>>,
    /// Where the members stood before the first one came or went.
    pub(super) stood: Option<Vec<Range<usize>>>,
}

/// A key and its value.
#[derive(Clone, Debug)]
pub struct Member<'a> {
    pub(super) key: Cow<'a, str>,
    /// Where the key stands, quotes included.
    pub(super) place: Option<Range<usize>>,
    pub(super) value: Node<'a>,
}

impl<'a> Node<'a> {
    pub(super) fn written(raw: Raw<'a>, value: Value<'a>) -> Self {
        Self { value, place: Some(raw.span()), text: Some(raw.text()), touched: false }
    }

    pub(super) fn fresh(value: Value<'a>) -> Self {
        Self { value, place: None, text: None, touched: false }
    }

    /// A node without a place, from a value that the program built.
    pub fn from_value(value: &'a serde_json::Value) -> Self {
        use serde_json::Value as Json;
        Self::fresh(match value {
            Json::Null => Value::Null,
            Json::Bool(boolean) => Value::Boolean(*boolean),
            Json::Number(number) => Value::Number(Cow::Owned(number.to_string())),
            Json::String(string) => Value::String(Cow::Borrowed(string)),
            Json::Array(items) => {
                Value::Array(Array::new(items.iter().map(Self::from_value).collect()))
            }
            Json::Object(map) => {
                let member = |(key, value): (&'a String, &'a Json)| Member {
                    key: Cow::Borrowed(key),
                    place: None,
                    value: Self::from_value(value),
                };
                Value::Object(Object::new(map.iter().map(member).collect()))
            }
        })
    }

    /// The value.
    pub fn value(&self) -> &Value<'a> {
        &self.value
    }

    /// What sort of value it is.
    pub fn kind(&self) -> Kind {
        match self.value {
            Value::Null => Kind::Null,
            Value::Boolean(_) => Kind::Boolean,
            Value::Number(_) => Kind::Number,
            Value::String(_) => Kind::String,
            Value::Array(_) => Kind::Array,
            Value::Object(_) => Kind::Object,
        }
    }

    /// Where it was written, in bytes of the document; `None` for what a patch brought in.
    pub fn span(&self) -> Option<Range<usize>> {
        self.place.clone()
    }

    /// The text as written; `None` for what a patch brought in or changed.
    pub fn text(&self) -> Option<&'a str> {
        self.text.filter(|_| !self.touched)
    }

    /// The string, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(string) => Some(string),
            _ => None,
        }
    }

    /// The number as written, if it is one.
    pub fn as_number(&self) -> Option<&str> {
        match &self.value {
            Value::Number(number) => Some(number),
            _ => None,
        }
    }

    /// The number as a double, if it is one.
    pub fn as_f64(&self) -> Option<f64> {
        self.as_number()?.parse().ok()
    }

    /// The number as an integer, if it is one and written as one.
    pub fn as_i64(&self) -> Option<i64> {
        self.as_number()?.parse().ok()
    }

    /// The boolean, if it is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self.value {
            Value::Boolean(boolean) => Some(boolean),
            _ => None,
        }
    }

    /// Whether it is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self.value, Value::Null)
    }

    /// The elements; none if it is no array.
    pub fn items(&self) -> &[Self] {
        match &self.value {
            Value::Array(array) => &array.items,
            _ => &[],
        }
    }

    /// The members; none if it is no object.
    pub fn members(&self) -> &[Member<'a>] {
        match &self.value {
            Value::Object(object) => &object.members,
            _ => &[],
        }
    }

    /// The member `key`, `null` included.
    pub fn member(&self, key: &str) -> Option<&Self> {
        self.members().iter().find(|member| member.key == key).map(|member| &member.value)
    }

    /// The member `key`, where `null` counts as absent: so Marathon reads optional members.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.member(key).filter(|node| !node.is_null())
    }

    /// The value for programs. A number that no double can hold becomes `null`.
    pub fn to_value(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match &self.value {
            Value::Null => Json::Null,
            Value::Boolean(boolean) => Json::Bool(*boolean),
            Value::Number(number) => serde_json::from_str(number).unwrap_or(Json::Null),
            Value::String(string) => Json::String(string.to_string()),
            Value::Array(array) => array.items.iter().map(Self::to_value).collect(),
            Value::Object(object) => {
                let pair = |member: &Member<'a>| (member.key.to_string(), member.value.to_value());
                Json::Object(object.members.iter().map(pair).collect())
            }
        }
    }
}

impl<'a> Array<'a> {
    pub(super) fn new(items: Vec<Node<'a>>) -> Self {
        Self { items, stood: None }
    }
}

impl<'a> Object<'a> {
    pub(super) fn new(members: Vec<Member<'a>>) -> Self {
        Self { members, stood: None }
    }
}

impl<'a> Member<'a> {
    /// The key, unescaped.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Where the key was written, quotes included.
    pub fn key_span(&self) -> Option<Range<usize>> {
        self.place.clone()
    }

    /// The value.
    pub fn value(&self) -> &Node<'a> {
        &self.value
    }

    /// From the key to the end of the value.
    pub(super) fn span(&self) -> Option<Range<usize>> {
        Some(self.key_span()?.start..self.value.span()?.end)
    }
}
