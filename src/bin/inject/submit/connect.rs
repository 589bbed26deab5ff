//! From the arguments to a client of Marathon.

use std::time::Duration;

use marathon_inject::command_line::{Failure, Meant, Notice, Reach, Stdin};
use marathon_inject::marathon::{Client, Limits};

use super::progress::Progress;
use super::trouble;
use crate::args::{MarathonArgs, SourceArgs};
use crate::inputs::reads_stdin;

/// How long Marathon may take for an answer where nobody says it.
const CALL: Duration = Duration::from_secs(30);

/// How long to try again where nobody says it.
const PATIENCE: Duration = Duration::from_secs(60);
const FIRST_CONTACT: Duration = Duration::from_secs(2);

/// A client of the Marathon that is meant.
pub(crate) fn client(
    args: &MarathonArgs,
    source: &SourceArgs,
    progress: &Progress,
) -> Result<Client, Failure> {
    let meant = Meant {
        urls: args.marathon.as_deref(),
        variable: "INJECT_MARATHON",
        sign_in: &args.sign_in,
        stdin: if reads_stdin(&source.input) { Stdin::Taken } else { Stdin::Free },
        tell: &|notice| match notice {
            Notice::Note(words) => progress.note(words),
            Notice::Alarm(words) => progress.insist(words),
        },
    };
    let Reach { address, security, credentials, timeout } = meant.reach()?;
    let limits = Limits {
        call: args.call_timeout.or(timeout).unwrap_or(CALL),
        patience: args.patience.unwrap_or(PATIENCE),
        first_contact: args.patience.unwrap_or(FIRST_CONTACT),
    };
    let notes = progress.clone();
    let on_retry = Box::new(move |why: &str| notes.note(&format!("trying again: {why}")));
    Client::new(address, &security, credentials, limits, on_retry)
        .map_err(|error| trouble::of_error(&error))
}
