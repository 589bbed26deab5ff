//! The stream of roots: those of now, and again whenever they change, before any certificate
//! depends on them.

use std::pin::Pin;

use futures_util::StreamExt;
use tokio::sync::watch;
use tokio_stream::Stream;
use tokio_stream::wrappers::WatchStream;
use tonic::{Request, Response, Status};

use super::metrics::{Counted, Metrics};
use crate::proto::roots::trust_bundle_service_server::TrustBundleService;
use crate::proto::roots::{StreamRootsRequest, StreamRootsResponse};

/// Tells whoever asks.
pub(super) struct Roots {
    /// All of them, PEM.
    roots: watch::Receiver<String>,
    end: watch::Receiver<bool>,
    metrics: Metrics,
}

impl Roots {
    /// Tells the last of `roots` until `end` is true.
    pub(super) fn new(
        roots: watch::Receiver<String>,
        end: watch::Receiver<bool>,
        metrics: Metrics,
    ) -> Self {
        Self { roots, end, metrics }
    }
}

#[tonic::async_trait]
impl TrustBundleService for Roots {
    type StreamRootsStream =
        Pin<Box<dyn Stream<Item = Result<StreamRootsResponse, Status>> + Send>>;

    async fn stream_roots(
        &self,
        _: Request<StreamRootsRequest>,
    ) -> Result<Response<Self::StreamRootsStream>, Status> {
        let counted = Counted::new(&self.metrics.streams);
        let end = super::until(self.end.clone());
        let told = WatchStream::new(self.roots.clone()).map(move |root_certs| {
            let _ = &counted;
            Ok(StreamRootsResponse { root_certs })
        });
        Ok(Response::new(Box::pin(told.take_until(end))))
    }
}
