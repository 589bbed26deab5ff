//! A value parsed whole, in one pass of serde_json with a cursor beside it.
//!
//! serde_json checks the syntax and hands out slices of the input; the cursor follows along and so
//! knows where each value begins and ends. It never decides what is valid.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::ops::Range;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::node::{Array, Member, Node, Object, Value};
use super::raw::{Key, closing_quote, repeated, written_twice};
use super::{Diagnostic, Path, Raw};

/// The largest value that is parsed whole, in bytes. Marathon itself stores no definition above
/// 1 MB (`--zk_max_node_size`), and a tree takes many times the memory of its text.
const MAX_TREE: usize = 4 * 1024 * 1024;

/// The same of a document with many definitions, where it has to be parsed whole.
const MAX_DOCUMENT: usize = 16 * 1024 * 1024;

impl<'a> Raw<'a> {
    /// Parses the value whole. `at` is its path, for the faults.
    ///
    /// # Errors
    /// A value above 4 MiB; every repeated key below it; a string whose escapes stand for no text;
    /// nesting beyond 127 levels, serde_json's limit (Marathon's own documents stay below 15).
    pub fn tree(&self, at: &Path<'_>) -> Result<Node<'a>, Vec<Diagnostic>> {
        faultless(self.tree_and_faults(at))
    }

    /// The same of a whole document with any number of definitions, up to 16 MiB.
    pub(super) fn tree_of_all(&self) -> Result<Node<'a>, Vec<Diagnostic>> {
        faultless(self.tree_below(&Path::root(""), MAX_DOCUMENT))
    }

    /// Like [`Raw::tree`], with the tree also where keys are repeated: what else is wrong with it
    /// can then be told too.
    pub fn tree_and_faults(&self, at: &Path<'_>) -> (Option<Node<'a>>, Vec<Diagnostic>) {
        self.tree_below(at, MAX_TREE)
    }

    fn tree_below(&self, at: &Path<'_>, most: usize) -> (Option<Node<'a>>, Vec<Diagnostic>) {
        if self.text.len() > most {
            return (None, vec![self.too_large(at, most)]);
        }
        let cursor = Cursor { raw: *self, offset: Cell::new(0), faults: RefCell::default() };
        let mut deserializer = serde_json::Deserializer::from_str(self.text);
        let grown = Grow { cursor: &cursor, path: at }.deserialize(&mut deserializer);
        let mut faults = cursor.faults.into_inner();
        let node = grown.map_err(|error| faults.push(self.refused(&error, at))).ok();
        (node, faults)
    }

    fn too_large(&self, at: &Path<'_>, most: usize) -> Diagnostic {
        Diagnostic::error(format!("larger than {} MiB", most >> 20))
            .rule("J05")
            .span(self.start..self.start + 1)
            .pointer(at.to_string())
            .hint("Marathon stores no definition above 1 MB; is this the right file?")
    }

    fn refused(&self, error: &serde_json::Error, at: &Path<'_>) -> Diagnostic {
        let fault = *self.syntax_fault(error);
        if !fault.message.contains("recursion limit") {
            return fault;
        }
        Diagnostic { message: "nested deeper than 127 levels".to_owned(), ..fault }
            .rule("J06")
            .pointer(at.to_string())
            .hint("no Marathon document nests this deep; is this the right file?")
    }
}

fn faultless<'a>(grown: (Option<Node<'a>>, Vec<Diagnostic>)) -> Result<Node<'a>, Vec<Diagnostic>> {
    match grown {
        (Some(node), faults) if faults.is_empty() => Ok(node),
        (_, faults) => Err(faults),
    }
}

/// Where serde_json is, in bytes of the value that is parsed.
struct Cursor<'a> {
    raw: Raw<'a>,
    offset: Cell<usize>,
    faults: RefCell<Vec<Diagnostic>>,
}

impl<'a> Cursor<'a> {
    fn rest(&self) -> &'a [u8] {
        &self.raw.text.as_bytes()[self.offset.get()..]
    }

    fn pass(&self, length: usize) {
        self.offset.set(self.offset.get() + length);
    }

    /// Passes white space and one `mark`, if it is there.
    fn pass_mark(&self, mark: u8) {
        self.pass_space();
        if self.rest().first() == Some(&mark) {
            self.pass(1);
            self.pass_space();
        }
    }

    fn pass_space(&self) {
        self.pass(self.rest().iter().take_while(|byte| byte.is_ascii_whitespace()).count());
    }

    /// Passes the string that begins here. `borrowed` is the slice that serde_json gave for it,
    /// where it has no escapes.
    fn pass_string(&self, borrowed: Option<&str>) {
        let length = match borrowed {
            Some(slice) => slice.len(),
            None => closing_quote(&self.raw.text[self.offset.get() + 1..]).unwrap_or(0),
        };
        self.pass(length + 2);
    }

    /// The bytes of the document from `start` to here.
    fn since(&self, start: usize) -> Range<usize> {
        self.raw.start + start..self.raw.start + self.offset.get()
    }

    fn node(&self, start: usize, value: Value<'a>) -> Node<'a> {
        let text = &self.raw.text[start..self.offset.get()];
        Node::written(Raw { text, start: self.raw.start + start }, value)
    }
}

