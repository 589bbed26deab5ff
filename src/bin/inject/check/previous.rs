//! `--previous`: the definitions as they were.

use camino::Utf8Path;
use marathon_inject::check::Previous;
use marathon_inject::command_line::documents;

use crate::report::Report;

/// The pods below a path, if one was given. What cannot be read is reported.
pub(super) fn read(path: Option<&Utf8Path>, report: &mut Report) -> Previous {
    let mut previous = Previous::default();
    let (inputs, failures) = path.map(documents).unwrap_or_default();
    failures.iter().for_each(|failure| report.fault(failure));
    for input in inputs {
        match input.read() {
            Ok(source) => {
                if let Err(faults) = previous.read(&source) {
                    report.findings(&source, &faults);
                }
            }
            Err(why) => report.unreadable(&why),
        }
    }
    previous
}
