//! A Citadel of the tests' own: it answers as it is told to, and remembers what it was asked.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use marathon_inject::identity::x509::{
    Authority, AuthorityProfile, Certificate, KeyKind, LeafProfile, PrivateKey, PublicKey,
    ServerProfile, SigningRequest, to_pem,
};
use marathon_inject::identity::{SpiffeId, Task};
use marathon_inject::proto::ca::istio_certificate_service_server::{
    IstioCertificateService, IstioCertificateServiceServer,
};
use marathon_inject::proto::ca::{IstioCertificateRequest, IstioCertificateResponse};
use marathon_inject::proto::roots::trust_bundle_service_server::{
    TrustBundleService, TrustBundleServiceServer,
};
use marathon_inject::proto::roots::{StreamRootsRequest, StreamRootsResponse};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use time::OffsetDateTime;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc, watch};
use tokio_rustls::TlsAcceptor;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Server;
use tonic::{Code, Request, Response, Status};

use crate::connection::{Connection, Shown};

pub(crate) const HOUR: Duration = Duration::from_secs(3600);
pub(crate) const IDENTITY: &str = "spiffe://cluster.local/ns/default/sa/shop";
pub(crate) const OTHER_IDENTITY: &str = "spiffe://cluster.local/ns/default/sa/other";
pub(crate) const TASK: &str = "shop.instance-0b.istio-agent.1";

/// How a request is answered.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Answer {
    /// With a certificate that lives so long.
    Certificate(Duration),
    Refuse(Code),
    /// Not at all.
    Silence,
    /// As things stood when it was asked, once it is released.
    Held,
    /// With a certificate that is lost on its way.
    Lost,
    RootsAlone,
    Garbage,
    /// With more certificates than anybody reads.
    Endless,
    /// With more certificates in the chain than anybody needs.
    LongChain,
    /// With more roots than anybody needs.
    ManyRoots,
    OtherKey,
    OtherIdentity,
    /// With a certificate of an authority that is not among the roots sent with it.
    OtherAuthority,
    Ended,
}

/// What was asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) authorization: Option<String>,
    pub(crate) task: Option<String>,
    /// Whose certificate was shown.
    pub(crate) shown: Option<SpiffeId>,
    pub(crate) key: PublicKey,
    pub(crate) identity: Option<SpiffeId>,
    pub(crate) seconds: i64,
}

/// Who signs, and whom workloads are to trust.
#[derive(Clone)]
pub(crate) struct Mesh {
    pub(crate) signer: Arc<Authority>,
    /// Who signs for Citadel's own server.
    pub(crate) server: Arc<Authority>,
    pub(crate) roots: Vec<Certificate>,
}

pub(crate) struct Citadel {
    pub(crate) address: SocketAddr,
    state: Arc<State>,
}

struct State {
    mesh: watch::Sender<Mesh>,
    usual: Mutex<Answer>,
    next: Mutex<VecDeque<Answer>>,
    asked: Mutex<Vec<Asked>>,
    down: watch::Sender<bool>,
    streams: watch::Sender<bool>,
    cut: watch::Sender<()>,
    released: Notify,
    /// The roots that clients may come with: all there ever were.
    clients: Mutex<Vec<Certificate>>,
    server_name: &'static str,
}

pub(crate) fn root() -> Arc<Authority> {
    let organization = "mesh".parse().unwrap();
    let (key, ttl) = (KeyKind::P256, 24 * HOUR);
    let profile = AuthorityProfile { organization: &organization, ttl, key, path_len: 0 };
    Arc::new(Authority::root(&profile, OffsetDateTime::now_utc()).unwrap())
}

impl Mesh {
    pub(crate) fn of(root: &Arc<Authority>) -> Self {
        let roots = vec![root.certificate().clone()];
        Self { signer: Arc::clone(root), server: Arc::clone(root), roots }
    }

    pub(crate) fn trusting(mut self, roots: &[&Arc<Authority>]) -> Self {
        self.roots = roots.iter().map(|root| root.certificate().clone()).collect();
        self
    }

    pub(crate) fn pem(&self) -> String {
        to_pem(&self.roots)
    }
}

impl Citadel {
    pub(crate) async fn start(usual: Answer) -> Self {
        Self::start_as(usual, "istio-citadel").await
    }

