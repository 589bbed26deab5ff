//! The node agent: the key of a workload, which never leaves the pod, its certificate, and how
//! Envoy gets both.
//!
//! ```text
//! renewal, subscription -> citadel -> connection, trust
//!        v
//!     workload -> store (disk)
//!        v
//!      served -> sds (Envoy), files (/etc/certs), status
//! ```
//!
//! [`run`] is all of it. A certificate is looked at before it is taken (`credential`); when it is
//! renewed, `schedule` knows.

mod chance;
mod citadel;
mod connection;
mod credential;
mod failure;
mod files;
mod metrics;
mod renewal;
mod roots;
mod run;
mod schedule;
mod sds;
mod served;
mod status;
mod store;
mod subscription;
mod trust;
mod workload;

pub use citadel::Citadel;
pub use connection::{CaAddress, InvalidAddress};
pub use failure::Failure;
pub use renewal::{Denied, Wish};
pub use roots::{InvalidRoots, Roots};
pub use run::{AgentError, Config, Signals, run};
pub use schedule::{GracePeriod, InvalidGracePeriod};
pub use sds::SocketError;
pub use store::StoreError;
pub use trust::{InvalidPin, Pin, Trust};
