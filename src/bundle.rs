//! A bundle as it is handed on: a directory, or an archive, of the three files that istio-proxy
//! reads from `/etc/certs`. What is in the files is [`identity`](crate::identity)'s business.

mod archive;
mod open;
mod read;

pub use archive::{ArchiveError, CERTS, read_archive, write_archive};
pub use open::{Found, OpenError, open};
pub use read::{ReadError, read, read_from};
