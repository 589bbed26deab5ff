//! A stream of secrets from its first request to its end, in both of its dialects.

use std::sync::Arc;

use time::OffsetDateTime;
use tokio::sync::{mpsc, watch};
use tonic::{Status, Streaming};
use tracing::{debug, info, warn};

use super::super::metrics::Metrics;
use super::super::served::{Served, Witness};
use super::secret::{Item, ROOTS, current, each, known, right_type, whole};
use super::subscription::{Heard, Subscription};
use crate::proto::sds::{
    DeltaDiscoveryRequest, DeltaDiscoveryResponse, DiscoveryRequest, DiscoveryResponse,
    Status as Words,
};

/// So many characters of a client's own words are logged.
const LONGEST_TOLD: usize = 256;

/// A dialect.
pub(super) trait Exchange: 'static {
    type Request: Send + 'static;
    type Response: Send + 'static;

    /// The type that is asked for, the nonce, and why the response of that nonce was not taken.
    fn head(request: &Self::Request) -> (&str, &str, Option<&Words>);

    /// The names that are asked for.
    fn names(request: &Self::Request) -> &[String];

    /// Takes what is wanted.
    fn want(request: &Self::Request, heard: &Heard, subscription: &mut Subscription);

    fn response(items: &[Item], nonce: String) -> Self::Response;
}

/// `StreamSecrets`: each request says all that is wanted.
pub(super) enum Whole {}

/// `DeltaSecrets`: each request says what is wanted beside, and what no more.
pub(super) enum Delta {}

impl Exchange for Whole {
    type Request = DiscoveryRequest;
    type Response = DiscoveryResponse;

    fn head(request: &DiscoveryRequest) -> (&str, &str, Option<&Words>) {
        (&request.type_url, &request.response_nonce, request.error_detail.as_ref())
    }

    fn names(request: &DiscoveryRequest) -> &[String] {
        &request.resource_names
    }

    fn want(request: &DiscoveryRequest, heard: &Heard, subscription: &mut Subscription) {
        // A stale one was written before the last response came; another will be.
        if *heard != Heard::Stale {
            subscription.want(&request.resource_names);
        }
    }

    fn response(items: &[Item], nonce: String) -> DiscoveryResponse {
        whole(items, nonce)
    }
}

impl Exchange for Delta {
    type Request = DeltaDiscoveryRequest;
    type Response = DeltaDiscoveryResponse;

    fn head(request: &DeltaDiscoveryRequest) -> (&str, &str, Option<&Words>) {
        (&request.type_url, &request.response_nonce, request.error_detail.as_ref())
    }

    fn names(request: &DeltaDiscoveryRequest) -> &[String] {
        &request.resource_names_subscribe
    }

    fn want(request: &DeltaDiscoveryRequest, _: &Heard, subscription: &mut Subscription) {
        subscription.unsubscribe(&request.resource_names_unsubscribe);
        subscription.subscribe(&request.resource_names_subscribe);
    }

    fn response(items: &[Item], nonce: String) -> DeltaDiscoveryResponse {
        each(items, nonce)
    }
}

/// Answers a client's requests, and sends what changes, until one of both ends it.
pub(super) async fn converse<E: Exchange>(
    mut requests: Streaming<E::Request>,
    responses: mpsc::Sender<Result<E::Response, Status>>,
    served: Arc<Served>,
    metrics: Arc<Metrics>,
    mut stop: watch::Receiver<bool>,
) {
    let mut snapshots = served.watch();
    let mut client = Client::new(served, metrics);
    loop {
        tokio::select! {
            request = requests.message() => match request {
                Ok(Some(request)) => {
                    if let Err(status) = client.hear::<E>(&request) {
                        // Whoever has gone does not have to be told.
                        let _ = responses.send(Err(status)).await;
                        return;
                    }
                }
                Ok(None) => return,
                Err(status) => return debug!("a stream of secrets broke: {status}"),
            },
            changed = snapshots.changed() => if changed.is_err() { return },
            () = told(&mut stop) => return,
        }
        let items = current(&snapshots.borrow_and_update(), OffsetDateTime::now_utc());
        if let Some(response) = client.due::<E>(items)
            && responses.send(Ok(response)).await.is_err()
        {
            return;
        }
    }
}

/// Waits until it is time to stop.
async fn told(stop: &mut watch::Receiver<bool>) {
    // Whoever could say so has gone: that says it.
    let _ = stop.wait_for(|stopped| *stopped).await;
}

/// What is known of a client.
struct Client {
    subscription: Subscription,
    served: Arc<Served>,
    metrics: Arc<Metrics>,
    /// From when on it is sent the roots.
    witness: Option<Witness>,
    has_told_unknown: bool,
}

impl Client {
    fn new(served: Arc<Served>, metrics: Arc<Metrics>) -> Self {
        metrics.stream_opened();
        let subscription = Subscription::default();
        Self { subscription, served, metrics, witness: None, has_told_unknown: false }
    }

    fn hear<E: Exchange>(&mut self, request: &E::Request) -> Result<(), Status> {
        let (type_url, nonce, error) = E::head(request);
        right_type(type_url)?;
        let heard = self.subscription.heard(nonce);
        if let Heard::Answer(answered) = &heard {
            for (name, version) in answered {
                self.answered(name, version, error);
            }
        }
        self.tell_unknown(E::names(request));
        E::want(request, &heard, &mut self.subscription);
        if !self.subscription.wants(ROOTS) {
            self.witness = None;
        } else if self.witness.is_none() {
            self.witness = Some(self.served.witness());
        }
        Ok(())
    }

    /// Once a stream: all requests of `StreamSecrets` repeat the names.
    fn tell_unknown(&mut self, names: &[String]) {
        let mut unknown = names.iter().filter(|name| known(name).is_none());
        if let Some(name) = unknown.next().filter(|_| !self.has_told_unknown) {
            self.has_told_unknown = true;
            let name: String = name.chars().take(LONGEST_TOLD).collect();
            warn!(?name, others = unknown.count(), "a secret is asked for that there is not");
        }
    }

    fn answered(&self, name: &str, version: &str, error: Option<&Words>) {
        if let Some(error) = error {
            self.metrics.rejected(name);
            let words: String = error.message.chars().take(LONGEST_TOLD).collect();
            warn!(name, version, "Envoy did not take a secret: {words:?}");
        } else {
            debug!(name, version, "Envoy took a secret");
        }
        if let Some(witness) = self.witness.as_ref().filter(|_| name == ROOTS) {
            witness.saw(version);
        }
    }

    fn due<E: Exchange>(&mut self, items: Vec<Item>) -> Option<E::Response> {
        let (items, nonce) = self.subscription.due(items)?;
        for item in &items {
            self.metrics.pushed(item.name);
            info!(name = item.name, version = item.version, "sends a secret");
        }
        Some(E::response(&items, nonce))
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.metrics.stream_closed();
    }
}
