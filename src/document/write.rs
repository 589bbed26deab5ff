//! The text of an edited tree. What no patch touched is copied from the document; what came or
//! went takes only its own text and one separator with it, so that taking out what was put in
//! gives the old bytes back.

use std::cell::Cell;
use std::ops::Range;

use super::layout::{self, Layout};
use super::node::{Member, Node, Value};

/// Room for what is typically added, in bytes: the buffer seldom has to grow.
const ROOM: usize = 10_000;

impl Node<'_> {
    /// The text of this tree, a part of `document` that may have been edited.
    pub fn write(&self, document: &str, layout: &Layout) -> String {
        let Range { start, end } = self.span().unwrap_or_default();
        let out = Vec::with_capacity(end - start + ROOM);
        let mut out = Writer { document, start, layout, line: Cell::new((start, None)), out };
        let indent = out.indent_at(start);
        out.node(self, &indent);
        String::from_utf8(out.out).expect("pieces of text in a row are text")
    }
}

struct Writer<'w> {
    document: &'w str,
    /// Where the tree starts.
    start: usize,
    layout: &'w Layout,
    /// The last offset whose line was looked for, and where that line begins, if within the
    /// tree: the next one is mostly further on, and a line can be long.
    line: Cell<(usize, Option<usize>)>,
    out: Vec<u8>,
}

/// A child of an array or an object: where it stands, and how it is written.
trait Child {
    fn span(&self) -> Option<Range<usize>>;
    fn node(&self) -> &Node<'_>;
    fn write(&self, writer: &mut Writer<'_>, indent: &str);
}

impl Child for Node<'_> {
    fn span(&self) -> Option<Range<usize>> {
        self.place.clone()
    }

    fn node(&self) -> &Node<'_> {
        self
    }

    fn write(&self, writer: &mut Writer<'_>, indent: &str) {
        writer.node(self, indent);
    }
}

impl Child for Member<'_> {
    fn span(&self) -> Option<Range<usize>> {
        Member::span(self)
    }

    fn node(&self) -> &Node<'_> {
        &self.value
    }

    fn write(&self, writer: &mut Writer<'_>, indent: &str) {
        match (&self.place, self.value.span()) {
            (Some(key), Some(value)) => {
                writer.push(&writer.document[key.start..value.start]);
            }
            _ => {
                writer.string(&self.key);
                let colon = &writer.layout.colon;
                writer.push(colon);
            }
        }
        writer.node(&self.value, indent);
    }
}

