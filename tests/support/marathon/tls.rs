//! Certificates from a CA made for the test, and the server's side of TLS.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use pem_rfc7468::LineEnding;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
    SanType,
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

/// Whether a Marathon speaks TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tls {
    /// Plain HTTP.
    #[default]
    None,
    /// HTTPS, for everybody.
    Server,
    /// HTTPS, for those with a certificate from the test's CA.
    Mutual,
}

/// A certificate and its key, both in PEM.
#[derive(Clone)]
pub(crate) struct Identity {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity(..)")
    }
}

/// The CA of a test.
pub(super) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(super) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "CA of a test");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let issuer = CertifiedIssuer::self_signed(params, key()).expect("a CA can be made");
        Self(issuer)
    }

    /// Its certificate, in PEM.
    pub(super) fn pem(&self) -> String {
        pem("CERTIFICATE", self.0.der())
    }

    /// What a client shows.
    pub(super) fn client(&self) -> Identity {
        let key = key();
        let certificate = self.leaf(&key);
        Identity {
            certificate: pem("CERTIFICATE", &certificate),
            key: pem("PRIVATE KEY", &key.serialize_der()),
        }
    }

    /// What the server does with a new connection.
    pub(super) fn acceptor(&self, tls: Tls) -> Option<TlsAcceptor> {
        let provider = Arc::new(default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .expect("the provider has the usual versions");
        let builder = match tls {
            Tls::None => return None,
            Tls::Server => builder.with_no_client_auth(),
            Tls::Mutual => {
                let mut roots = RootCertStore::empty();
                roots.add(self.0.der().clone()).expect("the CA is one");
                let clients =
                    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                builder.with_client_cert_verifier(clients.build().expect("there is a root"))
            }
        };
        let key = key();
        let chain = vec![self.leaf(&key)];
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = builder.with_single_cert(chain, key).expect("the key is the certificate's");
        Some(TlsAcceptor::from(Arc::new(config)))
    }

    fn leaf(&self, key: &KeyPair) -> CertificateDer<'static> {
        let names = vec!["localhost".to_owned()];
        let mut params = CertificateParams::new(names).expect("localhost is a name");
        params.subject_alt_names.push(SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)));
        params.signed_by(key, &self.0).expect("the CA signs").der().clone()
    }
}

fn key() -> KeyPair {
    KeyPair::generate().expect("a key can be made")
}

fn pem(label: &str, der: &[u8]) -> String {
    pem_rfc7468::encode_string(label, LineEnding::LF, der).expect("PEM has room for it")
}