    pub(crate) async fn start_as(usual: Answer, server_name: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mesh = Mesh::of(&root());
        let state = Arc::new(State {
            clients: Mutex::new(mesh.roots.clone()),
            mesh: watch::Sender::new(mesh),
            usual: Mutex::new(usual),
            next: Mutex::default(),
            asked: Mutex::default(),
            down: watch::Sender::new(false),
            streams: watch::Sender::new(true),
            cut: watch::Sender::new(()),
            released: Notify::new(),
            server_name,
        });
        let (send, connections) = mpsc::channel(8);
        tokio::spawn(accept(listener, Arc::clone(&state), send));
        let server = Server::builder()
            .add_service(IstioCertificateServiceServer::new(Service(Arc::clone(&state))))
            .add_service(TrustBundleServiceServer::new(Service(Arc::clone(&state))))
            .serve_with_incoming(ReceiverStream::new(connections));
        tokio::spawn(server);
        Self { address, state }
    }

    /// The SHA-256 of the root that is to be pinned.
    pub(crate) fn pin(&self) -> String {
        self.mesh().server.certificate().facts().sha256.clone()
    }

    pub(crate) fn mesh(&self) -> Mesh {
        self.state.mesh.borrow().clone()
    }

    /// Changes who signs and who is to be trusted, and tells those who listen.
    pub(crate) fn change(&self, mesh: Mesh) {
        self.state.clients.lock().unwrap().extend(mesh.roots.iter().cloned());
        self.state.mesh.send_replace(mesh);
    }

    /// How it answers from now on.
    pub(crate) fn answers(&self, usual: Answer) {
        *self.state.usual.lock().unwrap() = usual;
    }

    /// How it answers the next requests, before it goes on as usual.
    pub(crate) fn first(&self, answers: impl IntoIterator<Item = Answer>) {
        self.state.next.lock().unwrap().extend(answers);
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.state.asked.lock().unwrap().clone()
    }

    /// Whether it is there at all.
    pub(crate) fn down(&self, down: bool) {
        self.state.down.send_replace(down);
    }

    /// Gives an answer that is held.
    pub(crate) fn release(&self) {
        self.state.released.notify_one();
    }

    /// Ends the streams of roots.
    pub(crate) fn cut(&self) {
        self.state.cut.send_replace(());
    }

    /// Whether it has the service that tells roots.
    pub(crate) fn tells_roots(&self, tells: bool) {
        self.state.streams.send_replace(tells);
    }
}

/// What is accepted while it is down breaks at once.
async fn accept(
    listener: TcpListener,
    state: Arc<State>,
    connections: mpsc::Sender<Result<Connection, std::io::Error>>,
) {
    while let Ok((tcp, _)) = listener.accept().await {
        if *state.down.borrow() {
            continue;
        }
        let (state, connections) = (Arc::clone(&state), connections.clone());
        tokio::spawn(async move {
            // Clients that do not trust us leave here.
            if let Ok(connection) = shake_hands(tcp, &state).await {
                let _ = connections.send(Ok(connection)).await;
            }
        });
    }
}

