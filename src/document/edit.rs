//! RFC 6902 operations on a [`Node`] tree. Each operation sees what the ones before it made
//! (RFC 6902 §3); a tree whose patch failed is of no further use.

use std::borrow::Cow;

use json_patch::jsonptr::{Pointer, Token};
use json_patch::{Patch, PatchOperation};

use super::node::{Array, Member, Node, Object, Value};

/// Why an operation of a patch cannot be carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatchError {
    /// The value to work on, or its parent, is not there.
    #[error("nothing at {0:?}")]
    Missing(String),
    /// An array's index that is no index, or lies beyond its end.
    #[error("no such place in the array at {0:?}")]
    Index(String),
    /// A value cannot be moved into itself (RFC 6902 §4.4).
    #[error("{0:?} cannot be moved into itself")]
    IntoItself(String),
    /// A `test` operation found another value.
    #[error("the value at {0:?} is another one than the patch expects")]
    Test(String),
}

impl<'a> Node<'a> {
    /// Carries out the operations in order.
    ///
    /// # Errors
    /// The first operation that cannot be carried out.
    pub fn apply(&mut self, patch: &'a Patch) -> Result<(), PatchError> {
        patch.0.iter().try_for_each(|operation| self.operate(operation))
    }

    fn operate(&mut self, operation: &'a PatchOperation) -> Result<(), PatchError> {
        match operation {
            PatchOperation::Add(add) => self.put(&add.path, Self::from_value(&add.value)),
            PatchOperation::Remove(remove) => self.take(&remove.path).map(drop),
            PatchOperation::Replace(replace) => {
                self.replace(&replace.path, Self::from_value(&replace.value))
            }
            PatchOperation::Move(moved) => {
                if moved.from != moved.path && moved.path.starts_with(&moved.from) {
                    return Err(PatchError::IntoItself(moved.from.to_string()));
                }
                let value = self.take(&moved.from)?.detached();
                self.put(&moved.path, value)
            }
            PatchOperation::Copy(copy) => {
                let value = self.at(&copy.from).ok_or_else(|| missing(&copy.from))?.detached();
                self.put(&copy.path, value)
            }
            PatchOperation::Test(test) => match self.at(&test.path) {
                Some(node) if node.to_value() == test.value => Ok(()),
                Some(_) => Err(PatchError::Test(test.path.to_string())),
                None => Err(missing(&test.path)),
            },
        }
    }

    /// Has the value at `path` written as `text`, which must spell the value it has: how an
    /// emptied array gets back the white space that it had between its brackets.
    ///
    /// # Errors
    /// There is no value at `path`.
    pub fn respell(&mut self, path: &Pointer, text: &'a str) -> Result<(), PatchError> {
        let node = self.reach(path).ok_or_else(|| missing(path))?;
        node.text = Some(text);
        node.touched = false;
        Ok(())
    }

    /// The value at a JSON pointer.
    pub fn at(&self, path: &Pointer) -> Option<&Self> {
        path.tokens().try_fold(self, |node, token| match &node.value {
            Value::Array(array) => array.items.get(index(&token, array.items.len())?),
            Value::Object(_) => node.member(&token.decoded()),
            _ => None,
        })
    }

    /// The value at `path` to be changed: all on the way to it counts as touched.
    fn reach(&mut self, path: &Pointer) -> Option<&mut Self> {
        path.tokens().try_fold(self, |node, token| {
            node.touched = true;
            match &mut node.value {
                Value::Array(array) => {
                    let at = index(&token, array.items.len())?;
                    array.items.get_mut(at)
                }
                Value::Object(object) => {
                    let at = object.position(&token.decoded())?;
                    Some(&mut object.members[at].value)
                }
                _ => None,
            }
        })
    }

