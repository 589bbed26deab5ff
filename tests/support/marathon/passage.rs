//! What every request passes on its way in, and what may go wrong with it there.

use std::future::pending;
use std::sync::Arc;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, StreamExt, stream};
use thiserror::Error;

use super::faults::Fault;
use super::handle::Shared;
use super::records;
use super::server::{BELOW_DCOS, Node};

/// The connection ends without an answer.
#[derive(Clone, Copy, Debug, Error)]
#[error("the connection breaks here, as planned")]
pub(super) struct Broken;

impl IntoResponse for Broken {
    fn into_response(self) -> Response {
        let mut response = Response::default();
        response.extensions_mut().insert(self);
        response
    }
}

/// A request that is being answered.
struct InFlight(Arc<Shared>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.with(|cluster| cluster.log.end());
    }
}

/// Records a request, and lets it meet its fault.
pub(super) async fn enter(State(node): State<Node>, request: Request, next: Next) -> Response {
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    let method = request.method().as_str();
    let record = records::Request::new(node.number, method, target, request.headers());
    let below = target.strip_prefix(BELOW_DCOS).unwrap_or(target);
    let (number, fault) =
        node.shared.with(|cluster| (cluster.log.begin(record), cluster.faults.next(method, below)));
    let _in_flight = InFlight(Arc::clone(&node.shared));
    if fault == Some(Fault::Reset) {
        return Broken.into_response();
    }
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, usize::MAX).await else {
        return Broken.into_response();
    };
    node.shared.with(|cluster| cluster.log.read(number, &body));
    meet(fault, Request::from_parts(parts, Body::from(body)), next).await
}

async fn meet(fault: Option<Fault>, mut request: Request, next: Next) -> Response {
    let Some(fault) = fault else {
        return next.run(request).await;
    };
    match fault {
        Fault::Reset | Fault::Lost => Broken.into_response(),
        Fault::AnswerLost => {
            next.run(request).await;
            Broken.into_response()
        }
        Fault::HalfBody => half(next.run(request).await, Rest::Promised).await,
        Fault::HalfJson => half(next.run(request).await, Rest::Forgotten).await,
        Fault::EndlessBody => Body::from_stream(endless(b"[null,")).into_response(),
        Fault::Answer(status, body) => (status_of(status), body).into_response(),
        Fault::Redirect(status, place) => {
            (status_of(status), [(header::LOCATION, place)]).into_response()
        }
        Fault::Late(delay) => {
            tokio::time::sleep(delay).await;
            next.run(request).await
        }
        Fault::Hang => pending().await,
        Fault::SilentAfter(_) | Fault::EndsAfter(_) | Fault::EndlessLine => {
            request.extensions_mut().insert(fault);
            next.run(request).await
        }
    }
}

fn status_of(status: u16) -> StatusCode {
    StatusCode::from_u16(status).expect("a test plans a status that HTTP has")
}

/// What the header says of the half that does not come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rest {
    Promised,
    Forgotten,
}

async fn half(response: Response, rest: Rest) -> Response {
    let (mut parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let half = body.slice(..body.len() / 2);
    let length = if rest == Rest::Promised { body.len() } else { half.len() };
    parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    let body = match rest {
        Rest::Promised => {
            let breaks = stream::once(break_off()).map(Err);
            Body::from_stream(stream::iter([Ok(half)]).chain(breaks))
        }
        Rest::Forgotten => Body::from(half),
    };
    Response::from_parts(parts, body)
}

/// Breaks off, once what was said before is on its way.
pub(super) async fn break_off() -> Broken {
    tokio::task::yield_now().await;
    Broken
}

/// The same bytes again and again.
pub(super) fn endless(bytes: &'static [u8]) -> impl Stream<Item = Result<Bytes, Broken>> {
    let many = Bytes::from(bytes.repeat(1024));
    stream::repeat_with(move || Ok(many.clone()))
}
