//! An authority as files, and one from them.

use time::OffsetDateTime;

use super::Authority;
use crate::identity::x509::certificate::Certificate;
use crate::identity::x509::error::{AuthorityError, AuthorityFile};
use crate::identity::x509::key::PrivateKey;

/// The files of an authority, PEM, as Istio 1.0.5's Citadel takes them.
#[derive(Clone, Copy)]
pub struct AuthorityFiles<'f> {
    /// The key that signs: PKCS#8, PKCS#1 or SEC1.
    pub key: &'f [u8],
    /// Its certificate.
    pub certificate: &'f [u8],
    /// The certificates between that and the root, nearest first; empty where there are none.
    pub chain: &'f [u8],
    /// The root, or several.
    pub roots: &'f [u8],
}

impl Authority {
    /// An authority from its files, all PEM: the key, the signing certificate, the certificates
    /// between that and the root (`ca-cert.pem` itself may be the first, as in Istio's), the roots.
    ///
    /// # Errors
    /// A file cannot be read, the key is another's, or peers would not trust what it signs.
    pub fn from_pem(
        files: &AuthorityFiles<'_>,
        now: OffsetDateTime,
    ) -> Result<Self, AuthorityError> {
        let key = PrivateKey::from_pem(files.key)?;
        let read = |file, pem| {
            Certificate::all_from_pem(pem)
                .map_err(|error| AuthorityError::Certificate { file, error })
        };
        let mut chain = read(AuthorityFile::Certificate, files.certificate)?;
        let certificate = chain[0].clone();
        if !files.chain.trim_ascii().is_empty() {
            chain.extend(read(AuthorityFile::Chain, files.chain)?);
        }
        let roots = read(AuthorityFile::Roots, files.roots)?;
        let mut intermediates = Vec::new();
        for between in chain {
            if !between.is_self_issued() && !intermediates.contains(&between) {
                intermediates.push(between);
            }
        }
        let anchor = roots[0].clone();
        let mut authority = Self::new(key, certificate, intermediates, roots, anchor)?;
        authority.check(now)?;
        Ok(authority)
    }
}
