//! Apps turned into pods, before anything else is done with a document.

use json_patch::Patch;
use marathon_inject::document::Source;
use marathon_inject::pod::{Conversion, convert};

use crate::report::Report;

/// What became of a document's apps.
pub(crate) enum Apps {
    /// There are none.
    None,
    /// They are pods now: the document, and the patch that made it so.
    Converted(Source, Patch),
    /// They cannot be pods, which is reported.
    Refused,
}

/// Of what in a document a conversion tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Telling {
    /// Of all that is in it.
    Everything,
    /// Of the apps; somebody else tells of the rest.
    Apps,
}

/// Turns the apps of a document into pods.
pub(crate) fn as_pods(source: &Source, telling: Telling, report: &mut Report) -> Apps {
    let converted = match convert(source) {
        Ok(converted) => converted,
        Err(faults) => {
            report.findings(source, &faults);
            return Apps::Refused;
        }
    };
    let mut refused = false;
    for entry in &converted.entries {
        refused |= entry.outcome == Conversion::Refused;
        if telling == Telling::Everything || !matches!(entry.outcome, Conversion::PassedThrough(_))
        {
            report.converted(source, entry);
        }
    }
    match converted.entries.as_slice() {
        [] if telling == Telling::Everything => report.nothing(source),
        _ => {}
    }
    if refused {
        Apps::Refused
    } else if converted.patch.0.is_empty() {
        Apps::None
    } else {
        let name = format!("{} (converted)", source.name());
        Apps::Converted(Source::new(name, converted.text), converted.patch)
    }
}
