//! Identities as X.509 certificates: keys, the authorities that sign, what they sign, and whether
//! a peer would trust it. Pure: bytes in, bytes out; the time is an argument.

mod authority;
mod bundle;
mod certificate;
mod key;
mod path;
mod text;
mod verify;

pub use authority::{
    Authority, AuthorityError, AuthorityFiles, AuthorityProfile, BACKDATE, LeafProfile,
};
pub use bundle::{Bundle, CERT_CHAIN, KEY, ROOT_CERT};
pub use certificate::{Certificate, CertificateError, Facts, to_pem};
pub use key::{KeyError, KeyKind, PrivateKey, PublicKey, PublicKeyAlgorithm, SecretText};
pub use path::{PathError, check_path};
pub use text::{hex, rfc3339};
pub use verify::{Fault, Verified, verify};
