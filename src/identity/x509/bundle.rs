//! A workload's bundle: the three files that Citadel hands out and that istio-proxy reads from
//! `/etc/certs`.

use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::authority::Authority;
use super::certificate::{Certificate, to_pem};
use super::error::AuthorityError;
use super::key::{KeyKind, PrivateKey};
use super::profile::LeafProfile;

/// The file of the roots that the workload trusts.
pub const ROOT_CERT: &str = "root-cert.pem";
/// The file of its own certificate, and of those between that and the root.
pub const CERT_CHAIN: &str = "cert-chain.pem";
/// The file of its private key.
pub const KEY: &str = "key.pem";

/// The three files, as they are; whether they are any good is for [`verify`](super::verify).
#[derive(Clone, PartialEq, Eq)]
pub struct Bundle {
    /// The content of [`ROOT_CERT`].
    pub root_cert: Vec<u8>,
    /// The content of [`CERT_CHAIN`].
    pub cert_chain: Vec<u8>,
    /// The content of [`KEY`].
    pub key: Zeroizing<Vec<u8>>,
}

impl Bundle {
    /// Makes a key and has it certified. The workload is to trust `roots`, which may be more than
    /// those of its own certificate's authority.
    ///
    /// # Errors
    /// There is no key, or the authority cannot sign.
    pub fn issue(
        authority: &Authority,
        roots: &[Certificate],
        profile: &LeafProfile<'_>,
        key: KeyKind,
        now: OffsetDateTime,
    ) -> Result<(Self, Certificate), AuthorityError> {
        let key = PrivateKey::generate(key)?;
        let leaf = authority.sign(profile, &key.public_key(), now)?;
        let bundle = Self {
            root_cert: to_pem(roots).into_bytes(),
            cert_chain: to_pem([&leaf].into_iter().chain(authority.intermediates())).into_bytes(),
            key: Zeroizing::new(key.to_pem().as_bytes().to_vec()),
        };
        Ok((bundle, leaf))
    }

    /// The files in the order in which they are to appear: whoever waits for the key finds the
    /// others there. Each with its name, its content and its mode.
    pub fn files(&self) -> [(&'static str, &[u8], u32); 3] {
        [
            (ROOT_CERT, &self.root_cert, 0o644),
            (CERT_CHAIN, &self.cert_chain, 0o644),
            (KEY, &self.key, 0o600),
        ]
    }
}

impl std::fmt::Debug for Bundle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bundle").finish_non_exhaustive()
    }
}
