//! The `inject` binary from outside: what it reads, writes and says, and its exit codes.
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails by panicking and says aloud what it skips"
)]

#[path = "cli/convert.rs"]
mod convert;
#[path = "cli/emit.rs"]
mod emit;
#[path = "cli/help.rs"]
mod help;
#[path = "cli/inputs.rs"]
mod inputs;
#[path = "cli/mtls.rs"]
mod mtls;
#[path = "cli/outcomes.rs"]
mod outcomes;
#[path = "cli/outputs.rs"]
mod outputs;
#[path = "cli/overlays.rs"]
mod overlays;
#[path = "cli/refusals.rs"]
mod refusals;
#[path = "cli/remove.rs"]
mod remove;
#[path = "cli/scratch.rs"]
mod scratch;
#[path = "cli/settings.rs"]
mod settings;
#[path = "cli/terminal.rs"]
mod terminal;
