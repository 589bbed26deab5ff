//! How Marathon refuses: a status and a message in JSON, in its own words.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// An answer that is not a success.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) body: Value,
}

impl Refusal {
    /// A status with nothing but a message.
    pub(super) fn message(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, body: json!({"message": message.into()}) }
    }

    /// 422 with places and errors.
    pub(super) fn unprocessable(message: &str, details: Value) -> Self {
        let body = json!({"message": message, "details": details});
        Self { status: StatusCode::UNPROCESSABLE_ENTITY, body }
    }

    /// 422 at the root of the pod.
    pub(super) fn invalid(error: &str) -> Self {
        Self::unprocessable("Object is not valid", json!([{"path": "/", "errors": [error]}]))
    }

    /// The pod is not there.
    pub(super) fn no_pod(id: &str) -> Self {
        Self::message(StatusCode::NOT_FOUND, format!("Pod '{id}' does not exist"))
    }

    /// The same, as `GET /v2/pods/{id}` says it: JSON within JSON.
    pub(super) fn no_pod_to_read(id: &str) -> Self {
        let inner = format!("{{\"message\": \"pod with {id} does not exist\"}}");
        Self::message(StatusCode::NOT_FOUND, inner)
    }

    /// A pod of that id is there already.
    pub(super) fn exists(id: &str) -> Self {
        Self::message(StatusCode::CONFLICT, format!("A pod with id [{id}] already exists."))
    }

    /// Deployments hold the pod.
    pub(super) fn locked(deployments: &[String]) -> Self {
        let message = "App is locked by one or more deployments. Override with the option \
            '?force=true'. View details at '/v2/deployments/<DEPLOYMENT_ID>'.";
        let ids: Vec<Value> = deployments.iter().map(|id| json!({"id": id})).collect();
        let body = json!({"message": message, "deployments": ids});
        Self { status: StatusCode::CONFLICT, body }
    }

    /// `--max_running_deployments` is reached.
    pub(super) fn too_many_deployments(limit: usize) -> Self {
        let message = format!(
            "Max number ({limit}) of running deployments is achieved. Wait for existing \
            deployments to complete or cancel oneusing force=true parameter. You can increase max \
            deployment number by using --max_running_deployments parameter"
        );
        Self::message(StatusCode::FORBIDDEN, message)
    }

    /// A path that Marathon does not have.
    pub(super) fn unknown_path() -> Self {
        Self::message(StatusCode::INTERNAL_SERVER_ERROR, "URI not found")
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, Json(self.body)).into_response()
    }
}
