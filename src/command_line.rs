//! What the command lines of the binaries share: exit codes, colours, completions, the documents
//! to read, times, secrets, how to show a name, and which Marathon is meant.

mod color;
mod completions;
#[cfg(any(feature = "bundle", feature = "submit"))]
mod duration;
mod exit;
mod input;
#[cfg(feature = "submit")]
mod marathon;
mod print;
mod printable;
#[cfg(feature = "submit")]
mod secret;

pub use color::{Color, snippets};
pub use completions::{completions, man};
#[cfg(any(feature = "bundle", feature = "submit"))]
pub use duration::{duration, some_time};
pub use exit::{Exit, Failure, finish, unless_unread};
pub use input::{Input, Unreadable, documents};
#[cfg(feature = "submit")]
pub use marathon::{Meant, Notice, Reach, SignInArgs, Stdin};
pub use print::print;
pub use printable::{printable, printable_lines};
#[cfg(feature = "submit")]
pub use secret::secret;
