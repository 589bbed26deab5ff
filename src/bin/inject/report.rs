//! What is told on stderr: one line for each pod, and findings with their source. All of it waits
//! for the end of the run, so that it stands together after the result.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use marathon_inject::document::{Diagnostic, Severity, Snippets, Source};
use marathon_inject::plan::{Outcome, Rewritten};

/// Fewer files than this are done before a bar could be read.
const MANY_FILES: usize = 50;

/// The report of a run.
pub(crate) struct Report {
    quiet: bool,
    snippets: Snippets,
    lines: Vec<Line>,
    /// Findings that are told even if quiet.
    faults: String,
    warnings: usize,
    errors: usize,
}

enum Line {
    /// What became of something: true only if the run wrote its results.
    Outcome(String),
    Finding(String),
}

impl Report {
    pub(crate) fn new(quiet: bool) -> Self {
        let choice = anstream::AutoStream::choice(&io::stderr());
        let snippets = Snippets::new(choice != anstream::ColorChoice::Never);
        let (lines, faults) = (Vec::new(), String::new());
        Self { quiet, snippets, lines, faults, warnings: 0, errors: 0 }
    }

    pub(crate) fn snippets(&self) -> &Snippets {
        &self.snippets
    }

    /// How many findings are reasons to refuse.
    pub(crate) fn errors(&self) -> usize {
        self.errors
    }

    /// How many findings fail a strict run.
    pub(crate) fn warnings(&self) -> usize {
        self.warnings
    }

    /// A warning about no document.
    pub(crate) fn warn(&mut self, words: &str) {
        self.warnings += 1;
        self.line(Line::Finding(format!("warning: {words}")));
    }

    /// A note about no document.
    pub(crate) fn note(&mut self, words: &str) {
        self.line(Line::Finding(format!("note: {words}")));
    }

    /// What became of an entry of a document, and what there is to say of it.
    pub(crate) fn entry(&mut self, source: &Source, rewritten: &Rewritten) {
        let name = rewritten.id.as_deref().unwrap_or(&rewritten.pointer);
        let space = if name.is_empty() { "" } else { " " };
        if rewritten.outcome != Outcome::Refused {
            let outcome = format!("{}: {name}{space}{}", source.name(), rewritten.outcome);
            self.line(Line::Outcome(outcome));
        }
        self.findings(source, &rewritten.findings);
    }

    /// A document without entries, as an empty list is: success must not be silent.
    pub(crate) fn nothing(&mut self, source: &Source) {
        self.line(Line::Outcome(format!("{}: nothing in it to inject", source.name())));
    }

    /// What there is to say of a document.
    pub(crate) fn findings(&mut self, source: &Source, findings: &[Diagnostic]) {
        for finding in findings {
            let drawn = self.snippets.draw(source, finding);
            match finding.severity {
                Severity::Error => {
                    self.errors += 1;
                    let _ = writeln!(self.faults, "{drawn}");
                    continue;
                }
                Severity::Warning => self.warnings += 1,
                Severity::Note => {}
            }
            self.line(Line::Finding(drawn));
        }
    }

    fn line(&mut self, line: Line) {
        if !self.quiet {
            self.lines.push(line);
        }
    }

    /// Tells it. Faults come last, where they are seen.
    pub(crate) fn tell(&self, written: bool) -> io::Result<()> {
        let mut stderr = io::BufWriter::new(anstream::stderr().lock());
        for line in &self.lines {
            match line {
                Line::Outcome(line) if written => writeln!(stderr, "{line}")?,
                Line::Outcome(_) => {}
                Line::Finding(line) => writeln!(stderr, "{line}")?,
            }
        }
        stderr.write_all(self.faults.as_bytes())?;
        stderr.flush()
    }

    /// A bar for a long run over many files, on a terminal only.
    pub(crate) fn progress(&self, files: usize) -> ProgressBar {
        if self.quiet || files < MANY_FILES || !io::stderr().is_terminal() {
            return ProgressBar::hidden();
        }
        let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {wide_msg}")
            .expect("the template is fixed");
        let bar = ProgressBar::with_draw_target(
            Some(files as u64),
            ProgressDrawTarget::stderr_with_hz(10),
        );
        bar.enable_steady_tick(Duration::from_millis(200));
        bar.with_style(style)
    }
}
