//! What can be wrong with a CA, or with what is asked of it.

use std::io;
use std::time::Duration;

use camino::Utf8PathBuf;

use super::rotation::RotationError;
use crate::bundle::ReadError;
use crate::identity::x509::AuthorityError;
use crate::identity::{SpiffeId, TrustDomain};

/// Why a CA cannot be opened, made or used. Unless the words say otherwise, it is as it was.
#[derive(Debug, thiserror::Error)]
pub enum CaError {
    /// The disk's own words.
    #[error("{path}: {error}")]
    Io {
        /// Which file or directory.
        path: Utf8PathBuf,
        /// What happened.
        error: io::Error,
    },
    /// A key, or the way to it, that others than its owner can read.
    #[error("{path} can be read by others (mode {mode:04o})")]
    Exposed {
        /// Which file or directory.
        path: Utf8PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// A directory of another user, who can do with it what he likes.
    #[error("{path} belongs to another user (uid {uid})")]
    Foreign {
        /// Which directory.
        path: Utf8PathBuf,
        /// Whose it is.
        uid: u32,
    },
    /// A file that cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Nothing of that name.
    #[error("there is no CA at {0}")]
    Missing(Utf8PathBuf),
    /// Something, but not a CA.
    #[error("{0} is no directory of a CA: it has no state.json")]
    NoCa(Utf8PathBuf),
    /// There is a CA already.
    #[error("{0} already holds a CA; nothing was changed")]
    Exists(Utf8PathBuf),
    /// Something is there that init would have to write over.
    #[error("{0} is not empty, and holds no CA that can be read; nothing was changed")]
    NotEmpty(Utf8PathBuf),
    /// A place that no directory can take by a rename.
    #[error("{path} is {what}: a CA's directory takes its place whole, and cannot take this one")]
    NoPlace {
        /// Which.
        path: Utf8PathBuf,
        /// What it is.
        what: &'static str,
    },
    /// A state that cannot be understood.
    #[error("{path}: {reason}")]
    State {
        /// The file.
        path: Utf8PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A list of the enrolled that cannot be understood.
    #[error("{path}, line {line}: is no record of an enrolment")]
    Enrolments {
        /// The file.
        path: Utf8PathBuf,
        /// Which line, from 1.
        line: usize,
    },
    /// The files of an authority do not make one.
    #[error("{path}: {error}")]
    Authority {
        /// Its directory, or file.
        path: Utf8PathBuf,
        /// What is wrong.
        error: AuthorityError,
    },
    /// Another process holds it.
    #[error("{0} is in use by another citadel")]
    Busy(Utf8PathBuf),
    /// An authority that is to be the next, and is one already.
    #[error("this authority is part of the CA already")]
    SameAuthority,
    /// A root that peers could not tell from one that they know.
    #[error(
        "the next root bears the name of another one, {subject}, and no key id tells them apart"
    )]
    SameName {
        /// The name.
        subject: String,
    },
    /// An authority that would have ended before it could sign.
    #[error("the next authority ends at {ends}, before it could sign, from {due} on")]
    EndsTooSoon {
        /// When it ends.
        ends: String,
        /// When it could be activated.
        due: String,
    },
    /// A root that is kept offline, for intermediates alone.
    #[error("this is an offline root: it signs nothing but intermediates")]
    OfflineRoot,
    /// An identity that others vouch for.
    #[error("{identity} is not of this CA's trust domain {trust_domain}")]
    ForeignIdentity {
        /// What was asked for.
        identity: SpiffeId,
        /// Whom the CA vouches for.
        trust_domain: TrustDomain,
    },
    /// A time to live out of bounds.
    #[error("a leaf lives between {} and {}, not {}", text(super::MIN_LEAF_TTL), text(super::MAX_LEAF_TTL), text(*.0))]
    LeafTtl(Duration),
    /// The authority cannot sign.
    #[error(transparent)]
    Signing(#[from] AuthorityError),
    /// A step of a rotation that cannot be taken now.
    #[error(transparent)]
    Rotation(#[from] RotationError),
}

/// In days at most: months and years differ in length.
fn text(duration: Duration) -> String {
    const DAY: u64 = 24 * 3600;
    let days = duration.as_secs() / DAY;
    let rest = duration - Duration::from_secs(days * DAY);
    match (days, rest.is_zero()) {
        (0, _) => humantime::format_duration(rest).to_string(),
        (days, true) => format!("{days}d"),
        (days, false) => format!("{days}d {}", humantime::format_duration(rest)),
    }
}

impl CaError {
    /// What to do about it, where there is something to do.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Exposed { path, mode } => {
                let wanted = if mode & 0o100 == 0 { 600 } else { 700 };
                Some(format!(
                    "close it with `chmod {wanted} {path}`; a key that others may have read needs \
                     a successor"
                ))
            }
            Self::Foreign { .. } => Some("run citadel as that user".to_owned()),
            Self::NoPlace { path, .. } => {
                Some(format!("name a directory that is not there yet, such as {}", path.join("ca")))
            }
            Self::SameName { .. } => Some(
                "peers look for an issuer by its name: give the next root another one, or a \
                 subject key id"
                    .to_owned(),
            ),
            Self::EndsTooSoon { .. } => Some("give it a longer life".to_owned()),
            Self::OfflineRoot => Some(
                "name the CA whose intermediate it signed; a new intermediate comes from \
                 `citadel rotate-root prepare --intermediate` there"
                    .to_owned(),
            ),
            Self::Missing(_) => {
                Some("make one with `citadel init`, or name it with --dir".to_owned())
            }
            Self::NoCa(_) => Some("name the directory that `citadel init` made".to_owned()),
            Self::Exists(_) => Some("`citadel rotate-root` gives it a new root".to_owned()),
            Self::NotEmpty(path) => Some(format!(
                "name another directory, such as {path}/ca; if there was a CA, restore its backup"
            )),
            Self::State { .. } | Self::Authority { .. } => Some(
                "restore the directory from its backup: peers trust its root, a new one would cut \
                 them off"
                    .to_owned(),
            ),
            Self::Enrolments { .. } => Some(
                "restore it from its backup; without it every pod that was just started can be \
                 enrolled a second time, and every token of a list"
                    .to_owned(),
            ),
            Self::Signing(AuthorityError::NotValidNow { .. }) => Some(
                "if it has ended, renew it or lead the mesh to a new root: `citadel rotate-root`"
                    .to_owned(),
            ),
            Self::Signing(AuthorityError::NoRoot { .. }) => {
                Some("an intermediate gets a successor: `citadel rotate-root prepare`".to_owned())
            }
            Self::Signing(AuthorityError::EndsSooner { .. }) => {
                Some("give it a longer life".to_owned())
            }
            Self::Rotation(error) => error.hint(),
            _ => None,
        }
    }
}
