//! How Citadel is known: by its root, and by the name of its server.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use time::OffsetDateTime;

use super::roots::{Roots, is_valid};
use crate::identity::x509::Certificate;

/// The SHA-256 of a certificate, in lower-case hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin(String);

/// No SHA-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected the SHA-256 of a root certificate: 64 hexadecimal digits")]
pub struct InvalidPin;

impl std::str::FromStr for Pin {
    type Err = InvalidPin;

    /// OpenSSL writes colons between the bytes.
    fn from_str(text: &str) -> Result<Self, InvalidPin> {
        let digits = text.replace(':', "").to_ascii_lowercase();
        if digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(Self(digits));
        }
        Err(InvalidPin)
    }
}

/// What Citadel's certificate has to lead to: a pinned root, which Citadel sends along, or one that
/// is at hand.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// The roots that are known by their digests.
    pub pins: Vec<Pin>,
    /// The roots that are at hand.
    pub roots: Vec<Arc<Roots>>,
}

/// Verifies servers by a [`Trust`].
#[derive(Debug)]
pub(super) struct Verifier {
    pub(super) trust: Trust,
    pub(super) provider: Arc<CryptoProvider>,
}

impl Verifier {
    /// The roots that the server's chain may lead to. That they have not ended is for us to see:
    /// the library trusts roots for ever.
    fn anchors(&self, sent: &[CertificateDer<'_>]) -> RootCertStore {
        let now = OffsetDateTime::now_utc();
        let at_hand = self.trust.roots.iter().flat_map(|roots| roots.certificates().to_vec());
        let pinned = sent.iter().filter_map(|der| {
            let certificate = Certificate::from_der(der.clone().into_owned()).ok()?;
            let is_pinned = |pin: &Pin| pin.0 == certificate.facts().sha256;
            self.trust.pins.iter().any(is_pinned).then_some(certificate)
        });
        let mut store = RootCertStore::empty();
        let roots = at_hand.chain(pinned).filter(|root| root.facts().is_ca && is_valid(root, now));
        store.add_parsable_certificates(roots.map(|root| root.der().clone()));
        store
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let anchors = self.anchors(intermediates);
        if anchors.is_empty() {
            return Err(CertificateError::UnknownIssuer.into());
        }
        let provider = Arc::clone(&self.provider);
        WebPkiServerVerifier::builder_with_provider(anchors.into(), provider)
            .build()
            .map_err(|error| Error::General(error.to_string()))?
            .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
