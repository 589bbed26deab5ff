//! A Marathon in the test's own process: its REST API over loopback, with validation, deployments
//! that take steps, instances that come up and crash as scripted, locks, events, sign-in, several
//! nodes with one leader, and every way in which a network or a proxy fails.
//!
//! A test starts one, says what shall go wrong, and looks at what became of it:
//!
//! ```text
//! let marathon = Marathon::start();
//! marathon.script("/httpbin", Trouble::exits("istio-init", 1));
//! // ... submit to marathon.url() ...
//! marathon.wait_until(|cluster| cluster.is_settled());
//! ```
#![allow(dead_code, unused_imports, reason = "each test takes what it needs")]

mod access;
mod answer;
mod builder;
mod changes;
mod clock;
mod cluster;
mod containers;
mod deployment;
mod events;
mod faults;
mod handle;
mod instance;
mod leader;
mod normal;
mod passage;
mod pod;
mod records;
mod routes;
mod script;
mod server;
mod sign_in;
mod status;
mod tick;
mod tls;
mod validation;

pub(crate) use access::{Access, DcOs};
pub(crate) use builder::Builder;
pub(crate) use cluster::Cluster;
pub(crate) use faults::Fault;
pub(crate) use handle::Marathon;
pub(crate) use leader::Leaderless;
pub(crate) use records::Request;
pub(crate) use script::Trouble;
pub(crate) use tls::Tls;
