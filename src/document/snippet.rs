//! Diagnostics as people read them: message, file with line and column, the source line, the
//! hint. annotate-snippets draws them.

use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::raw::floor_char_boundary;
use super::{Diagnostic, Severity, Source, shown};

/// A line longer than this, in bytes, is cut before it is drawn: a document can be one line of
/// megabytes. Up to here the renderer itself cuts to the width of a terminal.
const LONG_LINE: usize = 1000;

/// What is left of a line that was cut, in bytes.
const WINDOW: usize = 120;

/// Draws diagnostics.
#[derive(Debug)]
pub struct Snippets {
    renderer: Renderer,
}

impl Snippets {
    /// With colours and other escapes for a terminal, or without.
    pub fn new(colour: bool) -> Self {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        Self { renderer: renderer.decor_style(DecorStyle::Ascii) }
    }

    /// A diagnostic about `source`, without a final newline.
    pub fn draw(&self, source: &Source, diagnostic: &Diagnostic) -> String {
        let level = match diagnostic.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
            Severity::Note => Level::NOTE,
        };
        let mut title = level.primary_title(diagnostic.message.as_str());
        if let Some(rule) = diagnostic.rule {
            title = title.id(rule);
        }
        let mut group = Group::with_title(title);
        // A key of the document: the renderer would give it to the terminal as it is.
        let pointer = shown(diagnostic.pointer.as_deref().unwrap_or_default(), LONG_LINE);
        match &diagnostic.span {
            Some(span) => {
                group = excerpt(group, source, span, &pointer, AnnotationKind::Primary);
            }
            None => group = group.element(Origin::path(place(source, &pointer))),
        }
        if let Some((span, label)) = &diagnostic.related {
            group = excerpt(group, source, span, label, AnnotationKind::Context);
        }
        if let Some(hint) = &diagnostic.hint {
            group = group.element(Level::HELP.message(hint.as_str()));
        }
        self.renderer.render(&[group])
    }
}

fn place(source: &Source, pointer: &str) -> String {
    match pointer {
        "" => source.name().to_owned(),
        pointer => format!("{}: {pointer}", source.name()),
    }
}

/// The line that `span` begins on, with the part of the span that the line holds marked.
fn excerpt<'g>(
    group: Group<'g>,
    source: &'g Source,
    span: &Range<usize>,
    label: &'g str,
    kind: AnnotationKind,
) -> Group<'g> {
    let line = source.line_span(span.start);
    let text = source.text();
    let start = floor_char_boundary(text, span.start.min(line.end));
    let end = ceil_char_boundary(text, span.end.clamp(start, line.end));
    let long = line.len() > LONG_LINE;
    let window = if long { window(text, &line, start) } else { line };
    let shown = text[window.clone()].trim_start_matches('\u{feff}');
    let from = window.end - shown.len();
    let mark = start.clamp(from, window.end) - from..end.clamp(from, window.end) - from;
    let annotation = kind.span(mark);
    let annotation = if label.is_empty() { annotation } else { annotation.label(label) };
    let position = source.position(start);
    let snippet = Snippet::source(shown).line_start(position.line).fold(false);
    let snippet = snippet.annotation(annotation);
    if long {
        // The renderer would count columns from the window's edge.
        let origin = format!("{}:{}:{}", source.name(), position.line, position.column);
        group.element(Origin::path(origin)).element(snippet)
    } else {
        group.element(snippet.path(source.name()))
    }
}

/// The part of a long line around `start`.
fn window(text: &str, line: &Range<usize>, start: usize) -> Range<usize> {
    let from = floor_char_boundary(text, start.saturating_sub(WINDOW / 2).max(line.start));
    from..floor_char_boundary(text, line.end.min(from + WINDOW))
}

/// The nearest character boundary at or after `offset`.
fn ceil_char_boundary(text: &str, offset: usize) -> usize {
    (offset..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len())
}
