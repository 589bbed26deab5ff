//! The node agent, the program itself, between a Citadel and an Envoy of the tests' own.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "node_agent/agent.rs"]
mod agent;
#[path = "node_agent/answers.rs"]
mod answers;
#[path = "node_agent/citadel.rs"]
mod citadel;
#[path = "node_agent/connection.rs"]
mod connection;
#[path = "node_agent/envoy.rs"]
mod envoy;
#[path = "node_agent/files.rs"]
mod files;
#[path = "node_agent/life.rs"]
mod life;
#[path = "node_agent/roots.rs"]
mod roots;
#[path = "node_agent/start.rs"]
mod start;
#[path = "node_agent/streams.rs"]
mod streams;
#[path = "node_agent/trust.rs"]
mod trust;

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// How long something may take that is sure to happen.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until something is there.
async fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "never came: {what}");
        sleep(Duration::from_millis(20)).await;
    }
}
