//! The signing service: gRPC over TLS, for whoever can be attested.
//!
//! ```text
//! connection -> caller -> issuance -> attestor, signer, audit -> api
//!      ^ keeper: the certificate shown, the roots trusted, whether it is well -> roots, health
//! ```

mod api;
mod audit;
mod caller;
mod connection;
mod issuance;
mod keeper;
mod lifetimes;
mod limits;
mod metrics;
mod refusal;
mod roots;
mod seats;
mod serving;

use std::io;
use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::Arc;
use std::time::Duration;

use prometheus_client::registry::Registry;
use time::OffsetDateTime;
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Server;
use tonic::transport::server::Router;
use tonic_health::server::health_reporter;
use tracing::{info, warn};

use super::attest::Attestor;
use super::error::CaError;
use super::signer::Signer;
use crate::monitor::Readiness;
use crate::proto::ca::istio_ca_service_server::IstioCaServiceServer;
use crate::proto::ca::istio_certificate_service_server::IstioCertificateServiceServer;
use crate::proto::roots::trust_bundle_service_server::TrustBundleServiceServer;
use api::Api;
use connection::Door;
use issuance::Issuance;
use keeper::Keeper;
use limits::Limits;
use metrics::Metrics;
use roots::Roots;
use seats::Seats;

pub use audit::AuditLog;
pub use lifetimes::{LifetimeError, Lifetimes};
pub use serving::{ServingError, TlsMinimum};

/// The longest message, in bytes: the largest request has an RSA key of 4096 bits, the largest
/// answer some certificates.
const LONGEST_MESSAGE: usize = 64 * 1024;

/// The longest list of headers, in bytes; a join token has up to 4096.
const LONGEST_HEADERS: u32 = 16 * 1024;

/// What a stream may send before it is read, in bytes: a message.
const WINDOW: u32 = LONGEST_MESSAGE as u32;

/// How many requests may be under way on one connection.
const MOST_STREAMS: u32 = 64;

/// How long a request may take, its body included. What is decided of it ends by itself, and sooner.
const REQUEST: Duration = Duration::from_secs(15);

/// How often silent peers are asked whether they are still there, and how long they may take to say
/// so.
const KEEPALIVE: Duration = Duration::from_secs(30);
const KEEPALIVE_ANSWER: Duration = Duration::from_secs(20);

/// How long requests that are under way at the end may take.
const GRACE: Duration = Duration::from_secs(10);

/// Connections whose handshake is done and that wait for their task.
const BACKLOG: usize = 64;

/// Who sees to it that the root does not end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RootRenewal {
    /// The service: it renews a self-signed root in the last fifth of its life.
    Automatic,
    /// Administrators.
    Manual,
}

/// How the service serves.
#[derive(Clone, Debug)]
pub struct Options {
    /// The DNS names that its clients know it by.
    pub names: Vec<String>,
    /// How long what it signs lives.
    pub lifetimes: Lifetimes,
    /// The oldest TLS that it speaks.
    pub tls: TlsMinimum,
    /// Who renews the root.
    pub root_renewal: RootRenewal,
    /// How many connections there may be.
    pub connections: usize,
    /// How many of them may come from an address; none is any number.
    pub connections_per_address: Option<NonZeroUsize>,
    /// How many requests may be decided at a time.
    pub in_flight: usize,
    /// How many certificates an identity may have in a second; none is any number.
    pub sign_rate: Option<NonZeroU32>,
    /// How many enrolments may come from an address in a second; none is any number.
    pub enrol_rate: Option<NonZeroU32>,
}

