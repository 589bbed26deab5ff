//! What Marathon calls a pod: where pods are in a document, a view of one that injection needs,
//! Marathon's own rules for it, and what an app is as a pod. Knows nothing of Istio.

mod comparison;
mod convert;
mod find;
mod finding;
mod known;
mod lookup;
mod members;
mod patterns;
mod reader;
mod rules;
mod schema;
mod scope;
mod traps;
mod validation;
mod view;

pub use comparison::{Comparison, Filled};
pub use convert::{Conversion, Converted, ConvertedEntry, convert};
pub use find::{Entry, What, entries};
pub use known::{Marathon, Unfinished};
pub use validation::{validate, validate_partial};
pub use view::{Command, Container, Endpoint, Network, Pod};
