//! From a pod and the settings to an RFC 6902 patch. Pure: the same pod and settings give the
//! same bytes, everywhere and always.
//!
//! A pod that was injected before is first brought back to what it was, by its [`Record`], and
//! then injected as if for the first time. That makes injection idempotent and every upgrade equal
//! to a fresh injection, by construction.

mod account;
mod addition;
mod adopt;
mod agent;
mod bypass;
mod certs;
mod change;
mod complete;
mod decide;
mod difference;
mod edited;
mod exposure;
mod grain;
mod init;
mod inject;
mod join;
mod labels;
mod look;
mod outcome;
mod overlay;
mod placeholder;
mod ports;
mod proxy;
mod record;
mod removal;
mod replace;
mod rewrite;
mod route;
mod seal;
mod service;
mod trouble;
mod verdict;

pub use adopt::Adoption;
pub use decide::Skip;
pub use difference::Differences;
pub use inject::Injector;
pub use join::{Joining, NoPlace};
pub use outcome::Outcome;
pub use overlay::{Overlay, OverlayError};
pub use record::{Record, RecordError};
pub use rewrite::{Change, Rewritten, rewrite, rewrite_to};
pub use seal::Seal;
pub use service::{SERVICE_LABEL, services};
pub use trouble::{likely_cause, run_once};

use crate::settings::{Certs, Settings};

/// The names of our containers.
const OURS: [&str; 3] = [init::NAME, agent::NAME, proxy::NAME];

/// Whether a pod with these settings gets a container of that name, so that what it says of one is a
/// wish about ours: without a node agent, `istio-agent` is an application like any other, and served
/// by the proxy.
fn is_added(name: &str, settings: &Settings) -> bool {
    OURS.contains(&name) && (name != agent::NAME || settings.certs == Certs::Agent)
}
