//! What Marathon calls a pod: where pods are in a document, and a view of one that injection
//! needs. Knows nothing of Istio.

mod find;
mod view;

pub use find::{Entry, What, entries};
pub use stub::*;
mod stub;
pub use view::{Command, Container, Endpoint, Network, Pod};
