//! Diagnostics as people read them: message, file with line and column, the source line, the
//! hint. annotate-snippets draws them.

use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet};

use super::source::floor_char_boundary;
use super::{Diagnostic, Severity, Source};

/// The most of a source line that is shown, in bytes: a document can be one line of megabytes.
const WINDOW: usize = 120;

/// Draws diagnostics.
#[derive(Debug)]
pub struct Snippets {
    renderer: Renderer,
}

impl Snippets {
    /// With colours and other escapes for a terminal, or without.
    pub fn new(colour: bool) -> Self {
        let renderer = if colour {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        Self {
            renderer: renderer.decor_style(DecorStyle::Ascii),
        }
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
        match &diagnostic.span {
            Some(span) => {
                let label = diagnostic
                    .pointer
                    .as_deref()
                    .filter(|pointer| !pointer.is_empty());
                group = excerpt(
                    group,
                    source,
                    span,
                    label.unwrap_or(""),
                    AnnotationKind::Primary,
                );
            }
            None => group = group.element(Origin::path(place(source, diagnostic))),
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

fn place(source: &Source, diagnostic: &Diagnostic) -> String {
    match diagnostic.pointer.as_deref() {
        None | Some("") => source.name().to_owned(),
        Some(pointer) => format!("{}: {pointer}", source.name()),
    }
}

/// The line that `span` begins on, cut to a window where it is long, with the part of the span
/// that the line holds marked.
fn excerpt<'g>(
    group: Group<'g>,
    source: &'g Source,
    span: &Range<usize>,
    label: &'g str,
    kind: AnnotationKind,
) -> Group<'g> {
    let line = source.line_span(span.start);
    let text = source.text();
    let start = span.start.min(line.end);
    let end = span.end.clamp(start, line.end);
    let from = match start - line.start {
        before if before > WINDOW / 2 && line.len() > WINDOW => {
            floor_char_boundary(text, start - WINDOW / 2)
        }
        _ => line.start,
    };
    let to = floor_char_boundary(text, line.end.min(from + WINDOW));
    let shown = text[from..to].trim_start_matches('\u{feff}');
    let from = to - shown.len();
    let mark = start.clamp(from, to) - from..end.clamp(from, to) - from;
    let position = source.position(start);
    let origin = format!("{}:{}:{}", source.name(), position.line, position.column);
    let annotation = kind.span(mark);
    let annotation = if label.is_empty() {
        annotation
    } else {
        annotation.label(label)
    };
    let snippet = Snippet::source(shown).line_start(position.line).fold(false);
    group
        .element(Element::from(Origin::path(origin)))
        .element(Element::from(snippet.annotation(annotation)))
}
