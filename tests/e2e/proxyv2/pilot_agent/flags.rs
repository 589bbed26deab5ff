//! The flags of `pilot-agent proxy`, and how it refuses others.

use std::ffi::OsString;
use std::fmt::{self, Display};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::error::{ContextKind, ErrorKind};
use clap::{Arg, ArgAction, Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use super::go;

#[derive(Parser)]
#[command(name = "pilot-agent", args_override_self = true)]
struct PilotAgent {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    _log: LogFlags,
}

#[derive(Subcommand)]
enum Command {
    #[command(args_override_self = true)]
    Proxy(Flags),
}

/// What the agent is told, by the names of its flags.
#[derive(Args)]
#[command(rename_all = "camelCase")]
pub(super) struct Flags {
    #[arg(default_value = "sidecar", value_parser = role)]
    pub(super) role: String,
    #[arg(long, default_value = "/usr/local/bin/envoy")]
    pub(super) binary_path: PathBuf,
    #[arg(long, default_value_t = 0)]
    pub(super) concurrency: i32,
    #[arg(long, default_value = "/etc/istio/proxy")]
    pub(super) config_path: PathBuf,
    #[arg(long, default_value = "1s", value_parser = go::duration)]
    pub(super) connect_timeout: Duration,
    #[arg(long, default_value = "NONE")]
    pub(super) control_plane_auth_policy: String,
    #[arg(long, default_value = "istio-pilot:15007")]
    pub(super) discovery_address: String,
    #[arg(long, default_value = "1s", value_parser = go::duration)]
    pub(super) discovery_refresh_delay: Duration,
    #[arg(long, default_value = "")]
    pub(super) domain: String,
    #[arg(long, default_value = "2s", value_parser = go::duration)]
    pub(super) drain_duration: Duration,
    #[arg(long, default_value = "")]
    pub(super) id: String,
    #[arg(long, default_value = "")]
    pub(super) ip: String,
    #[arg(long, default_value = "3s", value_parser = go::duration)]
    pub(super) parent_shutdown_duration: Duration,
    #[arg(long, default_value = "warn")]
    pub(super) proxy_log_level: String,
    #[arg(long, default_value = "istio-proxy")]
    pub(super) service_cluster: String,
    #[arg(long, default_value = "")]
    pub(super) statsd_udp_address: String,
    #[arg(long, default_value = "")]
    pub(super) zipkin_address: String,
    #[command(flatten)]
    _rest: FlagsWithoutEffect,
}

/// What is accepted, and has no effect here.
#[derive(Args)]
#[command(rename_all = "camelCase")]
struct FlagsWithoutEffect {
    #[arg(long, value_delimiter = ',')]
    _application_ports: Vec<String>,
    #[arg(long, default_value = "")]
    _availability_zone: String,
    #[command(flatten)]
    _switches: Switches,
    #[arg(long, default_value = "")]
    _custom_config_file: String,
    #[arg(long, default_value_t = 15000)]
    _proxy_admin_port: u16,
    /// Not validated by the real one either.
    #[arg(long = "serviceregistry", default_value = "Kubernetes")]
    _service_registry: String,
    #[arg(long, default_value_t = 0)]
    _status_port: u16,
    #[arg(long, default_value = "")]
    _template_file: String,
}

/// Go's boolean flags: alone, or with a value after `=`.
#[derive(Args)]
#[command(rename_all = "camelCase")]
struct Switches {
    #[arg(long, action = ArgAction::Set, default_value = "true", value_parser = go::boolean)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    _bootstrapv2: bool,
    #[arg(long, action = ArgAction::Set, default_value = "false", value_parser = go::boolean)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    _disable_internal_telemetry: bool,
}

/// The flags of istio.io's logging, which every command has.
#[derive(Args)]
#[command(rename_all = "snake_case")]
struct LogFlags {
    #[arg(long, global = true, action = ArgAction::Set, value_parser = go::boolean)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    _log_as_json: Option<bool>,
    #[arg(long, global = true)]
    _log_caller: Option<String>,
    #[arg(long, global = true)]
    _log_output_level: Option<String>,
    #[arg(long, global = true)]
    _log_rotate: Option<String>,
    #[arg(long, global = true)]
    _log_rotate_max_age: Option<i32>,
    #[arg(long, global = true)]
    _log_rotate_max_backups: Option<i32>,
    #[arg(long, global = true)]
    _log_rotate_max_size: Option<i32>,
    #[arg(long, global = true)]
    _log_stacktrace_level: Option<String>,
    #[arg(long, global = true)]
    _log_target: Vec<String>,
}

fn role(text: &str) -> Result<String, String> {
    match text {
        "sidecar" | "ingress" | "router" => Ok(text.to_owned()),
        _ => Err(format!("Invalid role Type: {text}")),
    }
}

/// Why there is nothing to run.
#[derive(Debug)]
pub(super) enum End {
    Help(String),
    Refused(String),
}

impl End {
    /// Says so as cobra does, and gives the status.
    pub(super) fn tell(&self) -> ExitCode {
        match self {
            Self::Help(text) => {
                print!("{text}");
                ExitCode::SUCCESS
            }
            Self::Refused(_) => {
                eprintln!("{self}");
                ExitCode::from(super::FAILURE)
            }
        }
    }
}

impl Display for End {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Help(text) => out.write_str(text),
            Self::Refused(why) => write!(out, "Error: {why}"),
        }
    }
}

