//! Identities as X.509 certificates: keys, the authorities that sign, what they sign, and whether
//! a peer would trust it. Pure: bytes in, bytes out; the time is an argument.

mod authority;
mod bundle;
mod certificate;
mod error;
mod facts;
mod key;
mod organization;
mod path;
mod profile;
mod public_key;
mod request;
mod text;
mod verify;

pub use authority::{Authority, AuthorityFiles};
pub use bundle::{Bundle, CERT_CHAIN, KEY, ROOT_CERT};
pub use certificate::{Certificate, CertificateError, to_pem};
pub use error::{AuthorityError, AuthorityFile};
pub use facts::Facts;
pub use key::{KeyError, KeyKind, PrivateKey, SecretText};
pub use organization::{InvalidOrganization, Organization};
pub use path::{PathError, check_path};
pub use profile::{AuthorityProfile, BACKDATE, LeafProfile, ServerProfile};
pub use public_key::{PublicKey, PublicKeyAlgorithm};
pub use request::{RequestError, SigningRequest};
pub use text::{hex, rfc3339, time_left};
pub use verify::{Fault, Verified, verify};
