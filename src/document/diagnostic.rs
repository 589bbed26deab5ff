//! What went wrong, as data: the place is a span of the source and a JSON pointer, the words are
//! for the reader. Showing it is the business of [`Snippets`](super::Snippets).

use std::ops::Range;

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing; never a reason to fail.
    Note,
    /// Probably not what was meant; a strict run fails on it.
    Warning,
    /// The input is refused.
    Error,
}

/// One finding about a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How much it weighs.
    pub severity: Severity,
    /// The rule it comes from, as `V26`, where there is one.
    pub rule: Option<&'static str>,
    /// What is wrong, in one line without a final period.
    pub message: String,
    /// The bytes of the source it is about.
    pub span: Option<Range<usize>>,
    /// The JSON pointer (RFC 6901) of the value it is about.
    pub pointer: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
    /// Another place that explains this one.
    pub related: Option<(Range<usize>, String)>,
}

impl Diagnostic {
    /// A reason to refuse the input.
    pub fn error(message: impl Into<String>) -> Self {
        Self::new(Severity::Error, message)
    }

    /// Something that is probably not what was meant.
    pub fn warning(message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, message)
    }

    /// Something worth knowing.
    pub fn note(message: impl Into<String>) -> Self {
        Self::new(Severity::Note, message)
    }

    fn new(severity: Severity, message: impl Into<String>) -> Self {
        Self {
            severity,
            rule: None,
            message: message.into(),
            span: None,
            pointer: None,
            hint: None,
            related: None,
        }
    }

    /// Names the rule it comes from.
    #[must_use]
    pub fn rule(mut self, rule: &'static str) -> Self {
        self.rule = Some(rule);
        self
    }

    /// Puts it at bytes of the source.
    #[must_use]
    pub fn span(mut self, span: impl Into<Option<Range<usize>>>) -> Self {
        self.span = span.into();
        self
    }

    /// Puts it at a JSON pointer.
    #[must_use]
    pub fn pointer(mut self, pointer: impl Into<String>) -> Self {
        self.pointer = Some(pointer.into());
        self
    }

    /// Says what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds another place that explains this one.
    #[must_use]
    pub fn related(mut self, span: Range<usize>, label: impl Into<String>) -> Self {
        self.related = Some((span, label.into()));
        self
    }
}
