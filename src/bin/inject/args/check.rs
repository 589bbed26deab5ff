//! The arguments of `inject check`.

#[cfg(feature = "bundle")]
use std::time::Duration;

use camino::Utf8PathBuf;
use clap::{Args, ValueEnum};
#[cfg(feature = "bundle")]
use marathon_inject::command_line::duration;

use super::SourceArgs;

const EXAMPLES: &str = "\
Examples:
  inject check pods/
  inject check --uninjected --strict pods/
  git worktree add ../main main && inject check --previous ../main/pods pods/
  inject check --format sarif pods/ > inject.sarif
  inject check --explain I02

Exit codes:
  0  every pod is injected and up to date, or exempt
  1  there are errors, or under --strict warnings
  2  bad usage, or a document that cannot be read; it is among the findings";

// The arguments of `inject check`. A comment for rustdoc would become its help.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CheckArgs {
    /// How to tell the result
    #[arg(long, value_enum, default_value_t = CheckFormat::Human)]
    pub(crate) format: CheckFormat,

    /// The files are injected on the way to Marathon: a pod without a sidecar is as it should be
    #[arg(long)]
    pub(crate) uninjected: bool,

    /// The definitions as they were, as on the main branch: tells of endpoints that change names
    #[arg(long, value_name = "FILE|DIR")]
    pub(crate) previous: Option<Utf8PathBuf>,

    /// The bundle that the pods get, for its certificate [default: their bundle-uri, where that is
    /// a file of this machine]
    #[cfg(feature = "bundle")]
    #[arg(long, value_name = "FILE|DIR")]
    pub(crate) bundle: Option<Utf8PathBuf>,

    /// Warn of a certificate that ends so soon, as 12h [default: with a third of its life left]
    #[cfg(feature = "bundle")]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) expires_within: Option<Duration>,

    /// Explain a code, as I02, and check nothing
    #[arg(long, value_name = "CODE")]
    pub(crate) explain: Option<String>,

    #[command(flatten)]
    pub(crate) source: SourceArgs,
}

/// How the result of a check is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CheckFormat {
    /// Each finding in its source, and a line for each pod
    Human,
    /// A document for programs; columns count characters
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Commands that GitHub's runners turn into annotations
    Github,
}
