//! `inject check`: what it finds, how it tells it, and how it ends.
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails by panicking and says aloud what it skips"
)]

#[path = "cli/scratch.rs"]
#[allow(dead_code, reason = "each test takes what it needs")]
mod scratch;

#[path = "check/across.rs"]
mod across;
#[path = "check/codes.rs"]
mod codes;
#[path = "check/corpus.rs"]
mod corpus;
#[path = "check/ends.rs"]
mod ends;
#[path = "check/findings.rs"]
mod findings;
#[path = "check/formats.rs"]
mod formats;
#[path = "check/large.rs"]
mod large;
#[path = "support/public.rs"]
#[allow(dead_code, reason = "each test takes what it needs")]
mod public;
#[path = "check/sarif.rs"]
mod sarif;
#[path = "check/states.rs"]
mod states;
