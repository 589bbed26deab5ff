//! What is told on stderr: one line for each pod, and findings with their source. All of it waits
//! for the end of the run, so that it stands together after the result.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use marathon_inject::command_line::{Failure, Unreadable, printable, snippets};
use marathon_inject::document::{Diagnostic, Severity, Snippets, Source};
use marathon_inject::identity::with_stars_for_tokens;
use marathon_inject::plan::{Outcome, Rewritten};
use marathon_inject::pod::{Conversion, ConvertedEntry};

/// Fewer files than this are done before a bar could be read.
const MANY_FILES: usize = 50;

/// More findings of a severity than anybody reads; the rest is only counted.
const MOST: usize = 1_000;

/// The report of a run.
pub(crate) struct Report {
    quiet: bool,
    strict: bool,
    snippets: Snippets,
    lines: Vec<Line>,
    /// Findings that fail the run, and are told even if quiet.
    faults: Vec<String>,
    errors: usize,
    warnings: usize,
    notes: usize,
    hidden: usize,
}

enum Line {
    /// What became of something: true only if the run wrote its results.
    Outcome(String),
    Finding(String),
}

impl Report {
    pub(crate) fn new(quiet: bool, strict: bool) -> Self {
        let (snippets, lines, faults) = (snippets(&io::stderr()), Vec::new(), Vec::new());
        let (errors, warnings, notes, hidden) = (0, 0, 0, 0);
        Self { quiet, strict, snippets, lines, faults, errors, warnings, notes, hidden }
    }

    /// How many findings are reasons to refuse.
    pub(crate) fn errors(&self) -> usize {
        self.errors
    }

    /// Whether the findings let the run go on. `kept_from` is what becomes of nothing otherwise, as
    /// `written`.
    ///
    /// # Errors
    /// There are reasons to refuse, or under `--strict` warnings.
    pub(crate) fn verdict(&self, kept_from: &str) -> Result<(), Failure> {
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        let (errors, warnings) = (self.errors, self.warnings);
        if errors > 0 {
            let message = format!("{errors} fault{}; nothing was {kept_from}", plural(errors));
            return Err(Failure::input(message));
        }
        if self.strict && warnings > 0 {
            let message = format!(
                "{warnings} warning{} under --strict; nothing was {kept_from}",
                plural(warnings)
            );
            return Err(Failure::gate(message));
        }
        Ok(())
    }

    /// A fault of no text that could be shown: of a flag, or of a file that cannot be read.
    pub(crate) fn fault(&mut self, fault: &Failure) {
        self.finding(Severity::Error, |_| fault.to_string());
    }

    /// An input that gives no text.
    pub(crate) fn unreadable(&mut self, why: &Unreadable) {
        match why {
            Unreadable::Failed(failure) => self.fault(failure),
            Unreadable::NoText(source, fault) => {
                self.findings(source, std::slice::from_ref(fault.as_ref()));
            }
        }
    }

    /// A warning about no document.
    pub(crate) fn warn(&mut self, words: &str) {
        self.finding(Severity::Warning, |_| format!("warning: {}", printable(words)));
    }

    /// A note about no document.
    pub(crate) fn note(&mut self, words: &str) {
        self.finding(Severity::Note, |_| format!("note: {}", printable(words)));
    }

    /// What became of an entry of a document, and what there is to say of it.
    pub(crate) fn entry(&mut self, source: &Source, rewritten: &Rewritten) {
        let Rewritten { pointer, id, outcome, findings, .. } = rewritten;
        let is_refused = *outcome == Outcome::Refused;
        self.outcome(source, id.as_deref().unwrap_or(pointer), outcome, is_refused, findings);
    }

    /// The same of a conversion.
    pub(crate) fn converted(&mut self, source: &Source, entry: &ConvertedEntry) {
        let ConvertedEntry { pointer, id, outcome, findings } = entry;
        let is_refused = *outcome == Conversion::Refused;
        self.outcome(source, id.as_deref().unwrap_or(pointer), outcome, is_refused, findings);
    }

    fn outcome(
        &mut self,
        source: &Source,
        name: &str,
        outcome: &dyn fmt::Display,
        is_refused: bool,
        findings: &[Diagnostic],
    ) {
        // An app's id is not checked: it must not speak to the terminal.
        let name = printable(name);
        let space = if name.is_empty() { "" } else { " " };
        let outcome = format!("{}: {name}{space}{outcome}", source.name());
        if is_refused {
            self.findings(source, findings);
            self.faults.push(outcome);
        } else {
            self.line(Line::Outcome(outcome));
            self.findings(source, findings);
        }
    }

    /// A document without entries, as an empty list is: success must not be silent.
    pub(crate) fn nothing(&mut self, source: &Source) {
        self.line(Line::Outcome(format!("{}: no pods and no apps in it", source.name())));
    }

    /// What there is to say of a document.
    pub(crate) fn findings(&mut self, source: &Source, findings: &[Diagnostic]) {
        if findings.is_empty() {
            return;
        }
        let source = &shown(source);
        for finding in findings {
            self.finding(finding.severity, |snippets| snippets.draw(source, finding));
        }
    }

    /// Counts a finding, and keeps it to be told if it is to be.
    fn finding(&mut self, severity: Severity, draw: impl FnOnce(&Snippets) -> String) {
        let count = match severity {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
            Severity::Note => &mut self.notes,
        };
        *count += 1;
        let fails = severity >= if self.strict { Severity::Warning } else { Severity::Error };
        if self.quiet && !fails {
            return;
        }
        if *count > MOST {
            self.hidden += 1;
            return;
        }
        let drawn = draw(&self.snippets);
        if fails {
            self.faults.push(drawn);
        } else {
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
        for fault in &self.faults {
            writeln!(stderr, "{fault}")?;
        }
        if self.hidden > 0 {
            writeln!(stderr, "note: {} more findings are not shown", self.hidden)?;
        }
        stderr.flush()
    }

    /// A bar for a long run over many files, on a terminal only.
    pub(crate) fn progress(&self, files: usize) -> Option<ProgressBar> {
        if self.quiet || files < MANY_FILES || !io::stderr().is_terminal() {
            return None;
        }
        let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {wide_msg}")
            .expect("the template is fixed");
        let bar = ProgressBar::with_draw_target(
            Some(files as u64),
            ProgressDrawTarget::stderr_with_hz(10),
        );
        bar.enable_steady_tick(Duration::from_millis(200));
        Some(bar.with_style(style))
    }
}

/// A document as its lines are shown: without join tokens.
pub(crate) fn shown(source: &Source) -> Source {
    Source::new(source.name(), with_stars_for_tokens(source.text()))
}
