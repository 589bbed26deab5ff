//! `citadel serve` from outside: the binary on loopback, and clients of gRPC over TLS.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/marathon/mod.rs"]
mod marathon;

#[path = "citadel_serve/client.rs"]
mod client;
#[path = "citadel_serve/requests.rs"]
mod requests;
#[path = "citadel_serve/silence.rs"]
mod silence;
#[path = "citadel_serve/site.rs"]
mod site;

#[path = "citadel_serve/apis.rs"]
mod apis;
#[path = "citadel_serve/attested.rs"]
mod attested;
#[path = "citadel_serve/audit.rs"]
mod audit;
#[path = "citadel_serve/flaws.rs"]
mod flaws;
#[path = "citadel_serve/limits.rs"]
mod limits;
#[path = "citadel_serve/renewal.rs"]
mod renewal;
#[path = "citadel_serve/rotation.rs"]
mod rotation;
#[path = "citadel_serve/startup.rs"]
mod startup;
#[path = "citadel_serve/strangers.rs"]
mod strangers;
#[path = "citadel_serve/tls.rs"]
mod tls;
#[path = "citadel_serve/watched.rs"]
mod watched;
