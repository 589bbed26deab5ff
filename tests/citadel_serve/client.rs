//! A client of the service: one connection, over TLS with or without a certificate.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper_util::rt::TokioIo;
use marathon_inject::identity::x509::{Certificate, SecretText};
use marathon_inject::proto::ca::istio_ca_service_client::IstioCaServiceClient;
use marathon_inject::proto::ca::istio_certificate_service_client::IstioCertificateServiceClient;
use marathon_inject::proto::ca::{CsrRequest, CsrResponse, IstioCertificateRequest};
use marathon_inject::proto::roots::StreamRootsRequest;
use marathon_inject::proto::roots::StreamRootsResponse;
use marathon_inject::proto::roots::trust_bundle_service_client::TrustBundleServiceClient;
use rustls::client::Resumption;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tonic::codegen::Service;
use tonic::transport::{Channel, Endpoint, Uri};
use tonic::{Request, Response, Status, Streaming};

use crate::requests::csr;

/// How long a call may take: only a broken test waits so long.
const PATIENCE: Duration = Duration::from_secs(20);

/// A certificate and its key, to show.
#[derive(Clone)]
pub(crate) struct Identity {
    pub(crate) chain: Vec<Certificate>,
    pub(crate) key: SecretText,
}

/// A connection that is to be made.
#[derive(Clone)]
pub(crate) struct Dial {
    pub(crate) address: SocketAddr,
    roots: Vec<Certificate>,
    identity: Option<Identity>,
    versions: Vec<&'static SupportedProtocolVersion>,
    name: &'static str,
}

impl Dial {
    pub(crate) fn new(address: SocketAddr, roots: &[Certificate]) -> Self {
        let versions = vec![&TLS13, &TLS12];
        Self { address, roots: roots.to_vec(), identity: None, versions, name: "istio-citadel" }
    }

    /// With a certificate to show.
    pub(crate) fn showing(self, identity: &Identity) -> Self {
        Self { identity: Some(identity.clone()), ..self }
    }

    /// With these roots to trust.
    pub(crate) fn trusting(self, roots: &[Certificate]) -> Self {
        Self { roots: roots.to_vec(), ..self }
    }

    /// To this name.
    pub(crate) fn to(self, name: &'static str) -> Self {
        Self { name, ..self }
    }

    /// With no newer TLS than 1.2.
    pub(crate) fn tls12(self) -> Self {
        Self { versions: vec![&TLS12], ..self }
    }

    /// TLS as it is to be spoken.
    pub(crate) fn config(&self) -> ClientConfig {
        let mut store = RootCertStore::empty();
        self.roots.iter().for_each(|root| store.add(root.der().clone()).unwrap());
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&self.versions)
            .unwrap()
            .with_root_certificates(store);
        let mut config = match &self.identity {
            None => builder.with_no_client_auth(),
            Some(Identity { chain, key }) => {
                let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
                let chain = chain.iter().map(|it| it.der().clone()).collect();
                builder.with_client_auth_cert(chain, key).unwrap()
            }
        };
        config.alpn_protocols = vec![b"h2".to_vec()];
        config.resumption = Resumption::in_memory_sessions(8);
        config
    }

    /// Shakes hands, and no more.
    pub(crate) async fn shake(&self) -> std::io::Result<TlsStream<TcpStream>> {
        let tcp = TcpStream::connect(self.address).await?;
        tcp.set_nodelay(true)?;
        let name = ServerName::try_from(self.name).unwrap();
        TlsConnector::from(Arc::new(self.config())).connect(name, tcp).await
    }

    /// Connects. A refusal of the certificate shows only in the first answer.
    pub(crate) async fn connect(&self) -> Result<Client, String> {
        let connector = Once { stream: Some(self.shake().await.map_err(|it| it.to_string())?) };
        let endpoint = Endpoint::from_static("http://citadel");
        let channel = endpoint.connect_with_connector(connector).await;
        Ok(Client(channel.map_err(|error| format!("{error:?}"))?))
    }

    /// Connects, which has to be possible.
    pub(crate) async fn client(&self) -> Client {
        self.connect().await.unwrap()
    }
}

