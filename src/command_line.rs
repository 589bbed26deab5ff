//! What the command lines of the binaries share: exit codes, colours, completions, the documents
//! to read, and how to show a name.

mod color;
mod completions;
mod exit;
mod input;
mod print;
mod printable;

pub use color::{Color, snippets};
pub use completions::{completions, man};
pub use exit::{Exit, Failure, finish, unless_unread};
pub use input::{Input, Unreadable, documents};
pub use print::print;
pub use printable::{printable, printable_lines};
