//! A server that speaks TLS as Citadel's does, and nothing else: once it believes its client it says
//! what HTTP/2 says first, and hears what comes until the end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use marathon_inject::citadel::{OsDisk, Signer};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::{RootCertStore, ServerConfig};
use time::OffsetDateTime;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;

use crate::site::Site;

/// An empty SETTINGS frame (RFC 9113 §6.5), by which a client knows that it was believed.
const SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];

const DAY: Duration = Duration::from_secs(24 * 3600);

/// The server, until it is dropped.
pub(crate) struct Echo {
    pub(crate) address: SocketAddr,
    _runtime: Runtime,
}

impl Echo {
    /// With a certificate and roots as those of a site's service.
    pub(crate) fn start(site: &Site) -> Self {
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(accept(listener, TlsAcceptor::from(Arc::new(config(site)))));
        Self { address, _runtime: runtime }
    }
}

async fn accept(listener: TcpListener, tls: TlsAcceptor) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        tokio::spawn(answer(stream, tls.clone()));
    }
}

async fn answer(stream: TcpStream, tls: TlsAcceptor) {
    let Ok(mut stream) = tls.accept(stream).await else { return };
    // The client may be gone.
    let _ = stream.write_all(&SETTINGS).await;
    let _ = stream.read_to_end(&mut Vec::new()).await;
}

/// Waits for the first of what a server says, which it does once it believes its client.
pub(crate) async fn hear(stream: &mut (impl AsyncRead + Unpin)) {
    stream.read_exact(&mut [0; SETTINGS.len()]).await.unwrap();
}

fn config(site: &Site) -> ServerConfig {
    let now = OffsetDateTime::now_utc();
    let signer = Signer::open(&site.path("ca"), Arc::new(OsDisk), now).unwrap();
    let serving = signer.serving(&["istio-citadel".to_owned()], DAY, now).unwrap();
    let mut roots = RootCertStore::empty();
    site.roots().iter().for_each(|root| roots.add(root.der().clone()).unwrap());
    let provider = Arc::new(default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), Arc::clone(&provider))
        .build()
        .unwrap();
    let key = PrivateKeyDer::from_pem_slice(serving.key.to_pem().as_bytes()).unwrap();
    let chain = serving.chain.iter().map(|it| it.der().clone()).collect();
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    config
}