impl From<clap::Error> for End {
    fn from(error: clap::Error) -> Self {
        let of = |kind| error.get(kind).map(ToString::to_string).unwrap_or_default();
        let argument = of(ContextKind::InvalidArg);
        let flag = argument.split(' ').next().unwrap_or_default();
        let value = of(ContextKind::InvalidValue);
        let source = std::error::Error::source(&error).map(ToString::to_string);
        Self::Refused(match (error.kind(), source) {
            (ErrorKind::DisplayHelp, _) => return Self::Help(error.to_string()),
            (ErrorKind::UnknownArgument, _) => unknown(flag),
            (ErrorKind::InvalidValue, _) => format!("flag needs an argument: {flag}"),
            (_, Some(why)) if flag.starts_with("--") => {
                format!("invalid argument \"{value}\" for \"{flag}\" flag: {why}")
            }
            (_, Some(why)) => why,
            (_, None) => error.to_string(),
        })
    }
}

fn unknown(argument: &str) -> String {
    match argument.strip_prefix('-').and_then(|rest| rest.chars().next()) {
        Some('-') => format!("unknown flag: {argument}"),
        Some(letter) => format!("unknown shorthand flag: '{letter}' in {argument}"),
        None => format!("unknown argument: {argument}"),
    }
}

/// As cobra reads it: the word after a flag is its value, whatever it looks like.
fn with_any_value(arg: Arg) -> Arg {
    let takes_a_word = arg.get_long().is_some() && !arg.is_require_equals_set();
    arg.allow_hyphen_values(takes_a_word)
}

impl Flags {
    /// Reads a command line, the program's name being the first of its words.
    pub(super) fn read(words: impl IntoIterator<Item = OsString>) -> Result<Self, End> {
        let command = PilotAgent::command()
            .mut_args(with_any_value)
            .mut_subcommand("proxy", |proxy| proxy.mut_args(with_any_value));
        let matches = command.try_get_matches_from(words)?;
        let Command::Proxy(flags) = PilotAgent::from_arg_matches(&matches)?.command;
        Ok(flags)
    }

    /// The flags of `pilot-agent proxy` with these words.
    pub(super) fn of(words: &[&str]) -> Result<Self, End> {
        Self::read(["pilot-agent", "proxy"].iter().chain(words).map(OsString::from))
    }
}

fn refusal(words: &[&str]) -> String {
    Flags::of(words).err().expect("refused").to_string()
}

fn the_defaults_are_those_of_the_real_one() {
    let flags = Flags::of(&[]).unwrap();
    assert_eq!(flags.role, "sidecar");
    assert_eq!(flags.binary_path, PathBuf::from("/usr/local/bin/envoy"));
    assert_eq!(flags.config_path, PathBuf::from("/etc/istio/proxy"));
    assert_eq!(flags.discovery_address, "istio-pilot:15007");
    assert_eq!(flags.drain_duration, Duration::from_secs(2));
    assert_eq!(flags.service_cluster, "istio-proxy");
}

fn every_flag_of_the_real_one_is_accepted() {
    const WORDS: &str = "router --applicationPorts 80,81 --availabilityZone z --binaryPath /b \
        --bootstrapv2 --bootstrapv2=false --concurrency 2 --configPath /c --connectTimeout 10s \
        --controlPlaneAuthPolicy NONE --customConfigFile f --disableInternalTelemetry \
        --discoveryAddress a:1 --discoveryRefreshDelay 1s --domain d --drainDuration 45s --id i \
        --ip 1.2.3.4 --parentShutdownDuration 1m0s --proxyAdminPort 15000 --proxyLogLevel info \
        --serviceCluster s --serviceregistry Mesos --statsdUdpAddress a:1 --statusPort 15020 \
        --templateFile t --zipkinAddress z:1 --log_as_json --log_caller default \
        --log_output_level default:info --log_rotate f --log_rotate_max_age 1 \
        --log_rotate_max_backups 1 --log_rotate_max_size 1 --log_stacktrace_level default:none \
        --log_target stdout --log_target stderr";
    let flags = Flags::of(&WORDS.split_whitespace().collect::<Vec<_>>()).unwrap();
    assert_eq!((flags.role.as_str(), flags.concurrency), ("router", 2));
    assert_eq!(flags.parent_shutdown_duration, Duration::from_secs(60));
}

fn a_value_may_follow_an_equals_sign_or_be_any_word() {
    let flags = Flags::of(&["--id=a=b", "--domain", "--ip", "--zipkinAddress", ""]).unwrap();
    assert_eq!((flags.id.as_str(), flags.domain.as_str()), ("a=b", "--ip"));
    assert_eq!(flags.zipkin_address, "");
}

fn of_a_flag_said_twice_the_last_counts() {
    assert_eq!(Flags::of(&["--id", "a", "--id", "b"]).unwrap().id, "b");
}

fn unknown_flags_are_refused_in_the_words_of_cobra() {
    assert_eq!(refusal(&["--servicecluster", "s"]), "Error: unknown flag: --servicecluster");
    assert_eq!(refusal(&["--x=1"]), "Error: unknown flag: --x");
    assert_eq!(refusal(&["-z"]), "Error: unknown shorthand flag: 'z' in -z");
}

fn wrong_values_are_refused_in_the_words_of_cobra() {
    assert_eq!(refusal(&["--id"]), "Error: flag needs an argument: --id");
    let duration = refusal(&["--drainDuration", "2"]);
    let expected =
        "Error: invalid argument \"2\" for \"--drainDuration\" flag: time: invalid duration 2";
    assert_eq!(duration, expected);
    assert_eq!(refusal(&["gateway"]), "Error: Invalid role Type: gateway");
}

crate::tests! {
    the_defaults_are_those_of_the_real_one,
    every_flag_of_the_real_one_is_accepted,
    a_value_may_follow_an_equals_sign_or_be_any_word,
    of_a_flag_said_twice_the_last_counts,
    unknown_flags_are_refused_in_the_words_of_cobra,
    wrong_values_are_refused_in_the_words_of_cobra,
}