/// Why there is no service.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The CA cannot sign.
    #[error(transparent)]
    Ca(#[from] CaError),
    /// What it would show to its clients is of no use.
    #[error(transparent)]
    Serving(#[from] ServingError),
}

/// The service, before it is open.
pub struct Service {
    options: Options,
    issuance: Arc<Issuance>,
    keeper: Keeper,
    metrics: Metrics,
    registry: Registry,
}

impl Service {
    /// A service that signs with `signer` for whom `attestor` knows.
    ///
    /// # Errors
    /// The CA cannot sign now, or the names of the service are none.
    pub fn new(
        signer: Signer,
        attestor: Attestor,
        audit: Arc<AuditLog>,
        options: Options,
        now: OffsetDateTime,
    ) -> Result<Self, ServiceError> {
        let mut registry = Registry::default();
        let metrics = Metrics::register(&mut registry);
        if attestor.reaches_marathon().is_some() {
            metrics.register_marathon(&mut registry);
        }
        let signer = Arc::new(signer);
        let keeper = Keeper::new(Arc::clone(&signer), &options, metrics.clone(), now)?;
        let limits = Limits::new(options.in_flight, options.sign_rate, options.enrol_rate);
        let issuance = Issuance {
            signer,
            attestor,
            audit,
            lifetimes: options.lifetimes,
            limits,
            metrics: metrics.clone(),
        };
        let issuance = Arc::new(issuance);
        Ok(Self { options, issuance, keeper, metrics, registry })
    }

    /// What there is to be told of it, and whether it is ready.
    pub fn monitored(&mut self) -> (Arc<Registry>, Readiness) {
        let standing = self.keeper.standing();
        let readiness = Arc::new(move || standing.borrow().clone());
        (Arc::new(std::mem::take(&mut self.registry)), readiness)
    }

    /// Serves until `stop` is done, and until what was under way then is answered or has had its
    /// time. At each `reload` the directory of the CA is read at once.
    ///
    /// # Errors
    /// The connections cannot be served any more.
    pub async fn serve(
        self,
        listener: TcpListener,
        reload: Arc<Notify>,
        stop: impl Future<Output = ()>,
    ) -> io::Result<()> {
        let (ended, end) = watch::channel(false);
        let (connections, incoming) = mpsc::channel(BACKLOG);
        let Options { connections: all, connections_per_address, .. } = self.options;
        let seats = Seats::new(all, connections_per_address);
        let door = Door::new(self.keeper.tls(), seats, self.metrics.clone());
        let accepting = tokio::spawn(door.accept(listener, connections));
        let (health, health_service) = health_reporter();
        let roots = Roots::new(self.keeper.roots(), end.clone(), self.metrics);
        let router = router(Api(Arc::clone(&self.issuance)), roots)
            .add_service(health_service.max_decoding_message_size(LONGEST_MESSAGE));
        let keeping = tokio::spawn(self.keeper.keep(reload, health, self.issuance));
        let incoming = ReceiverStream::new(incoming);
        let served = router.serve_with_incoming_shutdown(incoming, until(end));
        tokio::pin!(served);
        let served = tokio::select! {
            served = &mut served => served,
            () = stop => {
                info!("stopping");
                accepting.abort();
                // Whoever listens has ended already.
                let _ = ended.send(true);
                timeout(GRACE, served).await.unwrap_or_else(|_| {
                    warn!("not all that was under way has ended in time");
                    Ok(())
                })
            }
        };
        keeping.abort();
        served.map_err(io::Error::other)
    }
}

/// HTTP/2 with its limits, and what it carries.
fn router(api: Api, roots: Roots) -> Router {
    Server::builder()
        .timeout(REQUEST)
        .max_concurrent_streams(MOST_STREAMS)
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(4 * WINDOW)
        .http2_keepalive_interval(Some(KEEPALIVE))
        .http2_keepalive_timeout(Some(KEEPALIVE_ANSWER))
        .http2_max_header_list_size(LONGEST_HEADERS)
        .add_service(
            IstioCaServiceServer::new(api.clone())
                .max_decoding_message_size(LONGEST_MESSAGE)
                .max_encoding_message_size(LONGEST_MESSAGE),
        )
        .add_service(
            IstioCertificateServiceServer::new(api)
                .max_decoding_message_size(LONGEST_MESSAGE)
                .max_encoding_message_size(LONGEST_MESSAGE),
        )
        .add_service(
            TrustBundleServiceServer::new(roots)
                .max_decoding_message_size(LONGEST_MESSAGE)
                .max_encoding_message_size(LONGEST_MESSAGE),
        )
}

/// Waits for the end.
async fn until(mut end: watch::Receiver<bool>) {
    // Without a sender there is nothing to go on for.
    let _ = end.wait_for(|ended| *ended).await;
}
