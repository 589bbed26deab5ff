//! The main job: read, inject, stage; and only if every document is fine, write.

use std::io::{self, BufWriter, Write};

use camino::{Utf8Component, Utf8PathBuf};
use json_patch::PatchOperation;
use json_patch::jsonptr::PointerBuf;
use marathon_inject::command_line::{Failure, Input, printable, unless_unread};
use marathon_inject::document::{Source, Splice};
use marathon_inject::plan::{Change, Injector};

use crate::args::{Emit, InjectArgs};
use crate::inputs::inputs;
use crate::outputs::{Outputs, Staged};
use crate::report::Report;
use crate::rewriting::each_entry;
use crate::settings::injector;

/// Whether anything was changed, or would have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Changed {
    Nothing,
    Something,
}

/// Runs `inject` without a subcommand.
pub(crate) fn run(args: &InjectArgs) -> Result<Changed, Failure> {
    let mut report = Report::new(args.source.quiet, args.source.strict);
    let done = work(args, &mut report);
    // Where stderr is closed there is nobody left to tell; the exit code still says it.
    let _ = report.tell(done.is_ok());
    done
}

/// All but telling.
fn work(args: &InjectArgs, report: &mut Report) -> Result<Changed, Failure> {
    let injector = injector(&args.source, report);
    let inputs = inputs(&args.source, report)?;
    let outputs = Outputs::new(args, &inputs)?;
    let Some(injector) = injector else {
        return report.verdict("written").map(|()| Changed::Nothing);
    };
    let mut run = Run {
        outputs,
        injector,
        emit: args.emit,
        several: inputs.len() > 1,
        changed: Changed::Nothing,
    };
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
    injector: Injector,
    outputs: Outputs,
    emit: Emit,
    several: bool,
    changed: Changed,
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
        let changed = match self.emit {
            Emit::Json => json(&self.injector, &source, &mut out, report, self.several)?,
            Emit::Patch => patch(&self.injector, &source, &mut out, report)?,
            Emit::Diff => diff(&self.injector, &source, &name_in_diff(input), &mut out, report)?,
        };
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

/// The document; whether it is another one than before.
fn json(
    injector: &Injector,
    source: &Source,
    out: &mut impl Write,
    report: &mut Report,
    several: bool,
) -> io::Result<bool> {
    let mut changed = false;
    let mut splice = Splice::new(source.text(), &mut *out);
    each_entry(Change::Inject(injector), source, report, |rewritten| {
        let Some(text) = rewritten.text else {
            return Ok(());
        };
        changed = true;
        splice.replace(rewritten.place, &text)
    })?;
    splice.finish()?;
    // One after the other, documents need something between them.
    if several && !source.text().ends_with('\n') {
        out.write_all(b"\n")?;
    }
    Ok(changed)
}

/// The patch of the whole document, an operation a line.
fn patch(
    injector: &Injector,
    source: &Source,
    out: &mut impl Write,
    report: &mut Report,
) -> io::Result<bool> {
    let mut before = "[";
    each_entry(Change::Inject(injector), source, report, |rewritten| {
        for operation in rewritten.patch.0 {
            let operation = below(&rewritten.pointer, operation);
            write!(out, "{before}\n  ")?;
            serde_json::to_writer(&mut *out, &operation)?;
            before = ",";
        }
        Ok(())
    })?;
    let changed = before == ",";
    out.write_all(if changed { b"\n]\n" } else { b"[]\n" })?;
    Ok(changed)
}

/// An operation on an entry as one on its document.
fn below(pointer: &str, mut operation: PatchOperation) -> PatchOperation {
    let put = |path: &mut PointerBuf| {
        *path =
            PointerBuf::parse(format!("{pointer}{path}")).expect("two pointers in a row are one");
    };
    match &mut operation {
        PatchOperation::Add(add) => put(&mut add.path),
        PatchOperation::Remove(remove) => put(&mut remove.path),
        PatchOperation::Replace(replace) => put(&mut replace.path),
        PatchOperation::Test(test) => put(&mut test.path),
        PatchOperation::Move(moved) => {
            put(&mut moved.from);
            put(&mut moved.path);
        }
        PatchOperation::Copy(copy) => {
            put(&mut copy.from);
            put(&mut copy.path);
        }
    }
    operation
}

/// The name in a diff, one that patch(1) takes: no root, and no way up, before it.
fn name_in_diff(input: &Input) -> String {
    let Input::File { path, .. } = input else {
        return "stdin".to_owned();
    };
    let named = |part: &Utf8Component<'_>| matches!(part, Utf8Component::Normal(_));
    let below = path.components().skip_while(|part| !named(part));
    below.collect::<Utf8PathBuf>().into_string()
}

/// The unified diff, with names that `patch -p1` takes.
fn diff(
    injector: &Injector,
    source: &Source,
    name: &str,
    out: &mut impl Write,
    report: &mut Report,
) -> io::Result<bool> {
    let mut text = Vec::with_capacity(source.text().len());
    let changed = json(injector, source, &mut text, report, false)?;
    if changed {
        // A tab ends a name that has blanks.
        let end = if name.contains(char::is_whitespace) { "\t" } else { "" };
        let (a, b) = (format!("a/{name}{end}"), format!("b/{name}{end}"));
        let diff = similar::TextDiff::from_lines(source.text().as_bytes(), text.as_slice());
        diff.unified_diff().header(&a, &b).to_writer(out)?;
    }
    Ok(changed)
}
