//! The arguments of the signing service.

use std::time::Duration;

use camino::Utf8PathBuf;
use clap::{Args, ValueEnum};
use marathon_inject::citadel::attest::{Naming, SourceAddress};
use marathon_inject::command_line::{SignInArgs, some_time};
use rustls::pki_types::{DnsName, InvalidDnsNameError};

use super::CaArgs;

const EXAMPLES: &str = "\
Examples:
  citadel serve --join-key join.key --marathon http://marathon:8080
  citadel serve --join-key new.key --join-key old.key --policy policy.toml
  citadel serve --attest static --static-tokens tokens.toml

Signals:
  SIGHUP            read the CA's directory now, open the audit log anew
  SIGTERM, SIGINT   end, once what is under way is answered

Exit codes:
  0  ended by a signal
  2  bad usage or bad input; nobody was served";

// The arguments of `citadel serve`. A comment for rustdoc would become its help.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    pub(crate) ca: CaArgs,

    /// Where to listen, as HOST:PORT
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0:8060", env = "CITADEL_LISTEN")]
    pub(crate) listen: String,

    /// Where to listen for those who watch: /metrics, /ready, /healthz
    #[arg(
        long,
        value_name = "ADDRESS",
        default_value = "127.0.0.1:9093",
        env = "CITADEL_METRICS_LISTEN"
    )]
    pub(crate) metrics_listen: String,

    /// The DNS names of the service, in its own certificate
    #[arg(
        long,
        value_name = "NAME",
        value_delimiter = ',',
        default_value = "istio-citadel,istio-standalone-citadel",
        env = "CITADEL_GRPC_HOST_IDENTITIES",
        value_parser = dns_name
    )]
    pub(crate) grpc_host_identities: Vec<String>,

    /// How long certificates live for which nobody asks otherwise
    #[arg(
        long,
        value_name = "TIME",
        default_value = "1h",
        env = "CITADEL_WORKLOAD_CERT_TTL",
        value_parser = some_time
    )]
    pub(crate) workload_cert_ttl: Duration,

    /// How long they may live at the most
    #[arg(
        long,
        value_name = "TIME",
        default_value = "24h",
        env = "CITADEL_MAX_WORKLOAD_CERT_TTL",
        value_parser = some_time
    )]
    pub(crate) max_workload_cert_ttl: Duration,

    /// Leave the root as it is: otherwise, if it is self-signed, it gets a new certificate of the same
    /// key in the last fifth of its life, as by rotate-root renew
    #[arg(long)]
    pub(crate) no_renew_root: bool,

    /// Where to add a line of JSON for each decision: a file, or - for standard output
    #[arg(long, value_name = "FILE|-", default_value = "-", env = "CITADEL_AUDIT_LOG")]
    pub(crate) audit_log: Utf8PathBuf,

    /// What to say on standard error, as info or info,marathon_inject=debug
    #[arg(long, value_name = "LEVEL", default_value = "info", env = "CITADEL_LOG")]
    pub(crate) log: String,

    #[command(flatten)]
    pub(crate) limits: LimitArgs,

    #[command(flatten)]
    pub(crate) attest: AttestArgs,
}

// What is laid down against too much. A comment for rustdoc would become a command's help.
#[derive(Debug, Args)]
#[command(next_help_heading = "Limits")]
pub(crate) struct LimitArgs {
    /// The oldest TLS that is spoken
    #[arg(long, value_enum, value_name = "VERSION", default_value_t = Tls::Tls12)]
    pub(crate) tls_min: Tls,

    /// How many certificates an identity may have in a second; 0 is any number
    #[arg(long, value_name = "N", default_value = "500")]
    pub(crate) sign_rate: u32,

    /// How many enrolments may come from an address in a second, after a first few; 0 is any number
    #[arg(long, value_name = "N", default_value = "1")]
    pub(crate) enrol_rate: u32,

    /// How many connections there may be
    #[arg(long, value_name = "N", default_value = "20000", value_parser = at_least_one)]
    pub(crate) max_connections: usize,

    /// How many of them may come from an address; 0 is any number
    #[arg(long, value_name = "N", default_value = "1024")]
    pub(crate) max_connections_per_address: usize,

    /// How many requests may be decided at a time
    #[arg(long, value_name = "N", default_value = "256", value_parser = at_least_one)]
    pub(crate) max_in_flight: usize,
}

/// The oldest TLS that is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Tls {
    /// That of Istio 1.0
    #[value(name = "1.2")]
    Tls12,
    /// Today's
    #[value(name = "1.3")]
    Tls13,
}

// How it is known who asks. A comment for rustdoc would become a command's help.
#[derive(Debug, Args)]
#[command(next_help_heading = "Attestation")]
pub(crate) struct AttestArgs {
    /// How it is known who asks
    #[arg(
        long,
        value_enum,
        value_name = "HOW",
        default_value_t = Attest::Marathon,
        env = "CITADEL_ATTEST"
    )]
    pub(crate) attest: Attest,

    /// The key that inject submit makes join tokens with, as citadel join-key makes it; several
    /// while one follows the other
    #[arg(long, value_name = "FILE", value_delimiter = ',', env = "CITADEL_JOIN_KEY")]
    pub(crate) join_key: Vec<Utf8PathBuf>,

    /// The identities that the administrators laid down (TOML)
    #[arg(long, value_name = "FILE", env = "CITADEL_POLICY")]
    pub(crate) policy: Option<Utf8PathBuf>,

    /// The identities of all other pods: per-pod, or shared as the Mesos Pilot expects it
    #[arg(long, value_name = "WHICH", default_value = "per-pod", env = "CITADEL_IDENTITIES")]
    pub(crate) identities: Naming,

    /// Where a pod may enrol from: the addresses of its instance, those of its agent too, or any
    #[arg(long, value_name = "WHERE", default_value = "instance", env = "CITADEL_SOURCE_ADDRESS")]
    pub(crate) source_address: SourceAddress,

    /// How long after its beginning a task can enrol
    #[arg(
        long,
        value_name = "TIME",
        default_value = "15m",
        env = "CITADEL_ENROL_WINDOW",
        value_parser = some_time
    )]
    pub(crate) enrol_window: Duration,

    /// The list of tokens and their identities (TOML), with --attest static
    #[arg(long, value_name = "FILE", env = "CITADEL_STATIC_TOKENS")]
    pub(crate) static_tokens: Option<Utf8PathBuf>,

    /// Where Marathon is; of several masters, with commas between them, any that answers [default:
    /// that of the cluster that the DC/OS CLI is attached to]
    #[arg(
        long,
        value_name = "URL",
        env = "CITADEL_MARATHON",
        hide_env_values = true,
        help_heading = "Marathon"
    )]
    pub(crate) marathon: Option<String>,

    #[command(flatten)]
    pub(crate) sign_in: SignInArgs,
}

/// How it is known who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Attest {
    /// By a join token and what Marathon says of the task
    Marathon,
    /// By a token of a list
    Static,
}

/// A name that no client could check would be of no use in a certificate.
fn dns_name(text: &str) -> Result<String, InvalidDnsNameError> {
    DnsName::try_from(text.to_owned()).map(|name| name.as_ref().to_owned())
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("at least 1 is needed".to_owned()),
        Ok(count) => Ok(count),
        Err(error) => Err(error.to_string()),
    }
}
