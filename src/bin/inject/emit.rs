//! How a changed document is written: itself, as an RFC 6902 patch, or as a unified diff.

use std::io::{self, Write};

use camino::{Utf8Component, Utf8PathBuf};
use json_patch::jsonptr::PointerBuf;
use json_patch::{Patch, PatchOperation};
use marathon_inject::command_line::Input;
use marathon_inject::document::{Source, Splice};
use marathon_inject::identity::without_tokens;
use marathon_inject::plan::{Change, Rewritten};

use crate::apps::Apps;
use crate::args::Emit;
use crate::report::Report;
use crate::rewriting::each_entry;

/// A document on its way.
pub(crate) struct Document<'d> {
    pub(crate) input: &'d Input,
    pub(crate) read: &'d Source,
    /// Its apps, if they were to be pods.
    pub(crate) apps: Apps,
    /// What is done to its pods, if anything is.
    pub(crate) change: Option<Change<'d>>,
}

impl Document<'_> {
    /// Writes it; whether it is another one than was read.
    pub(crate) fn write(
        &self,
        emit: Emit,
        out: &mut impl Write,
        report: &mut Report,
    ) -> io::Result<bool> {
        match (emit, &self.apps) {
            (_, Apps::Refused) => Ok(false),
            (Emit::Json, _) => self.json(out, report),
            (Emit::Patch, _) => self.patch(out, report),
            (Emit::Diff, _) => self.diff(out, report),
        }
    }

    fn converted(&self) -> Option<(&Source, &Patch)> {
        match &self.apps {
            Apps::Converted(source, patch) => Some((source, patch)),
            Apps::None | Apps::Refused => None,
        }
    }

    fn json(&self, out: &mut impl Write, report: &mut Report) -> io::Result<bool> {
        let source = self.converted().map_or(self.read, |(source, _)| source);
        let mut changed = self.converted().is_some();
        let mut splice = Splice::new(source.text(), out);
        self.each_entry(report, |rewritten| {
            let Some(text) = rewritten.text else {
                return Ok(());
            };
            changed = true;
            splice.replace(rewritten.place, &text)
        })?;
        splice.finish()?;
        Ok(changed)
    }

    /// The patch of the whole document, an operation a line.
    fn patch(&self, out: &mut impl Write, report: &mut Report) -> io::Result<bool> {
        let mut before = "[";
        let mut operation = |operation: &PatchOperation| {
            write!(out, "{before}\n  ")?;
            before = ",";
            Ok(serde_json::to_writer(&mut *out, operation)?)
        };
        let conversion = self.converted().map(|(_, patch)| patch.0.iter());
        conversion.into_iter().flatten().try_for_each(&mut operation)?;
        self.each_entry(report, |rewritten| {
            let operations = rewritten.patch.0.into_iter();
            let mut operations = operations.map(|operation| below(&rewritten.pointer, operation));
            operations.try_for_each(|below| operation(&below))
        })?;
        let changed = before == ",";
        out.write_all(if changed { b"\n]\n" } else { b"[]\n" })?;
        Ok(changed)
    }

    /// The unified diff, with names that `patch -p1` takes.
    fn diff(&self, out: &mut impl Write, report: &mut Report) -> io::Result<bool> {
        let mut text = Vec::with_capacity(self.read.text().len());
        let changed = self.json(&mut text, report)?;
        if changed {
            let name = name_in_diff(self.input);
            // A tab ends a name that has blanks.
            let end = if name.contains(char::is_whitespace) { "\t" } else { "" };
            let (a, b) = (format!("a/{name}{end}"), format!("b/{name}{end}"));
            let diff = similar::TextDiff::from_lines(self.read.text().as_bytes(), text.as_slice());
            let diff = diff.unified_diff().header(&a, &b).to_string();
            // Rather a diff that does not apply than a token in the log of a pipeline.
            out.write_all(without_tokens(&diff).as_bytes())?;
        }
        Ok(changed)
    }

    fn each_entry(
        &self,
        report: &mut Report,
        each: impl FnMut(Rewritten) -> io::Result<()>,
    ) -> io::Result<()> {
        let source = self.converted().map_or(self.read, |(source, _)| source);
        self.change.map_or(Ok(()), |change| each_entry(change, source, report, each))
    }
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
