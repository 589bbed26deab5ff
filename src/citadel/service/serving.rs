//! What the service shows to its clients and whom it believes, as TLS has it.

use std::sync::Arc;

use rustls::crypto::aws_lc_rs::{default_provider, sign::any_supported_type};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use rustls::server::{NoServerSessionStorage, VerifierBuilderError, WebPkiClientVerifier};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig};
use zeroize::Zeroize;

use crate::citadel::signer::Serving;
use crate::identity::x509::Certificate;

/// The protocol within TLS: HTTP/2, which gRPC needs (RFC 9113 §3.2).
const ALPN: &[u8] = b"h2";

/// The oldest TLS that is spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TlsMinimum {
    /// TLS 1.2, the newest that Istio 1.0's own node agent knows.
    #[default]
    Tls12,
    /// TLS 1.3.
    Tls13,
}

/// Why what the service shows is of no use.
#[derive(Debug, thiserror::Error)]
pub enum ServingError {
    /// The TLS library does not take it.
    #[error("the service's own certificate: {0}")]
    Tls(#[from] rustls::Error),
    /// The key cannot be read back.
    #[error("the service's own key: {0}")]
    Key(#[from] rustls::pki_types::pem::Error),
    /// No root can be a client's.
    #[error("the roots of clients: {0}")]
    Roots(#[from] VerifierBuilderError),
}

/// TLS with this certificate, for clients that show none or one that leads to `roots`. No session
/// is resumed: a resumed one would be believed by a certificate that nobody looked at again.
pub(super) fn server_config(
    serving: &Serving,
    roots: &[Certificate],
    minimum: TlsMinimum,
) -> Result<Arc<ServerConfig>, ServingError> {
    let provider = Arc::new(default_provider());
    let versions = match minimum {
        TlsMinimum::Tls12 => &[&TLS13, &TLS12][..],
        TlsMinimum::Tls13 => &[&TLS13],
    };
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(roots.iter().map(|root| root.der().clone()));
    let verifier = WebPkiClientVerifier::builder_with_provider(store.into(), Arc::clone(&provider))
        .allow_unauthenticated()
        .build()?;
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)?
        .with_client_cert_verifier(verifier)
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified(serving)?)));
    config.alpn_protocols = vec![ALPN.to_vec()];
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(Arc::new(config))
}

fn certified(serving: &Serving) -> Result<CertifiedKey, ServingError> {
    let mut der = PrivateKeyDer::from_pem_slice(serving.key.to_pem().as_bytes())?;
    let key = any_supported_type(&der);
    der.zeroize();
    let chain = serving.chain.iter().map(|certificate| certificate.der().clone());
    let certified = CertifiedKey::new(chain.collect(), key?);
    certified.keys_match()?;
    Ok(certified)
}
