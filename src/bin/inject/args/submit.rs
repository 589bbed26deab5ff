//! The arguments of what talks to Marathon.

use std::time::Duration;

use camino::Utf8PathBuf;
use clap::{Args, ValueEnum};
use marathon_inject::command_line::{SignInArgs, duration, some_time};

use super::{AppArgs, SourceArgs};

const SHORTEST_PACE: Duration = Duration::from_millis(10);

const EXAMPLES: &str = "\
Examples:
  inject submit pods/ --marathon http://marathon:8080
  inject submit pods/ --dry-run
  inject submit --rollback-on-failure --timeout 5m httpbin.json
  inject submit --certs agent --join-key join.key pods/
  inject submit --output json pods/ | jq -r '.pods[] | select(.result != \"stable\").id'";

// The arguments of `inject submit`. A comment for rustdoc would become its help.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct SubmitArgs {
    /// Submit the pods as they are, without injecting them
    #[arg(long)]
    pub(crate) no_inject: bool,

    /// The key that makes the tokens of pods with a node agent, as citadel join-key makes it
    #[arg(long, value_name = "FILE", env = "INJECT_JOIN_KEY")]
    pub(crate) join_key: Option<Utf8PathBuf>,

    /// Only read, and print what would be done: create, update, unchanged
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Break into deployments that hold a pod, instead of waiting for their end
    #[arg(long)]
    pub(crate) force: bool,

    /// Do not follow the deployments; nothing is then known of their success
    #[arg(long, conflicts_with = "rollback_on_failure")]
    pub(crate) no_wait: bool,

    /// Bring back what was before where a pod does not become STABLE
    #[arg(long)]
    pub(crate) rollback_on_failure: bool,

    /// How many pods are under way at once; they begin in the order of the input
    #[arg(long, value_name = "N", default_value = "8", value_parser = at_least_one)]
    pub(crate) concurrency: usize,

    /// How long each pod may take
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = some_time)]
    pub(crate) timeout: Duration,

    /// How long a pod must stay STABLE, for it may be so between two crashes
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = duration)]
    pub(crate) settle: Duration,

    /// How many instances of a pod may fail before that is a crash loop [default: 2 more than there
    /// are to be]
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub(crate) max_failures: Option<usize>,

    /// How to tell the result
    #[arg(short, long, value_enum, default_value_t = Format::Text)]
    pub(crate) output: Format,

    #[command(flatten)]
    pub(crate) apps: AppArgs,

    #[command(flatten)]
    pub(crate) source: SourceArgs,

    #[command(flatten)]
    pub(crate) marathon: MarathonArgs,
}

/// How a result is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A table
    Text,
    /// A document for programs
    Json,
}

// Where Marathon is, and who we are. A comment for rustdoc would become a command's help.
#[derive(Debug, Args)]
#[command(next_help_heading = "Marathon")]
pub(crate) struct MarathonArgs {
    /// Where Marathon is; of several masters, with commas between them, any that answers [default:
    /// that of the cluster that the DC/OS CLI is attached to]
    #[arg(long, value_name = "URL", env = "INJECT_MARATHON", hide_env_values = true)]
    pub(crate) marathon: Option<String>,

    #[command(flatten)]
    pub(crate) sign_in: SignInArgs,

    /// How long Marathon may take for one answer [default: 30s, or the core.timeout of DC/OS]
    #[arg(long, value_name = "DURATION", value_parser = some_time)]
    pub(crate) call_timeout: Option<Duration>,

    /// How long to try again where Marathon does not answer or has no leader [default: 1m, and 2s
    /// before it has answered once]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) patience: Option<Duration>,

    /// How often to ask at the least how far a pod is
    #[arg(long, value_name = "DURATION", default_value = "2s", value_parser = pace)]
    pub(crate) poll: Duration,
}

/// How often Marathon is asked: not without a pause.
fn pace(text: &str) -> Result<Duration, String> {
    match duration(text) {
        Ok(pace) if pace < SHORTEST_PACE => Err(format!(
            "Marathon needs a pause of at least {}",
            humantime::format_duration(SHORTEST_PACE)
        )),
        pace => pace,
    }
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("at least 1 is needed".to_owned()),
        Ok(count) => Ok(count),
        Err(error) => Err(error.to_string()),
    }
}
