//! Two peers with bundles that speak mutual TLS in memory. Each believes a certificate that leads
//! to its roots and is for the workload that it expects.

use std::fmt;
use std::io::{ErrorKind, Read, Write};
use std::sync::Arc;

use marathon_inject::identity::SpiffeId;
use marathon_inject::identity::x509::{Bundle, Certificate, check_path};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::version::{TLS12, TLS13};
use rustls::{
    ClientConfig, ClientConnection, Connection, DigitallySignedStruct, DistinguishedName, Error,
    RootCertStore, ServerConfig, ServerConnection, SignatureScheme, SupportedProtocolVersion,
};
use time::OffsetDateTime;

use crate::identity;

const VERSIONS: [&SupportedProtocolVersion; 2] = [&TLS12, &TLS13];

/// The service accounts of the two.
pub(crate) const CLIENT: &str = "client";
pub(crate) const SERVER: &str = "server";

/// An end of a connection.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Side {
    Client,
    Server,
}

/// A workload at one end.
pub(crate) struct Peer<'b> {
    bundle: &'b Bundle,
    shows_certificate: bool,
    expects: SpiffeId,
}

impl<'b> Peer<'b> {
    /// A client that wants to talk to the server of these tests.
    pub(crate) fn client(bundle: &'b Bundle) -> Self {
        Self { bundle, shows_certificate: true, expects: identity(SERVER) }
    }

    /// A server that lets in the client of these tests.
    pub(crate) fn server(bundle: &'b Bundle) -> Self {
        Self { bundle, shows_certificate: true, expects: identity(CLIENT) }
    }

    pub(crate) fn without_certificate(self) -> Self {
        Self { shows_certificate: false, ..self }
    }

    pub(crate) fn expecting(self, expects: SpiffeId) -> Self {
        Self { expects, ..self }
    }

    fn chain(&self) -> Vec<CertificateDer<'static>> {
        let chain = Certificate::all_from_pem(&self.bundle.cert_chain).unwrap();
        chain.iter().map(|certificate| certificate.der().clone()).collect()
    }

    fn key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::from_pem_slice(&self.bundle.key).unwrap()
    }

    fn judge(&self) -> Judge {
        let roots = Certificate::all_from_pem(&self.bundle.root_cert).unwrap();
        Judge { roots, expects: self.expects.clone() }
    }

    fn as_client(&self, version: &'static SupportedProtocolVersion) -> Connection {
        let config = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(&[version])
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(self.judge()));
        let config = if self.shows_certificate {
            config.with_client_auth_cert(self.chain(), self.key()).unwrap()
        } else {
            config.with_no_client_auth()
        };
        let name = ServerName::try_from("no-certificate-has-this.name").unwrap();
        ClientConnection::new(Arc::new(config), name).unwrap().into()
    }

    fn as_server(&self, version: &'static SupportedProtocolVersion) -> Connection {
        let judge = self.judge();
        let mut roots = RootCertStore::empty();
        for root in &judge.roots {
            roots.add(root.der().clone()).unwrap();
        }
        let chains = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider());
        let porter = Porter { chains: chains.build().unwrap(), judge };
        let config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[version])
            .unwrap()
            .with_client_cert_verifier(Arc::new(porter))
            .with_single_cert(self.chain(), self.key())
            .unwrap();
        ServerConnection::new(Arc::new(config)).unwrap().into()
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

/// Lets a client and a server talk: what each has heard of the other.
fn talk(
    version: &'static SupportedProtocolVersion,
    client: &Peer<'_>,
    server: &Peer<'_>,
) -> Result<[String; 2], (Side, Error)> {
    let (mut client, mut server) = (client.as_client(version), server.as_server(version));
    client.writer().write_all(b"from the client").unwrap();
    server.writer().write_all(b"from the server").unwrap();
    while client.wants_write() || server.wants_write() {
        carry(&mut client, &mut server).map_err(|error| (Side::Server, error))?;
        carry(&mut server, &mut client).map_err(|error| (Side::Client, error))?;
    }
    Ok([heard(&mut client), heard(&mut server)])
}

