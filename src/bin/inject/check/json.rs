//! The result as a document for programs.

use serde::Serialize;

use super::results::{Finding, Pages, Results, Standing, word};

/// The version of the document: what it has only grows under it.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'r> {
    version: u32,
    pods: Vec<Entry<'r>>,
    findings: Vec<Found<'r>>,
}

#[derive(Serialize)]
struct Entry<'r> {
    file: &'r str,
    pointer: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'r str>,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// What injection would change.
    #[serde(skip_serializing_if = "Option::is_none")]
    differences: Option<Vec<&'r str>>,
}

/// Lines and columns count from 1, columns in characters; the end is the place after the last one.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Found<'r> {
    code: &'static str,
    severity: &'static str,
    message: &'r str,
    file: &'r str,
    #[serde(flatten)]
    region: Option<Region>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pointer: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'r str>,
    /// What the code means.
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
}

pub(super) fn text(results: &Results) -> String {
    let pages = results.pages();
    let document = Document {
        version: VERSION,
        pods: results.entries().map(Entry::of).collect(),
        findings: results.list().map(|finding| Found::of(finding, &pages)).collect(),
    };
    serde_json::to_string_pretty(&document).expect("text and numbers serialise") + "\n"
}

impl<'r> Entry<'r> {
    fn of(Standing { file, pointer, id, state }: &'r Standing) -> Self {
        let differences = state.differences().map(|differences| differences.iter().collect());
        let (id, reason) = (id.as_deref(), state.reason());
        Self { file, pointer, id, state: state.word(), reason, differences }
    }
}

impl<'r> Found<'r> {
    fn of(finding: &'r Finding, pages: &Pages) -> Self {
        Self {
            code: finding.code,
            severity: word(finding.severity),
            message: &finding.message,
            file: &finding.file,
            region: finding.place.map(|place| Region {
                line: place.start.line,
                column: place.start.column,
                end_line: place.end.line,
                end_column: place.end.column,
            }),
            pointer: finding.pointer.as_deref(),
            hint: finding.hint.as_deref(),
            help: pages[finding.code].map(|page| page.title),
        }
    }
}
