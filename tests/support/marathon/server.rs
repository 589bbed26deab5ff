//! The nodes on their sockets, and the passage of time.

use std::convert::Infallible;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;

use super::handle::Shared;
use super::passage::Broken;
use super::routes;

/// Where DC/OS has its Marathon.
pub(super) const BELOW_DCOS: &str = "/service/marathon";

/// One node: its number, and what it shares with the others.
#[derive(Clone)]
pub(super) struct Node {
    pub(super) number: usize,
    pub(super) shared: Arc<Shared>,
}

/// Lets a tick pass again and again.
pub(super) async fn pass_time(tick: Duration, shared: Arc<Shared>) {
    let mut ticks = tokio::time::interval(tick);
    loop {
        ticks.tick().await;
        shared.with(|cluster| cluster.tick());
    }
}

/// Answers whoever connects to a node.
pub(super) async fn serve(
    number: usize,
    listener: TcpListener,
    acceptor: Option<TlsAcceptor>,
    shared: Arc<Shared>,
) {
    listener.set_nonblocking(true).expect("a socket can be told not to block");
    let listener = tokio::net::TcpListener::from_std(listener).expect("the runtime has I/O");
    let router = routes::router(Node { number, shared });
    // Who connects and goes away at once is no reason to stop.
    loop {
        let Ok((socket, _)) = listener.accept().await else { continue };
        let (acceptor, router) = (acceptor.clone(), router.clone());
        tokio::spawn(async move {
            match acceptor {
                None => talk(socket, router).await,
                Some(acceptor) => {
                    if let Ok(socket) = acceptor.accept(socket).await {
                        talk(socket, router).await;
                    }
                }
            }
        });
    }
}

/// Answers the requests of one connection. That it breaks is the client's business, or planned.
async fn talk(socket: impl AsyncRead + AsyncWrite + Unpin, router: Router) {
    let router = TowerToHyperService::new(router);
    let service = service_fn(|request: Request<Incoming>| {
        let answer = router.call(request);
        async move { unless_broken(answer.await) }
    });
    let mut connection = http1::Builder::new();
    connection.timer(TokioTimer::new());
    let _ = connection.serve_connection(TokioIo::new(socket), service).await;
}

/// An error here is what makes the connection close without an answer.
fn unless_broken(answer: Result<Response<Body>, Infallible>) -> Result<Response<Body>, Broken> {
    let Ok(answer) = answer;
    match answer.extensions().get::<Broken>() {
        Some(broken) => Err(*broken),
        None => Ok(answer),
    }
}
