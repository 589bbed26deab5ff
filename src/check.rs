//! The gate for pipelines: whether each pod of some documents is valid for Marathon, injected and
//! up to date, or exempt and why; and what in the documents works against the mesh.
//!
//! A [`Checker`] reads one document after the other and remembers what pods must not share. Every
//! finding has a code, a place and a hint.

mod catalogue;
mod checker;
mod gate;
mod names;
mod place;
mod previous;
mod state;

pub use catalogue::{Page, nearest, page, pages};
pub use checker::{Checked, Checker, Document};
pub use gate::Stage;
pub use previous::Previous;
pub use state::State;
