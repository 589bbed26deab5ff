//! The certificate authority as an institution: its directory on disk, the bundles that it hands
//! out, and the way from one root to the next.
//!
//! ```text
//! state.json                 which authority signs, which others are trusted, since when
//! <id>/ca-key.pem …          an authority's files, named as Istio names those of Citadel
//! <id>/former-roots.pem      the certificates that its root had before it was renewed, for pins
//! enrolments                 who was given its first certificate, and for which key
//! ```

pub mod attest;
mod ca;
mod directory;
mod disk;
mod enrolments;
mod error;
mod files;
mod rotation;
pub mod service;
mod signer;
mod state;
mod underway;

pub use ca::{BundleRequest, Citadel, MAX_LEAF_TTL, MIN_LEAF_TTL, Member};
pub use directory::Access;
pub use disk::{Disk, OsDisk};
pub use enrolments::{Applied, Enrolments, Subject};
pub use error::CaError;
pub use files::read_secret;
pub use rotation::{Patience, RotationError};
pub use signer::{Ask, Issued, Serving, Signer};
pub use state::{AuthorityId, Phase, Role};
pub use underway::{UNDERWAY, abandoned, directory_of};