/// Parses the value at the cursor.
#[derive(Clone, Copy)]
struct Grow<'c, 'a> {
    cursor: &'c Cursor<'a>,
    path: &'c Path<'c>,
}

impl<'a> DeserializeSeed<'a> for Grow<'_, 'a> {
    type Value = Node<'a>;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Node<'a>, D::Error> {
        let cursor = self.cursor;
        cursor.pass_space();
        let start = cursor.offset.get();
        let value = match cursor.rest().first() {
            Some(b'{') => deserializer.deserialize_map(self)?,
            Some(b'[') => deserializer.deserialize_seq(self)?,
            Some(b'"') => deserializer.deserialize_str(self)?,
            Some(b't' | b'f') => deserializer.deserialize_bool(self)?,
            Some(b'n') => deserializer.deserialize_unit(self)?,
            _ => {
                // As text: serde_json would refuse a number that no double holds.
                let number = <&RawValue>::deserialize(deserializer)?.get();
                cursor.pass(number.len());
                Value::Number(Cow::Borrowed(number))
            }
        };
        Ok(cursor.node(start, value))
    }
}

impl<'a> Visitor<'a> for Grow<'_, 'a> {
    type Value = Value<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value<'a>, E> {
        self.cursor.pass("null".len());
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, boolean: bool) -> Result<Value<'a>, E> {
        self.cursor.pass(if boolean { "true".len() } else { "false".len() });
        Ok(Value::Boolean(boolean))
    }

    fn visit_borrowed_str<E>(self, string: &'a str) -> Result<Value<'a>, E> {
        self.cursor.pass_string(Some(string));
        Ok(Value::String(Cow::Borrowed(string)))
    }

    fn visit_str<E>(self, string: &str) -> Result<Value<'a>, E> {
        self.cursor.pass_string(None);
        Ok(Value::String(Cow::Owned(string.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut seq: A) -> Result<Value<'a>, A::Error> {
        let cursor = self.cursor;
        let mut items = Vec::new();
        cursor.pass(1);
        while let Some(item) = seq.next_element_seed(Element { grow: self, index: items.len() })? {
            items.push(item);
        }
        cursor.pass_space();
        cursor.pass(1);
        Ok(Value::Array(Array::new(items)))
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Value<'a>, A::Error> {
        let cursor = self.cursor;
        let mut members: Vec<Member<'a>> = Vec::new();
        cursor.pass(1);
        while let Some(key) = map.next_key_seed(Key)? {
            cursor.pass_mark(b',');
            let start = cursor.offset.get();
            cursor.pass_string(match &key {
                Cow::Borrowed(slice) => Some(slice),
                Cow::Owned(_) => None,
            });
            let place = cursor.since(start);
            cursor.pass_mark(b':');
            let value = map.next_value_seed(Grow { cursor, path: &self.path.key(&key) })?;
            members.push(Member { key, place: Some(place), value });
        }
        cursor.pass_space();
        cursor.pass(1);
        self.find_repeated(&members);
        Ok(Value::Object(Object::new(members)))
    }
}

impl<'a> Grow<'_, 'a> {
    /// Marathon's reader keeps one of two equal keys without a word; which one was meant only a
    /// person can tell.
    fn find_repeated(&self, members: &[Member<'a>]) {
        let keys: Vec<_> = members.iter().map(Member::key).collect();
        for (first, again) in repeated(&keys) {
            let places = members[first].key_span().zip(members[again].key_span());
            let Some((first, twice)) = places else {
                continue;
            };
            let pointer = self.path.key(keys[again]).to_string();
            let fault = written_twice(keys[again], first, twice).pointer(pointer);
            self.cursor.faults.borrow_mut().push(fault);
        }
    }
}

/// Parses the array's element at the cursor.
struct Element<'c, 'a> {
    grow: Grow<'c, 'a>,
    index: usize,
}

impl<'a> DeserializeSeed<'a> for Element<'_, 'a> {
    type Value = Node<'a>;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Node<'a>, D::Error> {
        let Grow { cursor, path } = self.grow;
        cursor.pass_mark(b',');
        Grow { cursor, path: &path.index(self.index) }.deserialize(deserializer)
    }
}
