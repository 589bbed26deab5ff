//! What a check found, with lines and columns in place of spans: all that a format needs once the
//! documents are gone.

use std::collections::BTreeMap;
use std::ops::Range;

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};
use marathon_inject::check::{Checked, Document, Page, State, page};
use marathon_inject::command_line::{Failure, Unreadable, printable, snippets};
use marathon_inject::document::{Diagnostic, Position, Severity, Snippets, Source};

use crate::args::{CheckArgs, CheckFormat};
use crate::report::shown;

/// The code of an input that cannot be read.
const UNREADABLE: &str = "J09";

/// More findings of a severity than anybody reads; people are only told how many more there are.
const MOST: usize = 1_000;

/// What is written about some codes.
pub(super) type Pages = BTreeMap<&'static str, Option<Page>>;

/// All that was found, in the order of the inputs.
pub(super) struct Results {
    pub(super) items: Vec<Item>,
    pub(super) quiet: bool,
    strict: bool,
    /// Draws findings for people; none for programs.
    snippets: Option<Snippets>,
    counts: [usize; 3],
}

/// A line of the result.
pub(super) enum Item {
    Entry(Standing),
    Finding(Finding),
    /// A document without entries, as an empty list is: success must not be silent.
    Nothing {
        file: String,
    },
}

/// How an entry of a document stands.
pub(super) struct Standing {
    pub(super) file: String,
    pub(super) pointer: String,
    pub(super) id: Option<String>,
    pub(super) state: State,
}

/// A finding that needs its document no more.
pub(super) struct Finding {
    pub(super) file: String,
    pub(super) code: &'static str,
    pub(super) severity: Severity,
    pub(super) message: String,
    pub(super) hint: Option<String>,
    pub(super) pointer: Option<String>,
    /// None where the file gives no text.
    pub(super) place: Option<Place>,
    pub(super) related: Option<(Place, String)>,
    /// As people read it.
    pub(super) drawn: Option<String>,
}

/// A range of a text. The end is the place after the last character.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) start: Position,
    pub(super) end: Position,
}

impl Place {
    fn of(span: &Range<usize>, source: &Source) -> Self {
        Self { start: source.position(span.start), end: source.position(span.end) }
    }
}

impl Results {
    pub(super) fn new(args: &CheckArgs) -> Self {
        let snippets = (args.format == CheckFormat::Human).then(|| snippets(&std::io::stdout()));
        let (quiet, strict) = (args.source.input.quiet, args.source.input.strict);
        Self { items: Vec::new(), quiet, strict, snippets, counts: [0; 3] }
    }

    /// A document that was checked.
    pub(super) fn document(&mut self, file: &str, source: &Source, document: Document) {
        if document.entries.is_empty() && document.faults.is_empty() {
            self.items.push(Item::Nothing { file: file.to_owned() });
        }
        for Checked { pointer, id, state, findings, .. } in document.entries {
            self.items.push(Item::Entry(Standing { file: file.to_owned(), pointer, id, state }));
            self.findings(file, source, findings);
        }
        self.findings(file, source, document.faults);
    }

    /// An input that gives no text.
    pub(super) fn no_text(&mut self, file: &str, why: Unreadable) {
        match why {
            Unreadable::Failed(failure) => self.unreadable(file, &failure),
            Unreadable::NoText(source, fault) => self.findings(file, &source, vec![*fault]),
        }
    }

    /// A file that cannot be read, or is not there.
    pub(super) fn unreadable(&mut self, file: &str, why: &Failure) {
        let (message, hint) = (why.message(), "name a file that is there and can be read");
        let drawn = self
            .snippets
            .as_ref()
            .map(|_| format!("error[{UNREADABLE}]: {}\n  = help: {hint}", printable(message)));
        let about = format!("{file}: ");
        self.finding(Finding {
            file: file.to_owned(),
            code: UNREADABLE,
            severity: Severity::Error,
            message: message.strip_prefix(&about).unwrap_or(message).to_owned(),
            hint: Some(hint.to_owned()),
            pointer: None,
            place: None,
            related: None,
            drawn,
        });
    }

