//! The main job, and those like it: read, change, stage; and only if every document is fine, write.

use std::io::{BufWriter, Write};

use marathon_inject::command_line::{Failure, Input, printable, unless_unread};
use marathon_inject::plan::{Change, Injector};

use crate::apps::{Apps, Telling, as_pods};
use crate::args::{Emit, InjectArgs, InputArgs, OutputArgs, PlainArgs};
use crate::emit::Document;
use crate::inputs::inputs;
use crate::outputs::{Outputs, Staged};
use crate::report::Report;
use crate::settings::injector;

/// Whether anything was changed, or would have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Changed {
    Nothing,
    Something,
}

/// What is done to every document.
enum Job {
    Inject(Box<Injector>),
    /// Apps are injected as pods.
    ConvertAndInject(Box<Injector>),
    Convert,
    Remove,
}

/// Runs `inject` without a subcommand.
pub(crate) fn inject(args: &InjectArgs) -> Result<Changed, Failure> {
    told(&args.source.input, |report| {
        let injector = injector(&args.source, report).map(Box::new);
        let job = if args.apps.convert_apps { Job::ConvertAndInject } else { Job::Inject };
        work(injector.map(job), &args.output, &args.source.input, report)
    })
}

/// Runs `inject convert`.
pub(crate) fn convert(args: &PlainArgs) -> Result<Changed, Failure> {
    told(&args.input, |report| work(Some(Job::Convert), &args.output, &args.input, report))
}

/// Runs `inject remove`.
pub(crate) fn remove(args: &PlainArgs) -> Result<Changed, Failure> {
    told(&args.input, |report| work(Some(Job::Remove), &args.output, &args.input, report))
}

/// Does something, and tells what there is to say of it.
fn told(
    args: &InputArgs,
    work: impl FnOnce(&mut Report) -> Result<Changed, Failure>,
) -> Result<Changed, Failure> {
    let mut report = Report::new(args.quiet, args.strict);
    let done = work(&mut report);
    // Where stderr is closed there is nobody left to tell; the exit code still says it.
    let _ = report.tell(done.is_ok());
    done
}

/// Without a job there are faults already, to which those of the arguments are added.
fn work(
    job: Option<Job>,
    output: &OutputArgs,
    input: &InputArgs,
    report: &mut Report,
) -> Result<Changed, Failure> {
    let inputs = inputs(input, |_, fault| report.fault(fault))?;
    let outputs = Outputs::new(output, &inputs)?;
    let Some(job) = job else {
        return report.verdict("written").map(|()| Changed::Nothing);
    };
    let several = inputs.len() > 1;
    let mut run = Run { outputs, job, emit: output.emit, several, changed: Changed::Nothing };
    let progress = report.progress(inputs.len());
    let done = inputs.iter().try_for_each(|input| {
        if let Some(progress) = &progress {
            progress.set_message(printable(input.name()));
            progress.inc(1);
        }
        run.document(input, report)
    });
    if let Some(progress) = progress {
        progress.finish_and_clear();
    }
    done?;
    report.verdict("written")?;
    unless_unread(run.outputs.release())?;
    Ok(run.changed)
}

struct Run {
    job: Job,
    outputs: Outputs,
    emit: Emit,
    several: bool,
    changed: Changed,
}

impl Job {
    fn change(&self) -> Option<Change<'_>> {
        match self {
            Self::Inject(injector) | Self::ConvertAndInject(injector) => {
                Some(Change::Inject(injector))
            }
            Self::Convert => None,
            Self::Remove => Some(Change::Remove),
        }
    }

    /// What is told of the conversion of apps, if they are to be pods.
    fn telling(&self) -> Option<Telling> {
        match self {
            Self::ConvertAndInject(_) => Some(Telling::Apps),
            Self::Convert => Some(Telling::Everything),
            Self::Inject(_) | Self::Remove => None,
        }
    }
}

impl Run {
    fn document(&mut self, input: &Input, report: &mut Report) -> Result<(), Failure> {
        let source = match input.read() {
            Ok(source) => source,
            Err(why) => {
                report.unreadable(&why);
                return Ok(());
            }
        };
        let only_changes = self.outputs.only_changes();
        let mut staged = self.outputs.stage(input).unwrap_or_else(|fault| {
            report.fault(&fault);
            Staged::Nowhere
        });
        let mut out = BufWriter::new(&mut staged);
        let apps = match self.job.telling() {
            Some(telling) => as_pods(&source, telling, report),
            None => Apps::None,
        };
        let document = Document { input, read: &source, apps, change: self.job.change() };
        let changed = document.write(self.emit, &mut out, report)?;
        // One after the other, documents need something between them.
        if self.several && self.emit == Emit::Json && !source.text().ends_with('\n') {
            out.write_all(b"\n")?;
        }
        out.flush()?;
        drop(out);
        if changed {
            self.changed = Changed::Something;
        }
        if let Staged::File(file, target) = staged
            && (changed || !only_changes)
        {
            self.outputs.keep(*file, target)?;
        }
        Ok(())
    }
}
