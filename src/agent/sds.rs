//! The secrets as Envoy asks for them: its secret discovery service (v3) on a Unix socket.

mod connection;
mod secret;
mod socket;
mod stream;
mod subscription;

use std::collections::BTreeSet;
use std::sync::Arc;

use time::OffsetDateTime;
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Server;
use tonic::{Request, Response, Status, Streaming};
use tracing::warn;

use super::metrics::Metrics;
use super::served::Served;
use crate::proto::sds::secret_discovery_service_server::{
    SecretDiscoveryService, SecretDiscoveryServiceServer,
};
use crate::proto::sds::{
    DeltaDiscoveryRequest, DeltaDiscoveryResponse, DiscoveryRequest, DiscoveryResponse,
};
use secret::{current, known, right_type};
pub(super) use socket::Socket;
pub use socket::SocketError;
use stream::{Exchange, converse};

/// The longest request, in bytes: the first holds all that Envoy says of itself, some 60 KB.
const LONGEST: usize = 256 * 1024;

/// So many streams a connection may have: Envoy has one for each name and cluster configuration.
const MOST_STREAMS: u32 = 64;

/// Serves secrets on a socket until `stop` says true.
pub(super) async fn serve(
    socket: Socket,
    served: Arc<Served>,
    metrics: Arc<Metrics>,
    stop: watch::Receiver<bool>,
) {
    let service = Service { served, metrics, stop: stop.clone() };
    let mut stopped = stop;
    let service = SecretDiscoveryServiceServer::new(service).max_decoding_message_size(LONGEST);
    let server = Server::builder()
        .max_concurrent_streams(MOST_STREAMS)
        .add_service(service)
        .serve_with_incoming(socket.accept());
    tokio::select! {
        ended = server => {
            if let Err(error) = ended {
                warn!("secrets are served no more: {error}");
            }
        }
        _ = stopped.wait_for(|stopped| *stopped) => {}
    }
}

/// The service.
struct Service {
    served: Arc<Served>,
    metrics: Arc<Metrics>,
    stop: watch::Receiver<bool>,
}

impl Service {
    /// Talks to a client by itself, until one of both ends it.
    fn talk<E: Exchange>(&self, requests: Streaming<E::Request>) -> Answers<E::Response> {
        let (send, receive) = mpsc::channel(1);
        let (served, metrics) = (Arc::clone(&self.served), Arc::clone(&self.metrics));
        tokio::spawn(converse::<E>(requests, send, served, metrics, self.stop.clone()));
        Ok(Response::new(ReceiverStream::new(receive)))
    }
}

type Answers<R> = Result<Response<ReceiverStream<Result<R, Status>>>, Status>;

#[tonic::async_trait]
impl SecretDiscoveryService for Service {
    type StreamSecretsStream = ReceiverStream<Result<DiscoveryResponse, Status>>;
    type DeltaSecretsStream = ReceiverStream<Result<DeltaDiscoveryResponse, Status>>;

    async fn stream_secrets(
        &self,
        request: Request<Streaming<DiscoveryRequest>>,
    ) -> Answers<DiscoveryResponse> {
        self.talk::<stream::Whole>(request.into_inner())
    }

    async fn delta_secrets(
        &self,
        request: Request<Streaming<DeltaDiscoveryRequest>>,
    ) -> Answers<DeltaDiscoveryResponse> {
        self.talk::<stream::Delta>(request.into_inner())
    }

    async fn fetch_secrets(
        &self,
        request: Request<DiscoveryRequest>,
    ) -> Result<Response<DiscoveryResponse>, Status> {
        let request = request.into_inner();
        right_type(&request.type_url)?;
        let wanted: Option<BTreeSet<_>> =
            request.resource_names.iter().map(|name| known(name)).collect();
        let wanted = wanted.ok_or_else(|| Status::not_found("there is no secret of that name"))?;
        let snapshot = self.served.snapshot();
        let mut items = current(&snapshot, OffsetDateTime::now_utc());
        items.retain(|item| wanted.contains(item.name));
        if items.len() < wanted.len() {
            return Err(Status::unavailable("there is no certificate that is valid"));
        }
        items.iter().for_each(|item| self.metrics.pushed(item.name));
        Ok(Response::new(secret::whole(&items, String::new())))
    }
}
