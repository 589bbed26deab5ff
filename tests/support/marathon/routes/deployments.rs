//! `/v2/deployments`: what runs, and how it is stopped.

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::super::answer::Refusal;
use super::super::changes::Force;
use super::super::deployment::Deployment;
use super::super::server::Node;
use super::force;

/// `GET /v2/deployments`.
pub(super) async fn list(State(node): State<Node>) -> Json<Vec<Value>> {
    let listed =
        node.shared.with(|cluster| cluster.deployments.iter().map(Deployment::listed).collect());
    Json(listed)
}

/// `DELETE /v2/deployments/{id}`.
pub(super) async fn cancel(
    State(node): State<Node>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Refusal> {
    node.shared.with(|cluster| match force(query.as_deref()) {
        Force::Yes => {
            cluster.cancel(&id, "cancelled")?;
            Ok(StatusCode::ACCEPTED.into_response())
        }
        Force::No => {
            let (deployment, version) = cluster.roll_back(&id)?;
            let body = json!({"deploymentId": deployment, "version": version});
            Ok(Json(body).into_response())
        }
    })
}
