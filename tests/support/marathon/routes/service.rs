//! What Marathon says of itself, and the sign-in of DC/OS.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::super::answer::Refusal;
use super::super::cluster::Cluster;
use super::super::server::Node;

/// `GET /v2/info`.
pub(super) async fn info(State(node): State<Node>) -> Json<Value> {
    Json(node.shared.with(|cluster| described(cluster)))
}

fn described(cluster: &Cluster) -> Value {
    let settings = &cluster.settings;
    let mut config = json!({
        "features": settings.features,
        "mesos_user": settings.user,
        "mesos_role": settings.role,
        "ha": true,
        "http_port": 8080,
        "https_port": 8443,
        "max_running_deployments": settings.max_running_deployments.unwrap_or(100),
    });
    if let Some(name) = &settings.default_network_name {
        config["default_network_name"] = name.clone().into();
    }
    json!({
        "name": "marathon",
        "version": settings.version,
        "buildref": "unknown",
        "elected": true,
        "leader": cluster.leadership.address(),
        "frameworkId": "b3bd182c-c6d7-463e-8bf0-06cd5807df4e-0001",
        "marathon_config": config,
        "zookeeper_config": {"zk": "zk://127.0.0.1:2181/marathon", "zk_timeout": 10000},
        "http_config": {"http_port": 8080, "https_port": 8443},
    })
}

/// `GET /v2/leader`.
pub(super) async fn leader(State(node): State<Node>) -> Result<Json<Value>, Refusal> {
    node.shared.with(|cluster| match cluster.leadership.address() {
        Some(address) => Ok(Json(json!({"leader": address}))),
        None => Err(Refusal::message(StatusCode::NOT_FOUND, "There is no leader")),
    })
}

/// `GET /ping`.
pub(super) async fn ping(headers: HeaderMap) -> Response {
    let wants_json = headers
        .get(header::ACCEPT)
        .is_some_and(|accepted| accepted.as_bytes().starts_with(b"application/json"));
    if wants_json { Json("pong").into_response() } else { "pong".into_response() }
}

/// `POST /acs/api/v1/auth/login`.
pub(super) async fn login(State(node): State<Node>, body: Bytes) -> Response {
    match node.shared.with(|cluster| cluster.sign_in(&body)) {
        Some(token) => Json(json!({"token": token})).into_response(),
        None => {
            let body = json!({
                "title": "Bad credentials",
                "description": "The provided credentials are invalid.",
                "code": "ERR_INVALID_CREDENTIALS",
            });
            (StatusCode::UNAUTHORIZED, Json(body)).into_response()
        }
    }
}
