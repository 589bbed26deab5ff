//! What there is to say of a person's edits in an addition: which of them stay, and which go.

use std::collections::HashSet;

use super::record::Record;
use super::route::{name_in, readable, resolve};
use super::seal::{Edit, Edits, What};
use crate::document::{Diagnostic, Node, Path, Severity, shown};

/// The most parts that a message names.
const MOST_NAMED: usize = 5;

/// The most of a name that a message repeats, in characters.
const SHOWN: usize = 60;

/// For a pod that is injected again: the edits stay, but those whose place is `lost`, and what was
/// taken out comes back.
pub(super) fn kept(
    was: &Node<'_>,
    record: &Record,
    edits: &Edits<'_, '_>,
    lost: &HashSet<usize>,
    at: &Path<'_>,
) -> Vec<Diagnostic> {
    let (lost, kept): (Vec<_>, Vec<_>) =
        edits.edits.iter().enumerate().partition(|(index, _)| lost.contains(index));
    let told = |edits: Vec<(usize, &Edit<'_, '_>)>, severity, end: &str, hint: &str| {
        let each = by_thing(record, edits.into_iter().map(|(_, edit)| edit)).into_iter();
        let each = each.map(|it| it.diagnostic(was, severity, "was edited", end, at).hint(hint));
        each.collect::<Vec<_>>()
    };
    let mut found = told(
        kept,
        Severity::Note,
        "that stays",
        "it wins over the settings; an overlay, or the same in the pod's own container before \
         injection, would outlive removal too",
    );
    found.extend(told(
        lost,
        Severity::Warning,
        "that is lost, for it is no longer added",
        "see what injection adds now, and edit that",
    ));
    if edits.gone > 0 {
        let words = "something that injection added was taken out; it is added again";
        found.push(at_id(Diagnostic::warning(words), was, at).hint(
            "an overlay in which it is null leaves it out; the label \
             sidecar.istio.io/inject: \"false\" takes all of it out",
        ));
    }
    found
}

/// For a pod whose injection is taken out: what was added to it stays, and so do the volumes that
/// are still `mounted`; what was changed in it goes.
pub(super) fn removed(
    pod: &Node<'_>,
    record: &Record,
    edits: &Edits<'_, '_>,
    mounted: &[String],
    at: &Path<'_>,
) -> Vec<Diagnostic> {
    let of = |what: What| edits.edits.iter().filter(move |edit| edit.what == what);
    let changed = by_thing(record, of(What::Changed)).into_iter().map(|it| {
        it.diagnostic(pod, Severity::Warning, "was edited", "that goes with it", at).hint(
            "an overlay, or the same in the pod's own container before injection, outlives removal",
        )
    });
    let added = by_thing(record, of(What::Added)).into_iter().map(|it| {
        it.diagnostic(pod, Severity::Warning, "was added to", "that stays", at).hint(
            "Marathon takes no part of a container: inject the pod again, or remove what is left",
        )
    });
    let mounted = mounted.iter().map(|volume| {
        let name = shown(volume, SHOWN);
        let words = format!("volume {name} was added by injection and stays: it is still mounted");
        let volumes = pod.get("volumes").and_then(|volumes| {
            volumes.items().iter().position(|item| name_in(item) == Some(volume))
        });
        let place = volumes.map(|index| at.key("volumes").index(index).to_string());
        let span = volumes.and_then(|index| pod.get("volumes")?.items()[index].span());
        let warning = Diagnostic::warning(words).rule("I05").span(span);
        warning.pointer(place.unwrap_or_default()).hint("remove the mount, and then the volume")
    });
    let gone = (edits.gone > 0).then(|| {
        let words = "something that injection added is no longer there, or goes by another name";
        at_id(Diagnostic::note(words), pod, at).hint("if it was renamed, it stays: remove it too")
    });
    changed.chain(added).chain(mounted).chain(gone).collect()
}

/// The edits of one thing that was added, by its route.
struct Thing<'e, 'n, 'a> {
    route: &'e str,
    edits: Vec<&'e Edit<'n, 'a>>,
}

/// The edits, each with the thing that it was done to.
fn by_thing<'e, 'n, 'a>(
    record: &'e Record,
    edits: impl Iterator<Item = &'e Edit<'n, 'a>>,
) -> Vec<Thing<'e, 'n, 'a>> {
    let mut things: Vec<Thing<'e, 'n, 'a>> = Vec::new();
    for edit in edits {
        let route = record.thing(&edit.route);
        match things.iter_mut().find(|it| it.route == route) {
            Some(it) => it.edits.push(edit),
            None => things.push(Thing { route, edits: vec![edit] }),
        }
    }
    things
}

impl Thing<'_, '_, '_> {
    /// `container istio-proxy was edited (image) since its injection; that stays`.
    fn diagnostic(
        &self,
        pod: &Node<'_>,
        severity: Severity,
        what: &str,
        end: &str,
        at: &Path<'_>,
    ) -> Diagnostic {
        let first = self.edits[0];
        let place = resolve(pod, &first.route).map(|place| place.pointer.to_string());
        let (name, parts) = (self.name(), self.parts());
        let words = format!("{name} {what}{parts} since its injection; {end}");
        Diagnostic { severity, ..Diagnostic::note(words) }
            .rule("I05")
            .span(first.node.span())
            .pointer(format!("{at}{}", place.unwrap_or_default()))
    }

    fn name(&self) -> String {
        let (above, name) = self.route.rsplit_once('/').unwrap_or(("", self.route));
        let name = shown(&readable(name), SHOWN);
        match above {
            "/containers" => format!("container {name}"),
            "/volumes" => format!("volume {name}"),
            "/labels" => format!("label {name}"),
            _ => shown(&readable(self.route.trim_start_matches('/')), SHOWN),
        }
    }

    fn parts(&self) -> String {
        let parts = self.edits.iter().filter_map(|edit| {
            let part = edit.route.get(self.route.len()..)?.strip_prefix('/')?;
            Some(shown(&readable(part), SHOWN))
        });
        let mut parts: Vec<_> = parts.collect();
        if parts.is_empty() {
            return String::new();
        }
        let more = parts.len().saturating_sub(MOST_NAMED);
        parts.truncate(MOST_NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!(" ({}{more})", parts.join(", "))
    }
}

/// Says something of a pod as a whole.
fn at_id(finding: Diagnostic, pod: &Node<'_>, at: &Path<'_>) -> Diagnostic {
    let id = pod.get("id").and_then(Node::span).or_else(|| pod.span());
    finding.rule("I05").span(id).pointer(at.to_string())
}
