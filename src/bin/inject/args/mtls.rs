//! The arguments of `inject mtls`.

use clap::{Args, ValueEnum};

use super::SettingsArgs;

const EXAMPLES: &str = "\
Examples:
  inject mtls --mode permissive | kubectl apply -f -
  inject mtls | kubectl apply -f -
  inject mtls --format peer-authentication --domain mesh.example.com";

// The arguments of `inject mtls`. A comment for rustdoc would become its help.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct MtlsArgs {
    /// What is to hold of all services of the mesh
    #[arg(long, value_enum, default_value_t = Mode::Strict)]
    pub(crate) mode: Mode,

    /// Which of Istio's resources say it
    #[arg(long, value_enum, default_value_t = Resources::Kubectl)]
    pub(crate) format: Resources,

    #[command(flatten)]
    pub(crate) settings: SettingsArgs,
}

/// What services take and clients send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    /// Mutual TLS and nothing else
    Strict,
    /// Clients with a sidecar send mutual TLS; services take plain text too
    Permissive,
    /// Plain text
    Disable,
}

/// In which of Istio's resources it is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Resources {
    /// Those of Istio 1.0 to 1.4: MeshPolicy and DestinationRule
    #[value(alias = "istio-1.0")]
    Kubectl,
    /// Those of Istio since 1.5: PeerAuthentication and DestinationRule
    PeerAuthentication,
}
