//! `inject check`: the gate for pipelines. Its findings are the result, so they go to standard
//! output, in the format that was asked for.

#[cfg(feature = "bundle")]
mod bundle;
mod explain;
mod github;
mod human;
mod json;
mod previous;
mod results;
mod sarif;

use std::collections::HashSet;

use marathon_inject::check::{Checker, Document, Stage};
use marathon_inject::command_line::{Failure, Input, print, printable, unless_unread};
use marathon_inject::document::Source;

use crate::args::{CheckArgs, CheckFormat};
use crate::inputs::inputs;
use crate::report::Report;
use crate::settings::injector;
#[cfg(feature = "bundle")]
use bundle::Bundles;
use results::Results;

/// Runs `inject check`.
pub(crate) fn run(args: &CheckArgs) -> Result<(), Failure> {
    if let Some(code) = &args.explain {
        return explain::print_page(code);
    }
    let results = results(args)?;
    let text = match args.format {
        CheckFormat::Human => human::text(&results),
        CheckFormat::Json => json::text(&results),
        CheckFormat::Sarif => sarif::text(&results),
        CheckFormat::Github => github::text(&results),
    };
    unless_unread(print(text.as_bytes()))?;
    results.verdict()
}

/// All that is found in all the documents.
fn results(args: &CheckArgs) -> Result<Results, Failure> {
    let mut report = Report::new(args.source.input.quiet, args.source.input.strict);
    let injector = injector(&args.source, &mut report);
    let previous = previous::read(args.previous.as_deref(), &mut report);
    // Where stderr is closed there is nobody left to tell; the exit code still says it.
    let _ = report.tell(true);
    report.verdict("checked")?;
    let injector = injector.ok_or_else(|| Failure::input("the settings have faults"))?;
    let stage = if args.uninjected { Stage::Written } else { Stage::Deployed };
    let mut results = Results::new(args);
    let mut inputs =
        inputs(&args.source.input, |path, fault| results.unreadable(path.as_str(), fault))?;
    // A file that is named twice, as in `pods pods/a.json`, is no second definition.
    let mut seen = HashSet::new();
    inputs.retain(|input| seen.insert(input.name().to_owned()));
    let mut run = Run {
        checker: Checker::new(&injector, stage, previous),
        #[cfg(feature = "bundle")]
        bundles: Bundles::of(args, &injector)?,
        results,
    };
    let progress = report.progress(inputs.len());
    for input in &inputs {
        if let Some(progress) = &progress {
            progress.set_message(printable(input.name()));
            progress.inc(1);
        }
        run.document(input);
    }
    if let Some(progress) = progress {
        progress.finish_and_clear();
    }
    Ok(run.results)
}

struct Run<'i> {
    checker: Checker<'i>,
    #[cfg(feature = "bundle")]
    bundles: Bundles<'i>,
    results: Results,
}

impl Run<'_> {
    fn document(&mut self, input: &Input) {
        match input.read() {
            Ok(source) => {
                let document = self.check(&source);
                self.results.document(input.name(), &source, document);
            }
            Err(why) => self.results.no_text(input.name(), why),
        }
    }

    #[cfg(feature = "bundle")]
    fn check(&mut self, source: &Source) -> Document {
        let mut document = self.checker.check(source);
        self.bundles.look_at(&mut document);
        document
    }

    #[cfg(not(feature = "bundle"))]
    fn check(&mut self, source: &Source) -> Document {
        self.checker.check(source)
    }
}