    fn findings(&mut self, file: &str, source: &Source, findings: Vec<Diagnostic>) {
        if findings.is_empty() {
            return;
        }
        let source = &shown(source);
        for finding in findings {
            let snippets = self.snippets.as_ref().filter(|_| self.count(finding.severity) < MOST);
            let drawn = snippets.map(|snippets| snippets.draw(source, &finding));
            self.finding(located(file, source, finding, drawn));
        }
    }

    fn finding(&mut self, finding: Finding) {
        self.counts[finding.severity as usize] += 1;
        if self.fails(finding.severity) || !self.quiet {
            self.items.push(Item::Finding(finding));
        }
    }

    /// How many findings of a severity there are.
    pub(super) fn count(&self, severity: Severity) -> usize {
        self.counts[severity as usize]
    }

    /// Whether a finding of this severity fails the check.
    fn fails(&self, severity: Severity) -> bool {
        severity >= if self.strict { Severity::Warning } else { Severity::Error }
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = &Standing> {
        self.items.iter().filter_map(|item| match item {
            Item::Entry(standing) => Some(standing),
            _ => None,
        })
    }

    pub(super) fn list(&self) -> impl Iterator<Item = &Finding> {
        self.items.iter().filter_map(|item| match item {
            Item::Finding(finding) => Some(finding),
            _ => None,
        })
    }

    /// The codes of the findings, sorted, each with what is written about it.
    pub(super) fn pages(&self) -> Pages {
        let mut pages = Pages::new();
        for finding in self.list() {
            pages.entry(finding.code).or_insert_with(|| page(finding.code));
        }
        pages
    }

    /// Whether every document could be read.
    pub(super) fn all_read(&self) -> bool {
        !self.list().any(Finding::is_of_the_document)
    }

    /// How the run ends.
    ///
    /// # Errors
    /// A document could not be read, or findings fail the check.
    pub(super) fn verdict(&self) -> Result<(), Failure> {
        let unread = self.list().filter(|finding| finding.is_of_the_document()).count();
        let (errors, warnings) = (self.count(Severity::Error), self.count(Severity::Warning));
        if unread > 0 {
            let words = format!("{} of documents that cannot be read", counted(unread, "fault"));
            return Err(Failure::input(words));
        }
        if errors > 0 {
            return Err(Failure::gate(counted(errors, "error")));
        }
        if self.strict && warnings > 0 {
            let words = format!("{} under --strict", counted(warnings, "warning"));
            return Err(Failure::gate(words));
        }
        Ok(())
    }
}

impl Finding {
    /// Its file as services that look it up in a repository know it: without `.` on the way.
    pub(super) fn path(&self) -> Utf8PathBuf {
        let parts = Utf8Path::new(&self.file).components();
        let path: Utf8PathBuf = parts.filter(|part| *part != Utf8Component::CurDir).collect();
        if path.as_str().is_empty() { ".".into() } else { path }
    }

    /// Whether it is about the text, which then is no document.
    fn is_of_the_document(&self) -> bool {
        self.severity == Severity::Error && self.code.starts_with('J')
    }
}

fn located(file: &str, source: &Source, finding: Diagnostic, drawn: Option<String>) -> Finding {
    let place = finding.span.as_ref().map(|span| Place::of(span, source));
    let related = finding.related.map(|(span, label)| (Place::of(&span, source), label));
    Finding {
        file: file.to_owned(),
        code: finding.rule.unwrap_or_default(),
        severity: finding.severity,
        message: finding.message,
        hint: finding.hint,
        pointer: finding.pointer,
        place,
        related,
        drawn,
    }
}

/// The word of a severity, the same in every format.
pub(super) fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

/// Such as `1 error`, `2 errors`.
pub(super) fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}
