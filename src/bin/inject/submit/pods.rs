//! The pods to submit: read, injected and checked, in the order of the input.

use std::collections::BTreeMap;
use std::rc::Rc;

use json_patch::Patch;
use marathon_inject::command_line::Failure;
use marathon_inject::document::{Diagnostic, Node, Path, Source};
use marathon_inject::marathon::{Fault, diagnostics};
use marathon_inject::plan::{Change, Outcome, Rewritten, run_once};
use marathon_inject::pod::{self, entries};
use serde_json::Value;

use crate::apps::{Apps, Telling, as_pods};
use crate::args::{AppArgs, SourceArgs};
use crate::inputs::inputs;
use crate::report::Report;
use crate::rewriting::each_entry;
use crate::settings::injector;

use super::join::Tokens;

/// A pod to submit.
pub(crate) struct Pod {
    pub(crate) id: String,
    /// The document that it stands in, as it was read.
    pub(crate) source: Rc<Source>,
    /// The definition to submit, with its token, if it needs one.
    pub(crate) text: String,
    /// Where that comes from.
    pub(crate) tokens: Rc<Tokens>,
    /// The containers that run once.
    pub(crate) run_once: Vec<String>,
    pointer: String,
    patch: Patch,
}

/// What there is to submit, and what is not because of faults.
pub(crate) struct Collected {
    tokens: Rc<Tokens>,
    pub(crate) pods: Vec<Pod>,
    pub(crate) refused: Vec<Refused>,
}

/// A pod with faults of its own.
pub(crate) struct Refused {
    pub(crate) id: Option<String>,
    pub(crate) file: String,
}

/// Reads and injects all inputs, and tells what there is to say of them. With what was collected
/// comes the verdict on all of it; `kept_from` is what faults keep the run from, as `submitted`.
/// `tokens` are for the pods that join by one.
///
/// # Errors
/// The inputs cannot be told.
pub(crate) fn collect(
    args: &SourceArgs,
    apps: &AppArgs,
    no_inject: bool,
    tokens: Tokens,
    kept_from: &str,
) -> Result<(Collected, Result<(), Failure>), Failure> {
    let mut report = Report::new(args.input.quiet, args.input.strict);
    let tokens = Rc::new(tokens);
    let mut collected = Collected { tokens, pods: Vec::new(), refused: Vec::new() };
    let read = read(args, apps, no_inject, &mut collected, &mut report);
    let verdict = report.verdict(kept_from);
    // Where stderr is closed there is nobody left to tell; the exit code still says it.
    let _ = report.tell(verdict.is_ok() && read.is_ok());
    read.map(|()| (collected, verdict))
}

/// Faults are reported, and do not end it.
fn read(
    args: &SourceArgs,
    apps: &AppArgs,
    no_inject: bool,
    collected: &mut Collected,
    report: &mut Report,
) -> Result<(), Failure> {
    let injector = injector(args, report);
    let inputs = inputs(&args.input, |_, fault| report.fault(fault))?;
    let Some(injector) = injector else { return Ok(()) };
    let change = if no_inject { Change::Keep } else { Change::Inject(&injector) };
    let mut known = BTreeMap::new();
    for input in &inputs {
        let source = match input.read() {
            Ok(source) => source,
            Err(why) => {
                report.unreadable(&why);
                continue;
            }
        };
        let source = match apps.convert_apps.then(|| as_pods(&source, Telling::Apps, report)) {
            Some(Apps::Refused) => continue,
            Some(Apps::Converted(source, _)) => Rc::new(source),
            Some(Apps::None) | None => Rc::new(source),
        };
        let mut rewritten = Vec::new();
        each_entry(change, &source, report, |entry| {
            rewritten.push(entry);
            Ok(())
        })?;
        for entry in rewritten {
            collected.add(entry, &source, &mut known, report);
        }
    }
    Ok(())
}

impl Collected {
    fn add(
        &mut self,
        entry: Rewritten,
        source: &Rc<Source>,
        known: &mut BTreeMap<String, String>,
        report: &mut Report,
    ) {
        let file = source.name().to_owned();
        let id = match (&entry.outcome, entry.id) {
            (Outcome::PassedThrough(what), id) => {
                let name = id.unwrap_or(entry.pointer);
                return report.warn(&format!("{file}: {name} is not submitted: {what}"));
            }
            (Outcome::Refused, id) => return self.refused.push(Refused { id, file }),
            (_, None) => return self.refused.push(Refused { id: None, file }),
            (_, Some(id)) => id,
        };
        if let Some(first) = known.insert(id.clone(), file.clone()) {
            let fault = Diagnostic::error(format!("{id} is defined twice"))
                .rule("I14")
                .span(entry.place.start..entry.place.start + 1)
                .pointer(entry.pointer)
                .hint(format!("the other definition is in {first}; submit one of them"));
            report.findings(source, &[fault]);
            return self.refused.push(Refused { id: Some(id), file });
        }
        let place = entry.place;
        let text = entry.text.unwrap_or_else(|| source.text()[place.clone()].to_owned());
        let text = match self.tokens.submitted(&id, text) {
            Ok(text) => text,
            Err(why) => {
                let fault = why.finding(&id).span(place.start..place.start + 1);
                report.findings(source, &[fault.pointer(entry.pointer)]);
                return self.refused.push(Refused { id: Some(id), file });
            }
        };
        self.pods.push(Pod {
            id,
            source: Rc::clone(source),
            run_once: ends(&text),
            text,
            tokens: Rc::clone(&self.tokens),
            pointer: entry.pointer,
            patch: entry.patch,
        });
    }
}

/// The containers of a definition that run once.
fn ends(text: &str) -> Vec<String> {
    let source = Source::new("", text);
    let tree = source.root().ok().and_then(|root| root.tree(&Path::root("")).ok());
    let ends = tree.map(|tree| run_once(&pod::Pod::new(&tree))).unwrap_or_default();
    ends.into_iter().map(str::to_owned).collect()
}

impl Pod {
    /// What Marathon finds wrong with it, where the user wrote it. Where that cannot be told,
    /// Marathon's words and its own paths are left.
    pub(crate) fn diagnostics(&self, faults: &[Fault]) -> Vec<Diagnostic> {
        if faults.is_empty() {
            return Vec::new();
        }
        let at = Path::root(&self.pointer);
        let tree = self.tree(&at).unwrap_or_else(|| Node::from_value(&Value::Null));
        diagnostics(faults, &tree, &at)
    }

    /// What is submitted, with the places of what stands in the document.
    fn tree(&self, at: &Path<'_>) -> Option<Node<'_>> {
        let (entries, _) = entries(self.source.root().ok()?);
        let entry = entries.into_iter().find(|entry| entry.pointer == self.pointer)?;
        let mut tree = entry.raw.tree(at).ok()?;
        tree.apply(&self.patch).ok()?;
        Some(tree)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;

    #[test]
    fn marathons_words_are_left_where_their_place_cannot_be_told() {
        let astray = json!([{"op": "remove", "path": "/labels"}]);
        let pod = Pod {
            id: "/a".to_owned(),
            source: Rc::new(Source::new("pod.json", "{\"id\": \"/a\"}")),
            text: String::new(),
            tokens: Rc::new(Tokens::None),
            run_once: Vec::new(),
            pointer: String::new(),
            patch: from_value(astray).unwrap(),
        };
        let fault = Fault { path: "/id".to_owned(), errors: vec!["not so".to_owned()] };
        let expected = Diagnostic::error("not so (Marathon: at /id)").pointer("");
        assert_eq!(pod.diagnostics(&[fault]), [expected]);
    }
}
