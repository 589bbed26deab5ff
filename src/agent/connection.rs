//! A connection to Citadel: found by DNS anew each time, over TLS that is our own, for what is
//! trusted and shown changes.

use std::future::{Ready, ready};
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tonic::codegen::{Service, http};
use tonic::transport::{Channel, Endpoint};

use super::credential::Credential;
use super::failure::Failure;
use super::trust::{Trust, Verifier};

/// How long one of several addresses may take.
const ONE_ADDRESS: Duration = Duration::from_secs(3);

/// How often a quiet connection is looked at, and how long the other end may take to show that it
/// is there.
const KEEP_ALIVE: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(10));

/// Where Citadel is.
#[derive(Clone, Debug)]
pub struct CaAddress {
    host: String,
    port: u16,
    server_name: ServerName<'static>,
}

/// No address of a server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAddress {
    /// Not a host and a port.
    #[error("expected HOST:PORT")]
    Form,
    /// Not a name that a certificate can have.
    #[error("{0:?} is no server's name")]
    Name(String),
}

impl CaAddress {
    /// The server at `address`, HOST:PORT, whose certificate is for `server_name`.
    ///
    /// # Errors
    /// One of them is none.
    pub fn new(address: &str, server_name: &str) -> Result<Self, InvalidAddress> {
        let (host, port) = address.rsplit_once(':').ok_or(InvalidAddress::Form)?;
        let port = port.parse().map_err(|_| InvalidAddress::Form)?;
        // IPv6, as in URLs.
        let host = host.strip_prefix('[').and_then(|it| it.strip_suffix(']')).unwrap_or(host);
        if host.is_empty() {
            return Err(InvalidAddress::Form);
        }
        let server_name = ServerName::try_from(server_name.to_owned())
            .map_err(|_| InvalidAddress::Name(server_name.to_owned()))?;
        Ok(Self { host: host.to_owned(), port, server_name })
    }

    /// Connects, and shows a certificate if there is one to be shown.
    pub(super) async fn connect(
        &self,
        trust: Trust,
        credential: Option<&Credential>,
    ) -> Result<Channel, Failure> {
        let tls = TlsConnector::from(Arc::new(tls_config(trust, credential)?));
        let tcp = self.dial().await?;
        let stream = tls.connect(self.server_name.clone(), tcp).await.map_err(Failure::Tls)?;
        // The name is in the certificate; here it is only what HTTP/2 calls the authority.
        let origin = format!("https://{}", self.server_name.to_str());
        let origin = origin.parse().unwrap_or(http::Uri::from_static("https://citadel"));
        let (interval, patience) = KEEP_ALIVE;
        let endpoint = Endpoint::from_static("http://citadel")
            .origin(origin)
            .http2_keep_alive_interval(interval)
            .keep_alive_timeout(patience)
            .keep_alive_while_idle(true);
        let channel = endpoint.connect_with_connector(Once(Some(stream))).await;
        channel.map_err(|error| Failure::Connect(io::Error::other(error)))
    }

    async fn dial(&self) -> Result<TcpStream, Failure> {
        let unknown = |error| Failure::Address { host: self.host.clone(), error };
        let addresses = lookup_host((self.host.as_str(), self.port)).await.map_err(unknown)?;
        let mut last = unknown(io::ErrorKind::NotFound.into());
        for address in addresses {
            match timeout(ONE_ADDRESS, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    stream.set_nodelay(true).map_err(Failure::Connect)?;
                    return Ok(stream);
                }
                Ok(Err(error)) => last = Failure::Connect(error),
                Err(_) => last = Failure::Late,
            }
        }
        Err(last)
    }
}

fn tls_config(trust: Trust, credential: Option<&Credential>) -> Result<ClientConfig, Failure> {
    let broken = |error: rustls::Error| Failure::Tls(io::Error::other(error));
    let provider = Arc::new(default_provider());
    let verifier = Verifier { trust, provider: Arc::clone(&provider) };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(broken)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let mut config = match credential {
        Some(credential) => {
            let unread = |error| Failure::Tls(io::Error::other(format!("{error}")));
            let bundle = credential.bundle();
            let chain = CertificateDer::pem_slice_iter(&bundle.cert_chain);
            let chain = chain.collect::<Result<_, _>>().map_err(unread)?;
            let key = PrivateKeyDer::from_pem_slice(&bundle.key).map_err(unread)?;
            builder.with_client_auth_cert(chain, key).map_err(broken)?
        }
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    // Each connection is to show what we have, and to be shown what the other end has.
    config.resumption = rustls::client::Resumption::disabled();
    Ok(config)
}

/// Gives out a connection that was made before, once: a broken one is made anew by whoever tries
/// again.
struct Once(Option<TlsStream<TcpStream>>);

impl Service<http::Uri> for Once {
    type Response = TokioIo<TlsStream<TcpStream>>;
    type Error = io::Error;
    type Future = Ready<Result<Self::Response, io::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: http::Uri) -> Self::Future {
        ready(self.0.take().map(TokioIo::new).ok_or_else(|| io::ErrorKind::NotConnected.into()))
    }
}
