//! Whether a name is among others, asked for many names: no pod, however large, takes time with the
//! product of what it declares and what refers to that.

use std::cell::{Cell, OnceCell};
use std::collections::HashSet;

/// So many questions are answered by comparing, which needs no memory; few pods ask more.
const FEW: usize = 16;

/// The names of some items.
pub(in crate::pod) struct Lookup<'n, T> {
    items: &'n [T],
    name: fn(&'n T) -> Option<&'n str>,
    asked: Cell<usize>,
    /// The names, once there are many questions.
    all: OnceCell<HashSet<&'n str>>,
}

impl<'n, T> Lookup<'n, T> {
    pub(in crate::pod) fn new(items: &'n [T], name: fn(&'n T) -> Option<&'n str>) -> Self {
        Self { items, name, asked: Cell::new(0), all: OnceCell::new() }
    }

    pub(in crate::pod) fn items(&self) -> &'n [T] {
        self.items
    }

    pub(in crate::pod) fn names(&self) -> impl Iterator<Item = &'n str> {
        self.items.iter().filter_map(self.name)
    }

    /// Whether one of the items has this name.
    pub(in crate::pod) fn has(&self, name: &str) -> bool {
        let asked = self.asked.get();
        if asked < FEW {
            self.asked.set(asked + 1);
            return self.names().any(|known| known == name);
        }
        self.all.get_or_init(|| self.names().collect()).contains(name)
    }
}

/// A look-up among names that stand alone.
impl<'n> From<&'n [String]> for Lookup<'n, String> {
    fn from(names: &'n [String]) -> Self {
        Self::new(names, |name| Some(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_questions_get_the_same_answers_as_few() {
        let names: Vec<String> = (0..9).map(|number| format!("v{number}")).collect();
        let lookup = Lookup::from(names.as_slice());
        for _ in 0..FEW {
            assert!(lookup.has("v8") && !lookup.has("v9") && !lookup.has(""));
        }
        assert!(lookup.all.get().is_some());
    }
}
