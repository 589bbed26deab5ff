//! A document's pods, each planned and rewritten on the text, in order. One pod is held at a time.

use std::io::{self, Write};
use std::ops::Range;

use json_patch::Patch;

use super::change::{PodChange, PodText};
use super::inject::Injector;
use super::outcome::Outcome;
use crate::document::{Diagnostic, Path, Raw, Source, Splice};
use crate::identity::SpiffeId;
use crate::pod::{Entry, Pod, What, entries};

/// What to do with the pods.
#[derive(Clone, Copy, Debug)]
pub enum Change<'i> {
    /// Inject them.
    Inject(&'i Injector),
    /// Take out what was injected.
    Remove,
    /// Leave them as they are, and only look for faults.
    Keep,
}

/// One entry of a document after the change.
#[derive(Debug)]
pub struct Rewritten {
    /// Its JSON pointer.
    pub pointer: String,
    /// Its id, where it has one.
    pub id: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
    /// Whose bundle it fetches, by the settings and its labels: that of a pod which injection
    /// leaves with a sidecar and without a node agent. For all else there is none; `outcome` says
    /// why, and of a refused pod `findings`.
    pub identity: Option<SpiffeId>,
    /// The bytes of the document that it stood at.
    pub place: Range<usize>,
    /// Its new text, if that is another one.
    pub text: Option<String>,
    /// What turns the old one into the new one; paths start at the entry.
    pub patch: Patch,
    /// What there is to say about it.
    pub findings: Vec<Diagnostic>,
}

/// Changes every pod of a document and gives each entry to `each`, in order.
///
/// # Errors
/// The document itself has faults. `each` was called all the same, for the entries that could be
/// told apart.
pub fn rewrite(
    source: &Source,
    change: Change<'_>,
    mut each: impl FnMut(Rewritten) -> io::Result<()>,
) -> Result<io::Result<()>, Vec<Diagnostic>> {
    let root = source.root().map_err(|fault| vec![*fault])?;
    let (entries, faults) = entries(root);
    let rewriter = Rewriter { source, change };
    let written = entries.into_iter().try_for_each(|entry| each(rewriter.entry(entry)));
    if faults.is_empty() { Ok(written) } else { Err(faults) }
}

/// Changes every pod of a document and writes the new text to `out`. What was said of each entry
/// is given back; if any entry has an error, what was written is of no use.
///
/// # Errors
/// The document itself has faults, or, within, those of the output.
pub fn rewrite_to(
    source: &Source,
    change: Change<'_>,
    out: impl Write,
) -> Result<io::Result<Vec<Rewritten>>, Vec<Diagnostic>> {
    let mut splice = Splice::new(source.text(), out);
    let mut all = Vec::new();
    let written = rewrite(source, change, |mut rewritten| {
        if let Some(text) = rewritten.text.take() {
            splice.replace(rewritten.place.clone(), &text)?;
        }
        rewritten.patch = Patch(Vec::new());
        all.push(rewritten);
        Ok(())
    })?;
    Ok(written.and_then(|()| splice.finish()?.flush()).map(|()| all))
}

struct Rewriter<'r> {
    source: &'r Source,
    change: Change<'r>,
}

impl Rewriter<'_> {
    fn entry(&self, entry: Entry<'_>) -> Rewritten {
        let mut rewritten = Rewritten {
            id: entry.id().map(str::to_owned),
            outcome: match entry.what {
                What::Pod => Outcome::Refused,
                What::App(_) => Outcome::PassedThrough("an app, not a pod"),
                What::PodStatus(_) => {
                    Outcome::PassedThrough("the status of a pod; its definition is under spec")
                }
                What::Other => Outcome::PassedThrough("not a pod"),
            },
            identity: None,
            place: entry.raw.span(),
            text: None,
            patch: Patch(Vec::new()),
            findings: status_is_no_definition(&entry).into_iter().collect(),
            pointer: entry.pointer,
        };
        if entry.what == What::Pod {
            self.pod(entry.raw, &mut rewritten);
        }
        rewritten
    }

    fn pod(&self, raw: Raw<'_>, rewritten: &mut Rewritten) {
        let at = Path::root(&rewritten.pointer);
        let (tree, faults) = raw.tree_and_faults(&at);
        let malformed = !faults.is_empty();
        rewritten.findings.extend(faults);
        let Some(tree) = tree else { return };
        rewritten.id = Pod::new(&tree).id().map(str::to_owned);
        let text = PodText { document: self.source.text(), raw };
        let change = PodChange { text, at: &at, findings: &mut rewritten.findings };
        let planned = match self.change {
            Change::Inject(injector) if malformed => {
                injector.look_at_refused(&tree, &at, change.findings);
                None
            }
            Change::Remove | Change::Keep if malformed => None,
            Change::Inject(injector) => change.inject(tree, injector),
            Change::Remove => change.remove(tree),
            Change::Keep => change.keep(&tree),
        };
        if let Some(planned) = planned {
            rewritten.outcome = planned.outcome;
            rewritten.identity = planned.identity;
            rewritten.patch = planned.patch;
            rewritten.text = planned.text;
        }
    }
}

/// What Marathon answers about a pod is often taken for the pod.
fn status_is_no_definition(entry: &Entry<'_>) -> Option<Diagnostic> {
    let What::PodStatus(_) = entry.what else { return None };
    let start = entry.raw.span().start;
    let warning = Diagnostic::warning("the status of a pod is not injected").rule("I24");
    Some(
        warning
            .span(start..start + 1)
            .pointer(entry.pointer.as_str())
            .hint("the definition is its member `spec`: take that, as with `jq .spec`"),
    )
}
