//! The arguments. Flags of settings come from the table of settings, so that they cannot differ
//! from the environment's and the config file's names.

use camino::Utf8PathBuf;
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Args, FromArgMatches, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use marathon_inject::command_line::Color;
use marathon_inject::settings::{Key, Settings, label_of};

const EXAMPLES: &str = "\
Examples:
  inject httpbin.json | dcos marathon pod add
  inject --emit diff pods/
  inject -i --overlay limits.json pods/
  dcos marathon pod show /httpbin | jq .spec | inject --strict > httpbin.json

Exit codes:
  0  done
  1  a gate said no: --strict found a warning
  2  bad usage or bad input; nothing was written";

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

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Print a shell's completions
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page
    Man,
}

#[derive(Debug, Args)]
pub(crate) struct InjectArgs {
    /// Files and directories; - is standard input, the default where that is no terminal
    #[arg(value_name = "FILE|DIR|-")]
    pub(crate) inputs: Vec<Utf8PathBuf>,

    /// Another input, as kube-inject spells it
    #[arg(short = 'f', long = "filename", value_name = "FILE", hide_short_help = true)]
    pub(crate) filenames: Vec<Utf8PathBuf>,

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

    /// Lay a partial pod over what is added; later ones win
    #[arg(long = "overlay", value_name = "FILE")]
    pub(crate) overlays: Vec<Utf8PathBuf>,

    /// Read settings from a TOML file
    #[arg(long, value_name = "FILE", env = "INJECT_CONFIG")]
    pub(crate) config: Option<Utf8PathBuf>,

    /// Read settings from Istio's MeshConfig (YAML)
    #[arg(long, alias = "meshConfigFile", value_name = "FILE", hide_short_help = true)]
    pub(crate) mesh_config_file: Option<Utf8PathBuf>,

    #[arg(long = "injectConfigFile", value_name = "FILE", hide = true)]
    pub(crate) inject_config_file: Option<Utf8PathBuf>,

    /// Fail on warnings
    #[arg(long)]
    pub(crate) strict: bool,

    /// Say nothing but errors
    #[arg(short, long)]
    pub(crate) quiet: bool,

    /// When to use colours
    #[arg(long, value_enum, default_value_t)]
    pub(crate) color: Color,

    #[command(flatten)]
    pub(crate) settings: SettingArgs,
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

/// Where a setting comes from, for errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Environment,
    Flag,
}

/// The settings that the environment and the flags give, in the order in which they apply.
#[derive(Debug)]
pub(crate) struct SettingArgs(pub(crate) Vec<(Key, String, Origin)>);

impl Args for SettingArgs {
    fn augment_args(command: clap::Command) -> clap::Command {
        let command = command.next_help_heading("Settings");
        let settings = Settings::default();
        settings.texts().fold(command, |command, (key, default)| command.arg(flag(key, default)))
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}

fn flag(key: Key, default: Option<String>) -> Arg {
    let arg = Arg::new(key.name())
        .long(key.name())
        .env(key.variable())
        .hide_env_values(true)
        .value_name(key.form())
        .help(help(key, default))
        .hide_short_help(true);
    match key.kube_inject_flag() {
        Some(alias) => arg.alias(alias),
        None => arg,
    }
}

fn help(key: Key, default: Option<String>) -> String {
    let label = label_of(key).map(|label| format!(" [label: {label}]"));
    let default = default.map(|text| format!(" [default: {text}]"));
    [key.about(), &default.unwrap_or_default(), &label.unwrap_or_default()].concat()
}

impl FromArgMatches for SettingArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = Key::all().filter_map(|key| {
            let value = matches.get_one::<String>(key.name())?.clone();
            let from = match matches.value_source(key.name())? {
                ValueSource::EnvVariable => Origin::Environment,
                _ => Origin::Flag,
            };
            Some((key, value, from))
        });
        Ok(Self(given.collect()))
    }

    fn update_from_arg_matches(&mut self, _: &ArgMatches) -> Result<(), clap::Error> {
        Err(clap::Error::new(ErrorKind::InvalidSubcommand))
    }
}
