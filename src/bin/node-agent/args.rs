//! The arguments, each of which the environment can give, too.

use std::net::SocketAddr;
use std::time::Duration;

use camino::Utf8PathBuf;
use clap::Parser;
use marathon_inject::agent::{GracePeriod, Pin};
use marathon_inject::command_line::{Color, some_time};
use marathon_inject::identity::x509::KeyKind;

const AFTER_HELP: &str = "\
The join token comes from MESH_JOIN_TOKEN, or --token-file; the id of the Mesos task from
MESOS_TASK_ID, which Mesos sets. SIGHUP renews the certificate at once.

Exit codes:
  0  told to stop (SIGTERM, SIGINT)
  2  bad usage or bad input
  3  Citadel does not let this task join the mesh: a new task is needed";

/// The node agent of a mesh on Marathon
///
/// Makes the key of a pod, has Citadel certify it, and renews the certificate for ever. Serves both
/// to Envoy (SDS), keeps them as files, or both.
#[derive(Debug, Parser)]
#[command(name = "node-agent", version, after_help = AFTER_HELP)]
pub(crate) struct Cli {
    /// Where Citadel is
    #[arg(long, value_name = "HOST:PORT", env = "ISTIO_AGENT_CA_ADDRESS")]
    pub(crate) ca_address: String,

    /// Whom the certificate of Citadel's server is for
    #[arg(
        long,
        value_name = "NAME",
        default_value = "istio-citadel",
        env = "ISTIO_AGENT_CA_SERVER_NAME"
    )]
    pub(crate) ca_server_name: String,

    /// The SHA-256 of Citadel's root certificate, or several with commas between them
    #[arg(
        long,
        value_name = "HEX",
        value_delimiter = ',',
        env = "ISTIO_AGENT_CA_ROOT_SHA256",
        required_unless_present = "ca_root_cert"
    )]
    pub(crate) ca_root_sha256: Vec<Pin>,

    /// The root certificate itself, or several (PEM)
    #[arg(long, value_name = "FILE", env = "ISTIO_AGENT_CA_ROOT_CERT")]
    pub(crate) ca_root_cert: Option<Utf8PathBuf>,

    /// A file with the join token, in place of MESH_JOIN_TOKEN
    #[arg(long, value_name = "FILE", env = "ISTIO_AGENT_TOKEN_FILE")]
    pub(crate) token_file: Option<Utf8PathBuf>,

    /// The kind of the keys: p256 or rsa2048
    #[arg(long, value_name = "KIND", default_value_t, env = "ISTIO_AGENT_KEY")]
    pub(crate) key: KeyKind,

    /// How long a certificate is to live, within what Citadel allows [default: what Citadel gives to
    /// whoever does not ask]
    #[arg(long, value_name = "TIME", value_parser = some_time, env = "ISTIO_AGENT_TTL")]
    pub(crate) ttl: Option<Duration>,

    /// How much of its life is left when a certificate is renewed
    #[arg(long, value_name = "RATIO", default_value_t, env = "ISTIO_AGENT_GRACE_PERIOD_RATIO")]
    pub(crate) grace_period_ratio: GracePeriod,

    /// How long one try to get a certificate may take
    #[arg(
        long,
        value_name = "TIME",
        default_value = "15s",
        value_parser = some_time,
        env = "ISTIO_AGENT_CALL_TIMEOUT"
    )]
    pub(crate) call_timeout: Duration,

    /// How long to go on asking a Citadel that denies this task its certificate
    #[arg(
        long,
        value_name = "TIME",
        default_value = "1m",
        value_parser = some_time,
        env = "ISTIO_AGENT_DENIED_FOR"
    )]
    pub(crate) denied_for: Duration,

    /// Serve certificate and roots to Envoy on this Unix socket
    #[arg(
        long,
        value_name = "PATH",
        env = "ISTIO_AGENT_SDS_SOCKET",
        required_unless_present = "output_dir"
    )]
    pub(crate) sds_socket: Option<Utf8PathBuf>,

    /// Who may have them beside root and the agent's own user; with commas between them
    #[arg(long, value_name = "UID", value_delimiter = ',', env = "ISTIO_AGENT_SDS_UID")]
    pub(crate) sds_uid: Vec<u32>,

    /// Keep root-cert.pem, cert-chain.pem and key.pem current in this directory, as /etc/certs
    #[arg(long, value_name = "DIR", env = "ISTIO_AGENT_OUTPUT_DIR")]
    pub(crate) output_dir: Option<Utf8PathBuf>,

    /// Where key and certificate are kept for the next start [default: agent in MESOS_SANDBOX]
    #[arg(long, value_name = "DIR", env = "ISTIO_AGENT_STATE_DIR")]
    pub(crate) state_dir: Option<Utf8PathBuf>,

    /// Where /ready, /healthz and /metrics are served
    #[arg(
        long,
        value_name = "ADDRESS",
        default_value = "127.0.0.1:15021",
        env = "ISTIO_AGENT_STATUS_LISTEN"
    )]
    pub(crate) status_listen: SocketAddr,

    /// Run as root, too, whose traffic Envoy captures in a pod
    #[arg(long)]
    pub(crate) allow_root: bool,

    /// What to log, as info or debug
    #[arg(long, value_name = "LEVEL", default_value = "info", env = "ISTIO_AGENT_LOG")]
    pub(crate) log: String,

    /// When to use colours
    #[arg(long, value_enum, default_value = "auto")]
    pub(crate) color: Color,
}