impl Writer<'_> {
    /// `indent` is the indentation of the line that the value begins on.
    fn node(&mut self, node: &Node<'_>, indent: &str) {
        match (node.text, node.touched, &node.place) {
            (Some(text), false, _) => self.push(text),
            (Some(_), true, Some(place)) => self.edited(node, place),
            _ => self.fresh(node, indent),
        }
    }

    fn edited(&mut self, node: &Node<'_>, place: &Range<usize>) {
        match &node.value {
            Value::Array(array) => self.container(&array.items, array.stood.as_deref(), place),
            Value::Object(object) => {
                self.container(&object.members, object.stood.as_deref(), place);
            }
            _ => self.push(&self.document[place.clone()]),
        }
    }

    /// An array or an object of the document, some of whose children changed, came or went.
    /// `stood` is where its children stood, if any came or went.
    fn container<C: Child>(
        &mut self,
        children: &[C],
        stood: Option<&[Range<usize>]>,
        place: &Range<usize>,
    ) {
        let (open, close) = (place.start + 1, place.end - 1);
        self.push(&self.document[place.start..open]);
        match stood {
            None => self.in_place(children, open, close),
            Some([]) => self.filled(children, place.start),
            Some(stood) if !children.is_empty() => self.changed(children, stood, open, close),
            Some(_) => {}
        }
        self.push(&self.document[close..place.end]);
    }

    /// All children are where they were; something below them changed.
    fn in_place<C: Child>(&mut self, children: &[C], open: usize, close: usize) {
        let mut from = open;
        // What is as it was needs no look at its line, which can be long.
        for child in children {
            let Some(span) = child.span().filter(|_| !self.is_as_it_was(child.node())) else {
                continue;
            };
            self.push(&self.document[from..span.start]);
            child.write(self, &self.indent_at(span.start));
            from = span.end;
        }
        self.push(&self.document[from..close]);
    }

    fn is_as_it_was(&self, node: &Node<'_>) -> bool {
        let there = node.place.clone().map(|place| &self.document[place]);
        node.text().zip(there).is_some_and(|(text, there)| std::ptr::eq(text, there))
    }

    /// Children where there were none.
    fn filled<C: Child>(&mut self, children: &[C], start: usize) {
        let outer = self.indent_at(start);
        let inner = format!("{outer}{}", self.layout.unit);
        self.fresh_children(children, &inner);
        self.break_line(&outer);
    }

    /// Children came or went. Between two that stayed, the text before the later one stays; a new
    /// one stands as the first one did.
    fn changed<C: Child>(
        &mut self,
        children: &[C],
        stood: &[Range<usize>],
        open: usize,
        close: usize,
    ) {
        let lead = &self.document[open..stood[0].start];
        let indent = match lead.rfind('\n') {
            Some(newline) => lead[newline + 1..].to_owned(),
            None => self.indent_at(open),
        };
        self.push(lead);
        for (index, child) in children.iter().enumerate() {
            let was = child
                .span()
                .and_then(|span| stood.binary_search_by_key(&span.start, |range| range.start).ok());
            match was {
                _ if index == 0 => {}
                Some(was) if was > 0 => {
                    self.push(&self.document[stood[was - 1].end..stood[was].start]);
                }
                _ => self.separate(lead),
            }
            child.write(self, &indent);
        }
        let last = stood[stood.len() - 1].end;
        self.push(&self.document[last..close]);
    }

    /// The separator before a child that was not there.
    fn separate(&mut self, lead: &str) {
        if lead.contains('\n') {
            self.push(",");
            self.push(lead);
        } else {
            self.push(if self.layout.newline.is_some() { ", " } else { self.layout.comma });
        }
    }

    /// A value that was not in the document.
    fn fresh(&mut self, node: &Node<'_>, indent: &str) {
        match &node.value {
            Value::Null => self.push("null"),
            Value::Boolean(boolean) => self.push(if *boolean { "true" } else { "false" }),
            Value::Number(number) => self.push(number),
            Value::String(string) => self.string(string),
            Value::Array(array) => self.fresh_container("[", &array.items, "]", indent),
            Value::Object(object) => self.fresh_container("{", &object.members, "}", indent),
        }
    }

    fn fresh_container<C: Child>(&mut self, open: &str, children: &[C], close: &str, indent: &str) {
        self.push(open);
        if !children.is_empty() {
            let inner = format!("{indent}{}", self.layout.unit);
            self.fresh_children(children, &inner);
            self.break_line(indent);
        }
        self.push(close);
    }

    fn fresh_children<C: Child>(&mut self, children: &[C], indent: &str) {
        for (index, child) in children.iter().enumerate() {
            if index > 0 {
                let comma = if self.layout.newline.is_some() { "," } else { self.layout.comma };
                self.push(comma);
            }
            self.break_line(indent);
            child.write(self, indent);
        }
    }

    fn break_line(&mut self, indent: &str) {
        if let Some(newline) = self.layout.newline {
            self.push(newline);
            self.push(indent);
        }
    }

    fn push(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn string(&mut self, string: &str) {
        serde_json::to_writer(&mut self.out, string).expect("a string always serialises");
    }

    /// The indentation of the line that `offset` stands on.
    fn indent_at(&self, offset: usize) -> String {
        if self.layout.newline.is_none() {
            return String::new();
        }
        match self.line_start(offset) {
            Some(line) => layout::blank_of(&self.document[line..offset]).to_owned(),
            None => layout::indent_at(self.document, self.start),
        }
    }

    /// Where the line of `offset` starts; none if it is the one on which the tree begins.
    fn line_start(&self, offset: usize) -> Option<usize> {
        let (seen, line) = self.line.get();
        let (from, line) = if seen <= offset { (seen, line) } else { (self.start, None) };
        let newline = self.document[from..offset].rfind('\n');
        let line = newline.map(|newline| from + newline + 1).or(line);
        self.line.set((offset, line));
        line
    }
}
