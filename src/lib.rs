//! Istio sidecar injection for Marathon pods, what `istioctl kube-inject` is for Kubernetes, and
//! the certificates that it needs.
//!
//! ```text
//! file -> document -> pod -> plan -> patch on text -> stdout | file | marathon
//!                             ^ settings, identity
//! citadel -> bundle -> istio-init in the pod      citadel <- CSR <- agent -> SDS -> Envoy
//!    ^ identity, marathon                            ^ proto, monitor ^
//! ```
//!
//! [`document`] reads JSON and writes it back without losing a byte, [`pod`] knows Marathon,
//! [`plan`] knows Istio, [`settings`] and [`identity`] are what a plan is made with, and [`check`]
//! holds documents against their plan, as a gate for pipelines. All of them are pure. `marathon` (a
//! feature) is the client of Marathon's REST API. `bundle` (a feature) is how certificates are
//! handed on, `citadel` (a feature) the certificate authority on disk and its signing service, and
//! `agent` (a feature) what has a key signed in the pod; what they hold is [`identity`]'s business.
//! `proto` is what the two speak, `monitor` what they tell those who watch them. [`command_line`]
//! is what the binaries share.

#![deny(
    clippy::exit,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_docs
)]

#[cfg(feature = "node-agent")]
pub mod agent;
#[cfg(feature = "bundle")]
pub mod bundle;
pub mod check;
#[cfg(feature = "citadel")]
pub mod citadel;
pub mod command_line;
pub mod document;
pub mod identity;
#[cfg(feature = "submit")]
pub mod marathon;
#[cfg(feature = "grpc")]
pub mod monitor;
pub mod plan;
pub mod pod;
#[cfg(feature = "grpc")]
pub mod proto;
pub mod settings;
