//! Trouble on the way: what happens to the next requests of a kind instead of an answer.

use std::time::Duration;

/// What goes wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The connection is closed before the body of the request is read.
    Reset,
    /// The request is read and never applied; the connection is closed.
    Lost,
    /// The request is applied; the connection is closed without an answer.
    AnswerLost,
    /// Half of the answer's body comes, less than `Content-Length` promised.
    HalfBody,
    /// Half of the answer's body comes, as if it were all.
    HalfJson,
    /// The answer's body never ends.
    EndlessBody,
    /// Somebody on the way answers, with this status and body.
    Answer(u16, String),
    /// A redirect with this status to this place.
    Redirect(u16, String),
    /// The answer comes late.
    Late(Duration),
    /// No answer ever comes.
    Hang,
    /// The event stream stays open, but nothing comes after so many events.
    SilentAfter(usize),
    /// The event stream ends after so many events.
    EndsAfter(usize),
    /// The event stream is one line that never ends.
    EndlessLine,
}

/// The faults that wait for their requests.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<Planned>);

#[derive(Debug)]
struct Planned {
    method: String,
    prefix: String,
    left: usize,
    fault: Fault,
}

impl Faults {
    pub(super) fn plan(&mut self, times: usize, method: &str, prefix: &str, fault: Fault) {
        let (method, prefix) = (method.to_owned(), prefix.to_owned());
        self.0.push(Planned { method, prefix, left: times, fault });
    }

    /// The fault of a request, by its method and its path below Marathon's root.
    pub(super) fn next(&mut self, method: &str, path: &str) -> Option<Fault> {
        let meant =
            |it: &&mut Planned| it.left > 0 && it.method == method && path.starts_with(&it.prefix);
        let planned = self.0.iter_mut().find(meant)?;
        planned.left -= 1;
        Some(planned.fault.clone())
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}
