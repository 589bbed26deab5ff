//! The result, on stdout: a table for people, a document for programs.

use std::io::{self, Write};

use marathon_inject::command_line::{Failure, printable};
use marathon_inject::document::{Diagnostic, Position};
use marathon_inject::marathon::Container;
use serde::Serialize;

use super::pods::{Collected, Pod};
use super::record::{Action, End, Failed, Record};
use super::trouble;
use crate::args::Format;

/// The version of the document: what it has only grows under it.
const VERSION: u32 = 1;

/// A line of the table, an element of the document.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row<'r> {
    id: &'r str,
    file: &'r str,
    action: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    result: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pod_version: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deployment: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    faults: Vec<Fault>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    containers: Vec<Broken<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rolled_back: Option<bool>,
}

/// Something that Marathon finds wrong with a pod.
#[derive(Serialize)]
struct Fault {
    /// A JSON pointer (RFC 6901) into the document, as it is after injection.
    path: String,
    message: String,
    #[serde(flatten)]
    place: Option<Place>,
}

/// Where the file has what is wrong.
#[derive(Serialize)]
struct Place {
    line: usize,
    column: usize,
}

/// A container that failed.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Broken<'r> {
    name: &'r str,
    status: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    exit_code: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'r str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'r> {
    version: u32,
    dry_run: bool,
    pods: &'r [Row<'r>],
}

/// Prints what became of the pods.
pub(crate) fn print(format: Format, pods: &[Pod], records: &[Record]) -> Result<(), Failure> {
    let rows: Vec<_> = pods.iter().zip(records).map(|(pod, record)| row(pod, record)).collect();
    write(format, false, &rows)
}

/// Prints what would be done with the pods.
pub(crate) fn print_plan(
    format: Format,
    collected: &Collected,
    records: &[Record],
) -> Result<(), Failure> {
    let planned = collected.pods.iter().zip(records).map(|(pod, record)| {
        let action = planned(record.action.get());
        Row { action, result: "", ..row(pod, record) }
    });
    let refused = collected.refused.iter().map(|refused| {
        let id = refused.id.as_deref().unwrap_or("");
        Row { action: "refused", ..Row::empty(id, &refused.file) }
    });
    let rows: Vec<_> = planned.chain(refused).collect();
    write(format, true, &rows)
}

fn planned(action: Option<Action>) -> &'static str {
    match action {
        Some(Action::Create) => "create",
        Some(Action::Update) => "update",
        Some(Action::Leave) => "unchanged",
        None => "unknown",
    }
}

impl<'r> Row<'r> {
    fn empty(id: &'r str, file: &'r str) -> Self {
        Self {
            id,
            file,
            action: "",
            result: "",
            pod_version: None,
            deployment: None,
            seconds: None,
            error: None,
            faults: Vec::new(),
            containers: Vec::new(),
            rolled_back: None,
        }
    }
}

fn row<'r>(pod: &'r Pod, record: &'r Record) -> Row<'r> {
    let (end, taken) = (record.end.get(), record.taken.get());
    Row {
        action: match record.action.get() {
            Some(Action::Create) if taken.is_some() => "created",
            Some(Action::Update) if taken.is_some() => "updated",
            Some(Action::Leave) => "unchanged",
            _ if record.is_uncertain() => "unknown",
            _ => "none",
        },
        result: match end {
            Some(End::Stable) => "stable",
            Some(End::Submitted | End::Left) => "not followed",
            Some(End::Marathon(_) | End::Failed(_)) => "failed",
            None if record.action.get().is_some() => "interrupted",
            None => "not begun",
        },
        pod_version: taken.map(|taken| taken.version.as_str()),
        deployment: taken.and_then(|taken| taken.deployment.as_deref()),
        seconds: end.map(|_| record.took.get().as_millis() as f64 / 1000.0),
        error: end.and_then(trouble::in_short),
        faults: end.map_or_else(Vec::new, |end| faults(pod, end)),
        containers: end.map_or(&[][..], trouble::containers).iter().map(broken).collect(),
        rolled_back: match end {
            Some(End::Failed(Failed { undone: Some(undone), .. })) => Some(undone.is_ok()),
            _ => None,
        },
        ..Row::empty(&pod.id, pod.source.name())
    }
}

fn faults(pod: &Pod, end: &End) -> Vec<Fault> {
    let found = pod.diagnostics(trouble::faults(end)).into_iter();
    let fault = |it: Diagnostic| Fault {
        path: it.pointer.unwrap_or_default(),
        message: it.message,
        place: it.span.map(|span| {
            let Position { line, column } = pod.source.position(span.start);
            Place { line, column }
        }),
    };
    found.map(fault).collect()
}

fn broken(container: &Container) -> Broken<'_> {
    let termination = container.termination.as_ref();
    let message = termination.and_then(|it| it.message.as_deref());
    Broken {
        name: &container.name,
        status: &container.status,
        exit_code: termination.and_then(|it| it.exit_code),
        message: message.or(container.message.as_deref()),
    }
}

fn write(format: Format, dry_run: bool, rows: &[Row<'_>]) -> Result<(), Failure> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    match format {
        Format::Json => {
            let document = Document { version: VERSION, dry_run, pods: rows };
            serde_json::to_writer_pretty(&mut out, &document).map_err(io::Error::from)?;
            writeln!(out)?;
        }
        Format::Text => table(&mut out, rows)?,
    }
    Ok(out.flush()?)
}

/// Columns as wide as what is in them; those with nothing in them are left out.
fn table(out: &mut impl Write, rows: &[Row<'_>]) -> io::Result<()> {
    let heads = ["POD", "ACTION", "RESULT", "SECONDS", "VERSION", "DEPLOYMENT", "FILE"];
    let cells: Vec<[String; 7]> = rows.iter().map(cells).collect();
    let width = |column: usize| {
        cells.iter().map(|row| row[column].chars().count()).max().filter(|width| *width > 0)
    };
    let shown: Vec<_> =
        (0..heads.len()).filter_map(|column| Some((column, width(column)?))).collect();
    let line = |out: &mut dyn Write, cell: &dyn Fn(usize) -> String| {
        let padded = shown.iter().map(|(column, width)| {
            let width = (*width).max(heads[*column].len());
            format!("{:width$}", cell(*column))
        });
        writeln!(out, "{}", padded.collect::<Vec<_>>().join("  ").trim_end())
    };
    line(out, &|column| heads[column].to_owned())?;
    cells.iter().try_for_each(|row| line(out, &|column| row[column].clone()))
}

fn cells(row: &Row<'_>) -> [String; 7] {
    [
        printable(row.id),
        row.action.to_owned(),
        match row.rolled_back {
            Some(true) => "rolled back".to_owned(),
            _ => row.result.to_owned(),
        },
        row.seconds.map(|seconds| format!("{seconds:.1}")).unwrap_or_default(),
        printable(row.pod_version.unwrap_or_default()),
        printable(row.deployment.unwrap_or_default()),
        row.file.to_owned(),
    ]
}
