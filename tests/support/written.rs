//! JSON values written in the ways in which people and programs write them.

use proptest::prelude::*;
use serde_json::Value;

/// A way of writing.
#[derive(Clone, Debug)]
pub(crate) enum Style {
    /// All on one line, without blanks.
    Compact,
    /// All on one line, with a blank after commas and colons.
    Inline,
    /// A line for each value, all of it indented by `base` levels.
    Pretty { indent: &'static str, newline: &'static str, base: usize },
    /// White space wherever JSON allows some; the bytes choose it.
    Wild(Vec<u8>),
}

pub(crate) fn style() -> impl Strategy<Value = Style> {
    let indent = prop_oneof![Just("  "), Just("    "), Just("\t"), Just(" "), Just("")];
    let newline = prop_oneof![Just("\n"), Just("\r\n")];
    prop_oneof![
        Just(Style::Compact),
        Just(Style::Inline),
        (indent, newline, 0..3usize).prop_map(|(indent, newline, base)| Style::Pretty {
            indent,
            newline,
            base
        }),
        prop::collection::vec(any::<u8>(), 1..40).prop_map(Style::Wild),
    ]
}

/// What stands before a document's value.
pub(crate) fn beginning() -> impl Strategy<Value = &'static str> {
    prop_oneof![5 => Just(""), 1 => Just(" "), 1 => Just("\n\t"), 1 => Just("\u{feff}")]
}

/// What stands after a document's value.
pub(crate) fn ending() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just(""), Just("\n"), Just("\r\n"), Just("\n\n  ")]
}

/// Writes a value.
pub(crate) fn written(value: &Value, style: &Style) -> String {
    let mut writer = Writer { style, turn: 0, out: String::new() };
    if let Style::Pretty { indent, base, .. } = style {
        writer.out.push_str(&indent.repeat(*base));
    }
    writer.value(value, 0);
    writer.out
}

struct Writer<'s> {
    style: &'s Style,
    turn: usize,
    out: String,
}

impl Writer<'_> {
    fn value(&mut self, value: &Value, depth: usize) {
        match value {
            Value::Array(items) => {
                self.children('[', items.iter().map(|item| (None, item)), ']', depth);
            }
            Value::Object(members) => {
                let members = members.iter().map(|(key, value)| (Some(key.as_str()), value));
                self.children('{', members, '}', depth);
            }
            Value::String(text) => self.string(text),
            other => self.out.push_str(&other.to_string()),
        }
    }

    fn children<'v>(
        &mut self,
        open: char,
        children: impl ExactSizeIterator<Item = (Option<&'v str>, &'v Value)>,
        close: char,
        depth: usize,
    ) {
        let empty = children.len() == 0;
        self.out.push(open);
        for (index, (key, value)) in children.enumerate() {
            if index > 0 {
                self.out.push(',');
            }
            self.space(depth + 1, index > 0);
            if let Some(key) = key {
                self.string(key);
                self.colon();
            }
            self.value(value, depth + 1);
        }
        if empty {
            self.wild();
        } else {
            self.space(depth, false);
        }
        self.out.push(close);
    }

    /// Strings keep the spellings that JSON leaves open: `\/`, and `\u` escapes.
    fn string(&mut self, text: &str) {
        let quoted = serde_json::to_string(text).unwrap();
        self.out.push_str(&match self.style {
            Style::Wild(bytes) if bytes[0] % 3 == 0 => quoted.replace('/', "\\/"),
            Style::Wild(bytes) if bytes[0] % 3 == 1 => quoted.replace('a', "\\u0061"),
            _ => quoted,
        });
    }

    fn colon(&mut self) {
        match self.style {
            Style::Compact => self.out.push(':'),
            Style::Inline | Style::Pretty { .. } => self.out.push_str(": "),
            Style::Wild(_) => {
                self.wild();
                self.out.push(':');
                self.wild();
            }
        }
    }

    fn space(&mut self, depth: usize, after_comma: bool) {
        match self.style {
            Style::Compact => {}
            Style::Inline => self.out.push_str(if after_comma { " " } else { "" }),
            Style::Pretty { indent, newline, base } => {
                self.out.push_str(newline);
                self.out.push_str(&indent.repeat(base + depth));
            }
            Style::Wild(_) => self.wild(),
        }
    }

    fn wild(&mut self) {
        let Style::Wild(bytes) = self.style else { return };
        let byte = bytes[self.turn % bytes.len()];
        self.turn += 1;
        let space = ["", "", " ", "  ", "\n", "\n  ", "\r\n\t", "\n    ", "\t", " \n"];
        self.out.push_str(space[byte as usize % space.len()]);
    }
}
