//! `inject submit` and `inject diff --live` from outside, against a Marathon in the test's process.
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails by panicking and says aloud what it skips"
)]

#[path = "marathon_double/client.rs"]
#[allow(dead_code, reason = "each test takes what it needs")]
mod client;
#[path = "support/marathon/mod.rs"]
mod marathon;
#[path = "cli/scratch.rs"]
#[allow(dead_code, reason = "each test takes what it needs")]
mod scratch;
#[path = "submit/site.rs"]
mod site;

#[path = "submit/attached.rs"]
mod attached;
#[path = "submit/certificates.rs"]
mod certificates;
#[path = "submit/crashes.rs"]
mod crashes;
#[path = "submit/dcos_cli.rs"]
mod dcos_cli;
#[path = "submit/following.rs"]
mod following;
#[path = "submit/interrupt.rs"]
mod interrupt;
#[path = "submit/join.rs"]
mod join;
#[path = "submit/locks.rs"]
mod locks;
#[path = "submit/masters.rs"]
mod masters;
#[path = "submit/outages.rs"]
mod outages;
#[path = "submit/pipeline.rs"]
mod pipeline;
#[path = "submit/plan.rs"]
mod plan;
#[path = "submit/proxies.rs"]
mod proxies;
#[path = "submit/refusals.rs"]
mod refusals;
#[path = "submit/rights.rs"]
mod rights;
#[path = "submit/rollback.rs"]
mod rollback;
#[path = "submit/secrets.rs"]
mod secrets;
#[path = "submit/several.rs"]
mod several;
#[path = "submit/signing_in.rs"]
mod signing_in;
#[path = "submit/terminal.rs"]
mod terminal;
#[path = "submit/undoing.rs"]
mod undoing;
#[path = "submit/unread.rs"]
mod unread;
#[path = "submit/writes.rs"]
mod writes;
