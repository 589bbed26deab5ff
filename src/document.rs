//! JSON text as it was written: a strict parse that knows where every value stands, RFC 6902
//! patches applied to the text in place, and diagnostics that show the source.
//!
//! Nothing here knows what the JSON means. A [`Source`] is a file's text; its values are looked
//! into lazily as [`Raw`] slices, or parsed whole into a [`Node`] tree; a patch edits the tree,
//! and the edited tree writes itself back over the text, byte for byte where nothing was touched.

mod diagnostic;
mod edit;
mod grow;
mod kind;
mod layout;
mod node;
mod path;
mod raw;
mod shown;
mod snippet;
mod source;
mod splice;
mod write;

pub use diagnostic::{Diagnostic, Severity};
pub use edit::PatchError;
pub use kind::Kind;
pub use layout::{Layout, line_before};
pub use node::{Array, Member, Node, Object, Value};
pub use path::Path;
pub use raw::{Raw, RawMember};
pub use shown::shown;
pub use snippet::Snippets;
pub use source::{MAX_BYTES, Position, Source};
pub use splice::{Splice, apply_to_text};
