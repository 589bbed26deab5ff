//! The REST variant of xDS: a node asks again and again, each time with the version that it has.

use std::net::TcpListener;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Shared;
use super::acks::Kind;
use super::node::Node;

/// `envoy.service.discovery.v3.DiscoveryRequest`, as far as it matters here.
#[derive(Deserialize)]
struct DiscoveryRequest {
    /// What the node has accepted; empty at first.
    #[serde(default)]
    version_info: String,
    node: NodeMessage,
}

#[derive(Deserialize)]
struct NodeMessage {
    id: String,
}

/// Answers until its runtime ends.
pub(super) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    listener.set_nonblocking(true).expect("a socket can be told not to block");
    let listener = tokio::net::TcpListener::from_std(listener).expect("the runtime has I/O");
    let of = |kind| post(move |state, request| discover(kind, state, request));
    let router = Router::new()
        .route("/v3/discovery:clusters", of(Kind::Clusters))
        .route("/v3/discovery:listeners", of(Kind::Listeners))
        .with_state(shared);
    axum::serve(listener, router).await.expect("a listener goes on");
}

async fn discover(
    kind: Kind,
    State(shared): State<Arc<Shared>>,
    Json(request): Json<DiscoveryRequest>,
) -> Result<Json<Value>, (StatusCode, String)> {
    let node = Node::parse(&request.node.id).map_err(|why| (StatusCode::BAD_REQUEST, why))?;
    let answer = shared.with(|state| {
        let version = state.acks.ask(&node.instance, kind, &request.version_info);
        let resources = match kind {
            Kind::Clusters => state.registry.clusters(&node),
            Kind::Listeners => state.registry.listeners(&node),
        };
        json!({"version_info": version.to_string(), "resources": resources})
    });
    shared.asked.notify_all();
    Ok(Json(answer))
}
