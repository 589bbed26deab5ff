//! A document's entries, rewritten and reported.

use std::io;

use marathon_inject::document::Source;
use marathon_inject::plan::{Change, Rewritten, rewrite};

use crate::report::Report;

/// Rewrites a document, reporting each entry before `each` gets it. A document with faults of its
/// own is reported whole.
pub(crate) fn each_entry(
    change: Change<'_>,
    source: &Source,
    report: &mut Report,
    mut each: impl FnMut(Rewritten) -> io::Result<()>,
) -> io::Result<()> {
    let mut found = false;
    let rewritten = rewrite(source, change, |rewritten| {
        found = true;
        report.entry(source, &rewritten);
        each(rewritten)
    });
    match rewritten {
        Ok(done) => {
            if !found {
                report.nothing(source);
            }
            done
        }
        Err(faults) => {
            report.findings(source, &faults);
            Ok(())
        }
    }
}