    /// RFC 6902 §4.1: a member is added or replaced, an element inserted.
    fn put(&mut self, path: &Pointer, value: Self) -> Result<(), PatchError> {
        let Some((parent, last)) = path.split_back() else {
            *self = value;
            return Ok(());
        };
        let node = self.reach(parent).ok_or_else(|| missing(parent))?;
        node.touched = true;
        match &mut node.value {
            Value::Array(array) => array.insert(&last, value).ok_or_else(|| bad_index(path)),
            Value::Object(object) => {
                object.set(last.decoded().into_owned(), value);
                Ok(())
            }
            _ => Err(missing(path)),
        }
    }

    /// RFC 6902 §4.2.
    fn take(&mut self, path: &Pointer) -> Result<Self, PatchError> {
        let (parent, last) = path.split_back().ok_or_else(|| missing(path))?;
        let node = self.reach(parent).ok_or_else(|| missing(path))?;
        node.touched = true;
        match &mut node.value {
            Value::Array(array) => array.remove(&last),
            Value::Object(object) => object.remove(&last.decoded()),
            _ => None,
        }
        .ok_or_else(|| missing(path))
    }

    /// RFC 6902 §4.3.
    fn replace(&mut self, path: &Pointer, value: Self) -> Result<(), PatchError> {
        let node = self.reach(path).ok_or_else(|| missing(path))?;
        node.become_fresh(value);
        Ok(())
    }

    /// Takes over another value at the place it stands at.
    fn become_fresh(&mut self, value: Self) {
        let place = self.place.take();
        *self = Self { place, ..value };
    }

    /// A copy that stands nowhere.
    fn detached(&self) -> Node<'a> {
        let value = match &self.value {
            Value::Array(array) => {
                Value::Array(Array::new(array.items.iter().map(Self::detached).collect()))
            }
            Value::Object(object) => {
                let member = |member: &Member<'a>| Member {
                    key: member.key.clone(),
                    place: None,
                    value: member.value.detached(),
                };
                Value::Object(Object::new(object.members.iter().map(member).collect()))
            }
            other => other.clone(),
        };
        Node::fresh(value)
    }
}

impl<'a> Array<'a> {
    /// `-` appends; an index may be one past the end (RFC 6902 §4.1).
    fn insert(&mut self, token: &Token<'_>, value: Node<'a>) -> Option<()> {
        let length = self.items.len();
        let at = if token.encoded() == "-" { length } else { index(token, length + 1)? };
        self.remember();
        self.items.insert(at, value);
        Some(())
    }

    fn remove(&mut self, token: &Token<'_>) -> Option<Node<'a>> {
        let at = index(token, self.items.len())?;
        self.remember();
        Some(self.items.remove(at))
    }

    /// Keeps where the elements stand, before the first one comes or goes.
    fn remember(&mut self) {
        if self.stood.is_none() {
            self.stood = Some(self.items.iter().filter_map(Node::span).collect());
        }
    }
}

impl<'a> Object<'a> {
    fn position(&self, key: &str) -> Option<usize> {
        self.members.iter().position(|member| member.key == key)
    }

    fn set(&mut self, key: String, value: Node<'a>) {
        if let Some(at) = self.position(&key) {
            self.members[at].value.become_fresh(value);
        } else {
            self.remember();
            self.members.push(Member { key: Cow::Owned(key), place: None, value });
        }
    }

    fn remove(&mut self, key: &str) -> Option<Node<'a>> {
        let at = self.position(key)?;
        self.remember();
        Some(self.members.remove(at).value)
    }

    /// Keeps where the members stand, before the first one comes or goes.
    fn remember(&mut self) {
        if self.stood.is_none() {
            self.stood = Some(self.members.iter().filter_map(Member::span).collect());
        }
    }
}

/// An array index below `length`, as RFC 6901 §4 spells it: no sign, no leading zero.
fn index(token: &Token<'_>, length: usize) -> Option<usize> {
    let digits = token.encoded();
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    if !plain || digits.is_empty() || (digits.len() > 1 && digits.starts_with('0')) {
        return None;
    }
    digits.parse().ok().filter(|index| *index < length)
}

fn missing(path: &Pointer) -> PatchError {
    PatchError::Missing(path.to_string())
}

fn bad_index(path: &Pointer) -> PatchError {
    PatchError::Index(path.to_string())
}