/// Gives its connection once: whatever is asked goes over this one.
struct Once {
    stream: Option<TlsStream<TcpStream>>,
}

impl Service<Uri> for Once {
    type Response = TokioIo<TlsStream<TcpStream>>;
    type Error = std::io::Error;
    type Future =
        Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send + 'static>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let stream = self.stream.take().ok_or_else(|| std::io::Error::other("it is closed"));
        Box::pin(std::future::ready(stream.map(TokioIo::new)))
    }
}

/// What proves something in a request.
#[derive(Clone, Copy, Default)]
pub(crate) struct Proof<'p> {
    pub(crate) token: Option<&'p str>,
    pub(crate) task: Option<&'p str>,
}

impl<'p> Proof<'p> {
    /// Nothing.
    pub(crate) const NONE: Self = Self { token: None, task: None };

    pub(crate) fn token(token: &'p str) -> Self {
        Self { token: Some(token), task: None }
    }

    /// A request that has it.
    pub(crate) fn on<T>(self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        let metadata = request.metadata_mut();
        if let Some(token) = self.token {
            metadata.insert("authorization", format!("Bearer {token}").parse().unwrap());
        }
        if let Some(task) = self.task {
            metadata.insert("x-mesh-task-id", task.parse().unwrap());
        }
        request
    }
}

/// A client with its connection.
#[derive(Clone)]
pub(crate) struct Client(pub(crate) Channel);

impl Client {
    /// Asks for a certificate as today's agents do; the elements of the answer.
    pub(crate) async fn create(
        &self,
        csr: &str,
        seconds: i64,
        proof: Proof<'_>,
    ) -> Result<Vec<String>, Status> {
        let message = IstioCertificateRequest { csr: csr.to_owned(), validity_duration: seconds };
        let mut client = IstioCertificateServiceClient::new(self.0.clone());
        let answer = in_time(client.create_certificate(proof.on(message))).await;
        answer.map(|answer| answer.into_inner().cert_chain)
    }

    /// The same; the certificate alone.
    pub(crate) async fn leaf(&self, csr: &str, proof: Proof<'_>) -> Result<Certificate, Status> {
        let chain = self.create(csr, 0, proof).await?;
        Ok(Certificate::all_from_pem(chain[0].as_bytes()).unwrap().swap_remove(0))
    }

    /// Asks for a certificate as the agents of Istio 1.0 do.
    pub(crate) async fn handle(
        &self,
        csr: &str,
        minutes: i32,
        proof: Proof<'_>,
    ) -> Result<CsrResponse, Status> {
        let message = CsrRequest {
            csr_pem: csr.as_bytes().to_vec(),
            node_agent_credential: b"whatever".to_vec(),
            credential_type: "onprem".to_owned(),
            requested_ttl_minutes: minutes,
        };
        let mut client = IstioCaServiceClient::new(self.0.clone());
        in_time(client.handle_csr(proof.on(message))).await.map(Response::into_inner)
    }

    /// Renews until that is refused.
    pub(crate) async fn refused(&self) -> Status {
        in_time(async {
            loop {
                if let Err(status) = self.leaf(&csr(None), Proof::NONE).await {
                    return status;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        })
        .await
    }

    /// The stream of roots.
    pub(crate) async fn roots(&self) -> Streaming<StreamRootsResponse> {
        let mut client = TrustBundleServiceClient::new(self.0.clone());
        in_time(client.stream_roots(StreamRootsRequest {})).await.unwrap().into_inner()
    }
}

/// The next roots of a stream; none at its end.
pub(crate) async fn next(stream: &mut Streaming<StreamRootsResponse>) -> Option<Vec<Certificate>> {
    let told = in_time(stream.message()).await.ok()??;
    Some(Certificate::all_from_pem(told.root_certs.as_bytes()).unwrap())
}

/// What has to come in time.
pub(crate) async fn in_time<T>(what: impl Future<Output = T>) -> T {
    timeout(PATIENCE, what).await.expect("there is no answer")
}
