//! Why there is no telling which cluster is meant, or what is known of it. No message repeats what
//! a file says: it holds the token.

use std::io;

use camino::Utf8PathBuf;

/// Why the cluster of the DC/OS CLI is not known.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// The disk's own words.
    #[error("{path}: {error}")]
    Io {
        /// Which file or directory.
        path: Utf8PathBuf,
        /// What happened.
        error: io::Error,
    },
    /// A file that is no text.
    #[error("{0}: the file is not valid UTF-8")]
    NotText(Utf8PathBuf),
    /// A file of another kind, surely.
    #[error("{path}: larger than {limit} bytes, which no dcos.toml is")]
    TooLarge {
        /// Which file.
        path: Utf8PathBuf,
        /// What none comes near.
        limit: u64,
    },
    /// A file that is no TOML.
    #[error("{path}:{line}:{column}: {message}")]
    Malformed {
        /// Which file.
        path: Utf8PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// The column in characters, counted from 1.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// A value that is none for its key.
    #[error("{place}: {problem}")]
    Value {
        /// A variable, or a file and the key in it.
        place: String,
        /// What is wrong.
        problem: String,
    },
    /// `DCOS_CLUSTER` names what is not there.
    #[error("DCOS_CLUSTER: no cluster has the name or id {name:?}; known are {known}")]
    Unknown {
        /// What it says.
        name: String,
        /// The clusters that there are.
        known: String,
    },
    /// `DCOS_CLUSTER` is the name of more than one.
    #[error("DCOS_CLUSTER: several clusters are named {name:?}; give the id of one of {known}")]
    Ambiguous {
        /// What it says.
        name: String,
        /// The clusters of that name.
        known: String,
    },
    /// Some clusters, and no choice.
    #[error(
        "the DC/OS CLI is attached to no cluster; choose with `dcos cluster attach` or \
         DCOS_CLUSTER one of {known}"
    )]
    NoneAttached {
        /// The clusters that there are.
        known: String,
    },
    /// More than one choice.
    #[error(
        "the DC/OS CLI is attached to several clusters; choose with `dcos cluster attach` or \
         DCOS_CLUSTER one of {known}"
    )]
    SeveralAttached {
        /// The clusters it is attached to.
        known: String,
    },
}