async fn shake_hands(tcp: TcpStream, state: &State) -> std::io::Result<Connection> {
    tcp.set_nodelay(true)?;
    let mesh = state.mesh.borrow().clone();
    let mut roots = RootCertStore::empty();
    let known = state.clients.lock().unwrap().clone();
    roots.add_parsable_certificates(known.iter().map(|root| root.der().clone()));
    let clients = WebPkiClientVerifier::builder_with_provider(roots.into(), provider())
        .allow_unauthenticated();
    let key = PrivateKey::generate(KeyKind::P256).unwrap();
    let profile = ServerProfile { names: &[state.server_name.to_owned()], ttl: HOUR };
    let now = OffsetDateTime::now_utc();
    let leaf = mesh.server.sign_server(&profile, &key.public_key(), now).unwrap();
    let chain = vec![leaf.der().clone(), mesh.server.certificate().der().clone()];
    let key = PrivateKeyDer::from_pem_slice(key.to_pem().as_bytes()).unwrap();
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(clients.build().unwrap())
        .with_single_cert(chain, key)
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(Connection(TlsAcceptor::from(Arc::new(config)).accept(tcp).await?))
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

struct Service(Arc<State>);

#[tonic::async_trait]
impl IstioCertificateService for Service {
    async fn create_certificate(
        &self,
        request: Request<IstioCertificateRequest>,
    ) -> Result<Response<IstioCertificateResponse>, Status> {
        let header = |name: &str| {
            request.metadata().get(name).map(|value| value.to_str().unwrap().to_owned())
        };
        let csr = SigningRequest::from_pem(request.get_ref().csr.as_bytes()).unwrap();
        let shown = request.extensions().get::<Shown>().unwrap();
        let asked = Asked {
            authorization: header("authorization"),
            task: header("x-mesh-task-id"),
            shown: shown.0.as_ref().map(|leaf| leaf.identity().unwrap()),
            key: csr.public_key().clone(),
            identity: csr.identity().cloned(),
            seconds: request.get_ref().validity_duration,
        };
        self.0.asked.lock().unwrap().push(asked);
        let next = self.0.next.lock().unwrap().pop_front();
        let answer = next.unwrap_or(*self.0.usual.lock().unwrap());
        let mesh = self.0.mesh.borrow().clone();
        self.answer(answer, &mesh, csr.public_key())
            .await
            .map(|cert_chain| Response::new(IstioCertificateResponse { cert_chain }))
    }
}

impl Service {
    async fn answer(
        &self,
        answer: Answer,
        mesh: &Mesh,
        key: &PublicKey,
    ) -> Result<Vec<String>, Status> {
        let identity = |answer| match answer {
            Answer::OtherIdentity => OTHER_IDENTITY.parse().unwrap(),
            _ => IDENTITY.parse::<SpiffeId>().unwrap(),
        };
        let task = Task::new("/shop", TASK).unwrap();
        let now = OffsetDateTime::now_utc();
        let sign_at = |now, signer: &Authority, key: &PublicKey, ttl| {
            let identity = identity(answer);
            let profile =
                LeafProfile { identity: &identity, organization: None, task: Some(&task), ttl };
            signer.sign(&profile, key, now).unwrap().to_pem()
        };
        let sign = |signer: &Authority, key: &PublicKey, ttl| sign_at(now, signer, key, ttl);
        let leaf = match answer {
            Answer::Certificate(ttl) => sign(&mesh.signer, key, ttl),
            Answer::LongChain => sign(&mesh.signer, key, HOUR) + &mesh.pem().repeat(32),
            Answer::ManyRoots => {
                return Ok(vec![sign(&mesh.signer, key, HOUR), mesh.pem().repeat(33)]);
            }
            Answer::Refuse(code) => return Err(Status::new(code, "no")),
            Answer::Silence => std::future::pending().await,
            Answer::Held => {
                self.0.released.notified().await;
                sign(&mesh.signer, key, HOUR)
            }
            Answer::Lost => return Err(Status::unavailable("lost on its way")),
            Answer::RootsAlone => return Ok(vec![mesh.pem()]),
            Answer::Garbage => "no certificate".to_owned(),
            Answer::Endless => return Ok(vec![mesh.pem(); 1000]),
            Answer::OtherKey => {
                let other = PrivateKey::generate(KeyKind::P256).unwrap();
                sign(&mesh.signer, &other.public_key(), HOUR)
            }
            Answer::OtherIdentity => sign(&mesh.signer, key, HOUR),
            Answer::OtherAuthority => sign(&root(), key, HOUR),
            // Certificates know whole seconds only: it ended in an earlier one.
            Answer::Ended => {
                sign_at(now - Duration::from_secs(5), &mesh.signer, key, Duration::ZERO)
            }
        };
        Ok(vec![leaf, mesh.pem()])
    }
}

#[tonic::async_trait]
impl TrustBundleService for Service {
    type StreamRootsStream = ReceiverStream<Result<StreamRootsResponse, Status>>;

    async fn stream_roots(
        &self,
        _: Request<StreamRootsRequest>,
    ) -> Result<Response<Self::StreamRootsStream>, Status> {
        if !*self.0.streams.borrow() {
            return Err(Status::unimplemented("no such method"));
        }
        let (send, receive) = mpsc::channel(1);
        let (mut mesh, mut cut) = (self.0.mesh.subscribe(), self.0.cut.subscribe());
        tokio::spawn(async move {
            loop {
                let root_certs = mesh.borrow_and_update().pem();
                // Clients that have gone hear nothing more.
                let _ = send.send(Ok(StreamRootsResponse { root_certs })).await;
                tokio::select! {
                    _ = mesh.changed() => {}
                    _ = cut.changed() => return,
                }
            }
        });
        Ok(Response::new(ReceiverStream::new(receive)))
    }
}
