//! Marathon's REST API: where it is, who we are, pods created and updated, deployments followed.
//!
//! What is said to Marathon is a pod's text, as the document has it. An answer is believed only
//! once it was read whole, and a write only once it was answered or read back.

mod address;
mod answer;
mod attempt;
mod client;
mod connection;
mod dcos;
mod deployment;
mod error;
mod events;
mod follow;
mod pods;
mod refusal;
mod secret;
mod service_account;
mod sign_in;
mod status;
mod trust;
mod undo;
mod watch;
mod write;

pub use address::{Address, AddressError, is_loopback};
pub use client::{Client, Limits, OnRetry};
pub use connection::{ClientFiles, Security};
pub use dcos::{Cluster, ClusterError};
pub use deployment::Deployment;
pub use error::Error;
pub use events::{Events, News};
pub use pods::{Running, compare};
pub use refusal::{Fault, Refusal, diagnostics};
pub use secret::Secret;
pub use service_account::{ServiceAccount, ServiceAccountError};
pub use sign_in::{Credentials, Login, Withheld};
pub use status::{
    Container, Ended, EndedContainer, Instance, Network, PodStatus, Scaling, Spec, State,
    Termination,
};
pub use trust::Trust;
pub use undo::Before;
pub use watch::{Failure, Goal, Seen, Standing, Verdict, Watch, Why};
pub use write::{Definition, Force, Taken};
