//! The arguments.

mod check;
mod mtls;
mod setting;
#[cfg(feature = "submit")]
mod submit;

use camino::Utf8PathBuf;
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use marathon_inject::command_line::Color;

pub(crate) use check::{CheckArgs, CheckFormat};
pub(crate) use mtls::{Mode, MtlsArgs, Resources};
pub(crate) use setting::{Origin, SettingArgs};
#[cfg(feature = "submit")]
pub(crate) use submit::{Format, MarathonArgs, SubmitArgs};

const EXAMPLES: &str = "\
Examples:
  inject httpbin.json | dcos marathon pod add
  inject --emit diff pods/
  inject -i --overlay limits.json pods/
  inject check pods/
  inject check --format github pods/
  inject --convert-apps apps/ -o pods/
  inject submit pods/
  dcos marathon pod show /httpbin | jq .spec | inject --strict > httpbin.json

Exit codes:
  0  done
  1  a gate said no: check or --strict found something, diff --exit-code a difference
  2  bad usage or bad input; nothing was written
  3  Marathon refused, or the deployment failed
  4  Marathon could not be reached
  130  interrupted; what was submitted goes on";

/// Add the Istio sidecar to Marathon pods
///
/// Reads pods, arrays of pods and groups as JSON, adds the containers istio-init and istio-proxy,
/// the volume of the certificates and the labels that Istio needs, and writes the result. What is
/// not a pod passes through untouched.
#[derive(Debug, Parser)]
#[command(
    name = "inject",
    version,
    after_help = EXAMPLES,
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) inject: InjectArgs,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

// The arguments of a command are made when it is the one, not at each start.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub(crate) enum Command {
    /// Inject pods, submit them to Marathon, and follow them until they are STABLE
    #[cfg(feature = "submit")]
    Submit(Box<SubmitArgs>),
    /// Check that each pod is valid, injected and up to date: the gate for pipelines
    Check(Box<CheckArgs>),
    /// Show what injection would change, or with --live what submitting would
    Diff(Box<DiffArgs>),
    /// Take out what was injected
    Remove(Box<PlainArgs>),
    /// Turn apps into the pods that run the same thing
    Convert(Box<PlainArgs>),
    /// Print what turns mutual TLS on or off in the whole mesh, for kubectl
    Mtls(Box<MtlsArgs>),
    /// Print a shell's completions
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page
    Man {
        /// The command whose page is wanted
        command: Option<String>,
    },
}

impl Cli {
    /// When to use colours.
    pub(crate) fn color(&self) -> Color {
        match &self.command {
            Some(Command::Diff(args)) => args.source.input.color,
            Some(Command::Check(args)) => args.source.input.color,
            Some(Command::Remove(args) | Command::Convert(args)) => args.input.color,
            #[cfg(feature = "submit")]
            Some(Command::Submit(args)) => args.source.input.color,
            _ => self.inject.source.input.color,
        }
    }
}

// What to read, and how to report it. A comment for rustdoc would become a command's help.
#[derive(Debug, Args)]
pub(crate) struct InputArgs {
    /// Files and directories; - is standard input, the default where that is no terminal
    #[arg(value_name = "FILE|DIR|-")]
    pub(crate) inputs: Vec<Utf8PathBuf>,

    /// Another input, as kube-inject spells it
    #[arg(short = 'f', long = "filename", value_name = "FILE", hide_short_help = true)]
    pub(crate) filenames: Vec<Utf8PathBuf>,

    /// Fail on warnings
    #[arg(long)]
    pub(crate) strict: bool,

    /// Say nothing but errors
    #[arg(short, long)]
    pub(crate) quiet: bool,

    /// When to use colours
    #[arg(long, value_enum, default_value_t)]
    pub(crate) color: Color,
}

// Where results go. A comment for rustdoc would become a command's help.
#[derive(Debug, Args)]
pub(crate) struct OutputArgs {
    /// Write to FILE, or for several inputs into the directory FILE [default: standard output, one
    /// after the other]
    #[arg(short, long, value_name = "FILE", conflicts_with = "in_place")]
    pub(crate) output: Option<Utf8PathBuf>,

    /// Replace the input files
    #[arg(short, long)]
    pub(crate) in_place: bool,

    /// What to write: the documents, RFC 6902 patches, or unified diffs
    #[arg(long, value_enum, default_value_t = Emit::Json)]
    pub(crate) emit: Emit,
}

// What to read, and how to inject it. A comment for rustdoc would become a command's help.
#[derive(Debug, Args)]
pub(crate) struct SourceArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,

    /// Lay a partial pod over what is added; later ones win
    #[arg(long = "overlay", value_name = "FILE")]
    pub(crate) overlays: Vec<Utf8PathBuf>,

    /// Put ours in the place of a hand-written sidecar; the pod keeps its settings
    #[arg(long)]
    pub(crate) adopt: bool,

    #[command(flatten)]
    pub(crate) settings: SettingsArgs,
}

// Where settings come from. A comment for rustdoc would become a command's help.
#[derive(Debug, Args)]
pub(crate) struct SettingsArgs {
    /// Read settings from a TOML file
    #[arg(long, value_name = "FILE", env = "INJECT_CONFIG")]
    pub(crate) config: Option<Utf8PathBuf>,

    /// Read settings from Istio's MeshConfig (YAML)
    #[arg(long, alias = "meshConfigFile", value_name = "FILE", hide_short_help = true)]
    pub(crate) mesh_config_file: Option<Utf8PathBuf>,

    #[arg(long = "injectConfigFile", value_name = "FILE", hide = true)]
    pub(crate) inject_config_file: Option<Utf8PathBuf>,

    #[command(flatten)]
    pub(crate) each: SettingArgs,
}

// What becomes of apps. A comment for rustdoc would become a command's help.
#[derive(Debug, Args)]
pub(crate) struct AppArgs {
    /// Turn apps into pods first, as inject convert does
    #[arg(long)]
    pub(crate) convert_apps: bool,
}

/// The arguments of `inject` without a subcommand.
#[derive(Debug, Args)]
pub(crate) struct InjectArgs {
    #[command(flatten)]
    pub(crate) output: OutputArgs,

    #[command(flatten)]
    pub(crate) apps: AppArgs,

    #[command(flatten)]
    pub(crate) source: SourceArgs,
}

// The arguments of a command that injects nothing. A comment for rustdoc would become its help.
#[derive(Debug, Args)]
pub(crate) struct PlainArgs {
    #[command(flatten)]
    pub(crate) output: OutputArgs,

    #[command(flatten)]
    pub(crate) input: InputArgs,
}

// The arguments of `inject diff`. A comment for rustdoc would become its help.
#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// Compare with what runs on Marathon; the defaults that it fills in are no difference
    #[cfg(feature = "submit")]
    #[arg(long)]
    pub(crate) live: bool,

    /// Compare the pods as they are, without injecting them
    #[cfg(feature = "submit")]
    #[arg(long, requires = "live")]
    pub(crate) no_inject: bool,

    /// End with 1 if there is a difference
    #[arg(long)]
    pub(crate) exit_code: bool,

    #[command(flatten)]
    pub(crate) apps: AppArgs,

    #[command(flatten)]
    pub(crate) source: SourceArgs,

    #[cfg(feature = "submit")]
    #[command(flatten)]
    pub(crate) marathon: MarathonArgs,
}

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Emit {
    /// The documents
    Json,
    /// An RFC 6902 patch for each document
    Patch,
    /// A unified diff for each document
    Diff,
}
