//! What a service tells those who watch it: metrics (OpenMetrics), whether it is alive and whether
//! it is ready over HTTP, and lines on stderr.

use std::io;
use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

/// As the OpenMetrics specification names it.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Whether a service is ready; if not, why.
pub type Readiness = Arc<dyn Fn() -> Result<(), String> + Send + Sync>;

/// Serves `/metrics`, `/healthz` and `/ready` until `stop` is done.
///
/// # Errors
/// The listener fails.
pub async fn serve(
    listener: TcpListener,
    registry: Arc<Registry>,
    readiness: Readiness,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let metrics = move || async move { ([(CONTENT_TYPE, OPEN_METRICS)], metrics(&registry)) };
    let ready = move || async move {
        match readiness() {
            Ok(()) => (StatusCode::OK, "ready\n".to_owned()).into_response(),
            Err(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")).into_response(),
        }
    };
    let router = Router::new()
        .route("/metrics", get(metrics))
        .route("/healthz", get(|| async { "alive\n" }))
        .route("/ready", get(ready));
    axum::serve(listener, router).with_graceful_shutdown(stop).await
}

fn metrics(registry: &Registry) -> String {
    let mut text = String::new();
    encode(&mut text, registry).expect("a string takes all that is written to it");
    text
}

/// Sends what the service says of itself to stderr, one line an event: of `directives`, as
/// `info,marathon_inject=debug`.
///
/// # Errors
/// They are no directives; the words say why.
pub fn log_to_stderr(directives: &str) -> Result<(), String> {
    let filter = EnvFilter::try_new(directives).map_err(|error| error.to_string())?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(false)
        .try_init()
        .map_err(|error| error.to_string())
}
