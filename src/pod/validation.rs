//! Marathon's own validation: [`validate`] says what Marathon would say, before it is asked.
//! Marathon checks in stages and a failing stage hides the later ones; here the faults of all
//! stages come at once:
//!
//! 1. the reader (`P01` to `P23`): members, types and bounds, from the tables of `schema`;
//! 2. the rules (`V01` to `V67`): what the members must say together;
//! 3. the traps (`T01` to `T24`): what Marathon accepts and then ignores or never launches. These
//!    are warnings; `traps` has their table.
//!
//! Not reported here:
//! - `P21`, `P22`: the body is not JSON. That is the document's own business.
//! - `V03`, `V09`, `V15`, `V17`, `V19`, `V20`, `V34`, `V39`, `V40`, `V53` to `V56`: an earlier
//!   stage refuses whatever would break them (`P03`, `P06`, `P23`, `P05`, `P04`, `P09`, `P04`,
//!   `P11`, `P12`, `P15`, `P19`), or, for a bad `scaling.instances`, replaces it without a word
//!   (`T04`).
//! - `V37`: whether Mesos knows command health checks, which only the master can say.
//! - `D01` to `D05`: which roles are allowed is a matter of Marathon's flags, groups and plugins.
//! - `G01`, `G02`, `U01` to `U07`, `H01` to `H04`: they compare with what Marathon already runs.
//!
//! What the rules on secrets and default networks need to know of Marathon is in
//! [`Marathon`](super::Marathon).

use crate::document::{Diagnostic, Node, Path};

use super::known::{Marathon, Unfinished};
use super::reader::Reader;
use super::scope::Scope;
use super::{rules, traps};

/// Every fault that Marathon would find in a pod (an error) and what it silently drops, or accepts
/// and never launches (a warning), in the order of the file.
///
/// `at` is where the pod stands in its document.
pub fn validate(
    pod: &Node<'_>,
    at: &Path<'_>,
    marathon: &Marathon,
    unfinished: &Unfinished<'_>,
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    Reader::whole(unfinished.containers, &mut found).pod(pod, at);
    let scope = Scope::new(pod, at, marathon, unfinished);
    rules::check(&scope, &mut found);
    traps::check(&scope, &mut found);
    in_order(found)
}

/// The faults of a partial pod (an overlay): wrong types, unknown members, bad values; nothing is
/// required in it.
pub fn validate_partial(pod: &Node<'_>, at: &Path<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    Reader::partial(&mut found).pod(pod, at);
    in_order(found)
}

/// As people read the file; what stands nowhere comes last.
fn in_order(mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    found.sort_by_key(|diagnostic| diagnostic.span.as_ref().map_or(usize::MAX, |span| span.start));
    found
}
