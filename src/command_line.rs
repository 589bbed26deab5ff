//! What the command lines of the binaries share: exit codes, colours, completions, the documents
//! to read, how to show a name, and which Marathon is meant.

mod color;
mod completions;
mod exit;
mod input;
#[cfg(feature = "submit")]
mod marathon;
mod print;
mod printable;

pub use color::{Color, snippets};
pub use completions::{completions, man};
pub use exit::{Exit, Failure, finish, unless_unread};
pub use input::{Input, Unreadable, documents};
#[cfg(feature = "submit")]
pub use marathon::{Meant, Notice, Reach, SignInArgs, Stdin};
pub use print::print;
pub use printable::{printable, printable_lines};
