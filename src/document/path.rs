//! The way from a document's root to a value, as a chain on the stack: walking costs nothing, and
//! the text is made only for the value that has something wrong.

use std::fmt;

use json_patch::jsonptr::Token;

/// A step of the way, and the way before it.
#[derive(Clone, Copy, Debug)]
pub struct Path<'p> {
    parent: Option<&'p Path<'p>>,
    step: Step<'p>,
    depth: usize,
}

#[derive(Clone, Copy, Debug)]
enum Step<'p> {
    Root(&'p str),
    Key(&'p str),
    Index(usize),
}

impl<'p> Path<'p> {
    /// The root of a tree that stands at `pointer` (a JSON pointer) of its document; `""` is the
    /// whole document.
    pub fn root(pointer: &'p str) -> Self {
        Self { parent: None, step: Step::Root(pointer), depth: 0 }
    }

    /// The member `key` of the object at this path.
    pub fn key(&'p self, key: &'p str) -> Self {
        self.step(Step::Key(key))
    }

    /// How many steps there are from the root.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// The element `index` of the array at this path.
    pub fn index(&'p self, index: usize) -> Self {
        self.step(Step::Index(index))
    }

    fn step(&'p self, step: Step<'p>) -> Self {
        Self { parent: Some(self), step, depth: self.depth + 1 }
    }
}

impl fmt::Display for Path<'_> {
    /// The JSON pointer (RFC 6901).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            parent.fmt(f)?;
        }
        match self.step {
            Step::Root(pointer) => f.write_str(pointer),
            Step::Key(key) => write!(f, "/{}", Token::new(key).encoded()),
            Step::Index(index) => write!(f, "/{index}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_escaped_as_rfc_6901_says() {
        let root = Path::root("/pods/3");
        let labels = root.key("labels");
        let key = labels.key("sidecar.istio.io/in~ject");
        assert_eq!(key.to_string(), "/pods/3/labels/sidecar.istio.io~1in~0ject");
        assert_eq!(root.key("containers").index(0).to_string(), "/pods/3/containers/0");
    }
}