/// Carries what one end has sent to the other.
fn carry(from: &mut Connection, to: &mut Connection) -> Result<(), Error> {
    let mut wire = Vec::new();
    while from.wants_write() {
        from.write_tls(&mut wire).unwrap();
    }
    let mut wire = &wire[..];
    while !wire.is_empty() {
        to.read_tls(&mut wire).unwrap();
        to.process_new_packets()?;
    }
    Ok(())
}

fn heard(end: &mut Connection) -> String {
    let mut heard = Vec::new();
    match end.reader().read_to_end(&mut heard) {
        Err(error) if error.kind() == ErrorKind::WouldBlock => {}
        read => drop(read.unwrap()),
    }
    String::from_utf8(heard).unwrap()
}

/// Holds that two peers hear each other, whatever the version of TLS.
pub(crate) fn hear_each_other(client: &Peer<'_>, server: &Peer<'_>, what: &dyn fmt::Debug) {
    for version in VERSIONS {
        let heard = talk(version, client, server);
        let expected = ["from the server", "from the client"].map(str::to_owned);
        assert_eq!(heard, Ok(expected), "{what:?}, {:?}", version.version);
    }
}

/// Holds that one of two peers ends the talk and says why, whatever the version of TLS.
pub(crate) fn refused(client: &Peer<'_>, server: &Peer<'_>, by: Side, why: &str) {
    for version in VERSIONS {
        let (side, error) = talk(version, client, server).unwrap_err();
        assert_eq!(side, by, "{:?}: {error}", version.version);
        assert!(error.to_string().contains(why), "{:?}: {error}", version.version);
    }
}

/// Believes certificates as the library's own check does. TLS libraries look for a server's name
/// in its certificate, where a workload has none.
#[derive(Debug)]
struct Judge {
    roots: Vec<Certificate>,
    expects: SpiffeId,
}

impl Judge {
    fn check_chain(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Error> {
        let seconds = i64::try_from(now.as_secs()).unwrap();
        let now = OffsetDateTime::from_unix_timestamp(seconds).unwrap();
        let intermediates: Vec<_> = intermediates.iter().map(certificate).collect();
        check_path(&certificate(leaf), &intermediates, &self.roots, now)
            .map(drop)
            .map_err(|error| Error::General(error.to_string()))
    }

    fn check_identity(&self, leaf: &CertificateDer<'_>) -> Result<(), Error> {
        match certificate(leaf).identity() {
            Ok(identity) if identity == self.expects => Ok(()),
            Ok(other) => Err(Error::General(format!("{other} is not {}", self.expects))),
            Err(words) => Err(Error::General(words)),
        }
    }
}

fn certificate(der: &CertificateDer<'_>) -> Certificate {
    Certificate::from_der(der.clone().into_owned()).unwrap()
}

impl ServerCertVerifier for Judge {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.check_chain(leaf, intermediates, now)?;
        self.check_identity(leaf)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = provider().signature_verification_algorithms;
        verify_tls12_signature(message, leaf, signed, &algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = provider().signature_verification_algorithms;
        verify_tls13_signature(message, leaf, signed, &algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider().signature_verification_algorithms.supported_schemes()
    }
}

/// Lets in clients whose chains rustls itself finds good, if they are whom it expects.
#[derive(Debug)]
struct Porter {
    chains: Arc<dyn ClientCertVerifier>,
    judge: Judge,
}

impl ClientCertVerifier for Porter {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.chains.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let verified = self.chains.verify_client_cert(leaf, intermediates, now)?;
        self.judge.check_identity(leaf)?;
        Ok(verified)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.chains.verify_tls12_signature(message, leaf, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.chains.verify_tls13_signature(message, leaf, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.chains.supported_verify_schemes()
    }
}
