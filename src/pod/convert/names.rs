//! The names of the endpoints: those that the app gives its ports, and made ones beside them.

use std::collections::HashSet;

use super::draft::Draft;
use super::place::Place;
use crate::document::Kind;

/// The name of an endpoint.
pub(super) struct Name {
    pub(super) text: String,
    /// Whether the app gave it.
    pub(super) is_given: bool,
}

/// The names in a list of ports.
pub(super) struct Names {
    taken: HashSet<String>,
}

impl Names {
    /// Knows the names that the elements of a list have.
    pub(super) fn of(list: &Place<'_>) -> Self {
        let names = list.items().filter_map(|item| item.get("name")?.text().map(str::to_owned));
        Self { taken: names.collect() }
    }

    /// The name of one element, made of its number if the app gives none.
    pub(super) fn name<'n>(
        &mut self,
        index: usize,
        item: &Place<'n>,
        draft: &mut Draft<'n>,
    ) -> Name {
        let given = draft.member(item, "name", Kind::String);
        match given.and_then(|name| name.text().map(str::to_owned)) {
            Some(text) => Name { text, is_given: true },
            None => Name { text: self.made(index), is_given: false },
        }
    }

    fn made(&mut self, index: usize) -> String {
        let plain = format!("port-{index}");
        let numbered = (2..).map(|number| format!("port-{index}-{number}"));
        let name = std::iter::once(plain).chain(numbered).find(|name| !self.taken.contains(name));
        let name = name.expect("there are more numbers than names");
        self.taken.insert(name.clone());
        name
    }
}
