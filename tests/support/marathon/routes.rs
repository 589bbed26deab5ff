//! The paths of Marathon's REST API, and who answers them.

mod deployments;
mod pods;
mod service;
mod stream;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};

use super::access::Access;
use super::answer::Refusal;
use super::changes::Force;
use super::leader::Leaderless;
use super::passage;
use super::server::{BELOW_DCOS, Node};
use super::sign_in::LOGIN;

/// Everything that a node answers.
pub(super) fn router(node: Node) -> Router {
    let behind_dcos =
        node.shared.with(|cluster| matches!(cluster.sessions.access(), Access::DcOs(_)));
    let router = if behind_dcos {
        let login = Router::new().route(LOGIN, post(service::login));
        login.nest(BELOW_DCOS, marathon(&node)).fallback(unknown)
    } else {
        marathon(&node)
    };
    router
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn_with_state(node.clone(), passage::enter))
        .with_state(node)
}

fn marathon(node: &Node) -> Router<Node> {
    Router::new()
        .route("/v2/pods", get(pods::list).head(pods::probe).post(pods::create))
        .route("/v2/pods/{*rest}", get(pods::read).put(pods::replace).delete(pods::delete))
        .route("/v2/deployments", get(deployments::list))
        .route("/v2/deployments/{id}", delete(deployments::cancel))
        .route("/v2/events", get(stream::events))
        .route("/v2/info", get(service::info))
        .route("/v2/leader", get(service::leader))
        .route("/ping", get(service::ping))
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn_with_state(node.clone(), lead))
        .layer(from_fn_with_state(node.clone(), admit))
}

async fn unknown() -> Refusal {
    Refusal::unknown_path()
}

async fn wrong_method() -> Refusal {
    Refusal::message(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed")
}

/// Asks callers who they are.
async fn admit(State(node): State<Node>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let refusal = node.shared.with(|cluster| cluster.sessions.refusal(request.headers(), path));
    match refusal {
        Some(refusal) => refusal,
        None => next.run(request).await,
    }
}

/// What a standby does: it passes requests on to the leader, if there is one.
async fn lead(State(node): State<Node>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if path == "/ping" {
        return next.run(request).await;
    }
    let (leader, url) = match find_leader(&node).await {
        Ok(found) => found,
        Err(leaderless) => return leaderless.refusal().into_response(),
    };
    let standby = leader != node.number;
    if standby && path == "/v2/events" {
        return (StatusCode::FOUND, [(header::LOCATION, format!("{url}/v2/events"))])
            .into_response();
    }
    let request = if standby { forwarded(request) } else { request };
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert("x-marathon-leader", HeaderValue::from_str(&url).expect("a URL fits"));
    if standby {
        headers.insert("x-marathon-via", HeaderValue::from_static("1.1 standby"));
    }
    response
}

/// Who leads, and where. Without a leader a node waits a while for one.
async fn find_leader(node: &Node) -> Result<(usize, String), Leaderless> {
    let look =
        || node.shared.with(|cluster| (cluster.leadership.found(), cluster.settings.patience));
    let (found, patience) = look();
    if found.is_ok() {
        return found;
    }
    tokio::time::sleep(patience).await;
    look().0
}

/// A standby passes a body on only if it knows its length.
fn forwarded(request: Request) -> Request {
    if request.headers().contains_key(header::CONTENT_LENGTH) {
        return request;
    }
    let (parts, _) = request.into_parts();
    Request::from_parts(parts, Body::empty())
}

/// The values of a member of the query.
fn asked(query: Option<&str>, name: &str) -> Vec<String> {
    let pairs = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    pairs.filter(|(key, _)| key == name).map(|(_, value)| value.into_owned()).collect()
}

/// Whether a write overrides deployments.
fn force(query: Option<&str>) -> Force {
    match asked(query, "force").last() {
        Some(value) if value == "true" => Force::Yes,
        _ => Force::No,
    }
}
