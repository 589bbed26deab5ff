//! The tokens with which pods that have a node agent join the mesh. Each submission that changes
//! something makes a new one; a token that runs and is still good stays, or every submission would
//! start all pods anew.

use std::borrow::Cow;

use camino::Utf8Path;
use marathon_inject::command_line::{Failure, secret};
use marathon_inject::document::Diagnostic;
use marathon_inject::identity::{Claim, JoinKey, JoinToken, Nonce, without_tokens};
use marathon_inject::marathon::Error;
use marathon_inject::plan::{Joining, NoPlace};

/// Where tokens come from.
pub(crate) enum Tokens {
    /// From this key.
    Made(JoinKey),
    /// From nowhere: a pod that needs one cannot be submitted.
    None,
    /// From what runs, whatever it is worth: nothing is submitted.
    AsRunning,
}

/// Why a pod gets no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoToken {
    Place(NoPlace),
    Key,
    Random,
}

impl Tokens {
    /// Those of the key in a file, if one is named.
    ///
    /// # Errors
    /// There is no key in it, or others can read it.
    pub(crate) fn of(file: Option<&Utf8Path>) -> Result<Self, Failure> {
        // An empty variable is one that is not set.
        let Some(path) = file.filter(|path| !path.as_str().is_empty()) else {
            return Ok(Self::None);
        };
        let text = secret(path)?;
        let key = JoinKey::parse(&text);
        key.map(Self::Made).map_err(|error| Failure::input(format!("{path}: {error}")))
    }

    /// What is submitted of a pod: its text, with a new token where it has a place for one.
    pub(crate) fn submitted(&self, id: &str, text: String) -> Result<String, NoToken> {
        let joining = Joining::of(&text).map_err(NoToken::Place)?;
        let Some(joining) = joining else { return Ok(text) };
        match self {
            Self::AsRunning => Ok(joining.fill(&text, "", "")),
            Self::None => Err(NoToken::Key),
            Self::Made(key) => {
                let nonce = Nonce::random().map_err(|_| NoToken::Random)?;
                Ok(joining.fill(&text, key.token(id, &nonce).expose(), nonce.as_str()))
            }
        }
    }

    /// The text of a pod with the token of what runs, if that one is good.
    pub(crate) fn as_running<'t>(&self, id: &str, text: &'t str, running: &str) -> Cow<'t, str> {
        match (Joining::of(text), Joining::of(running)) {
            (Ok(Some(ours)), Ok(Some(theirs))) if self.are_good(id, &theirs) => {
                Cow::Owned(ours.fill(text, theirs.token(), theirs.nonce()))
            }
            _ => Cow::Borrowed(text),
        }
    }

    fn are_good(&self, id: &str, theirs: &Joining) -> bool {
        match self {
            Self::AsRunning => true,
            Self::None => false,
            Self::Made(key) => {
                let checked = JoinToken::new(theirs.token()).check(std::slice::from_ref(key));
                checked
                    .is_ok_and(|Claim { pod, nonce }| pod == id && nonce.as_str() == theirs.nonce())
            }
        }
    }
}

impl NoToken {
    /// What to say of the pod.
    pub(crate) fn finding(self, id: &str) -> Diagnostic {
        match self {
            Self::Place(lost) => Diagnostic::error(format!("{id} joins by a token, and {lost}"))
                .rule("I29")
                .hint("inject it anew, with no overlay that takes that out"),
            Self::Key => Diagnostic::error(format!("{id} joins by a token, and no key makes it"))
                .rule("I28")
                .hint("name the key that Citadel has, too: --join-key FILE"),
            Self::Random => Diagnostic::error(format!("{id} gets no token: no random bytes"))
                .rule("I28")
                .hint("the cryptographic library failed; try again"),
        }
    }
}

/// An error without the tokens in it: what Marathon or a proxy says can repeat what was sent.
pub(crate) fn hide(error: Error) -> Error {
    match error {
        Error::Unreachable { url, why } => Error::Unreachable { url, why: without_tokens(&why) },
        Error::Uncertain { id, url, why } => {
            Error::Uncertain { id, url, why: without_tokens(&why) }
        }
        Error::Unauthorized { url, why } => Error::Unauthorized { url, why: without_tokens(&why) },
        Error::Refused { call, mut refusal } => {
            refusal.message = without_tokens(&refusal.message);
            refusal.details = refusal.details.as_deref().map(without_tokens);
            for fault in &mut refusal.faults {
                fault.path = without_tokens(&fault.path);
                fault.errors.iter_mut().for_each(|words| *words = without_tokens(words));
            }
            Error::Refused { call, refusal }
        }
        error => error,
    }
}
