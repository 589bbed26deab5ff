//! What the signing service decides by, without the service: who is attested, who was enrolled
//! before, and what is signed while the root changes on disk.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/marathon/mod.rs"]
mod marathon;

#[path = "issuing/disk.rs"]
mod disk;
#[path = "issuing/enrolment.rs"]
mod enrolment;
#[path = "issuing/ledger.rs"]
mod ledger;
#[path = "issuing/listed.rs"]
mod listed;
#[path = "issuing/renewal.rs"]
mod renewal;
#[path = "issuing/root.rs"]
mod root;
#[path = "issuing/signing.rs"]
mod signing;
#[path = "issuing/site.rs"]
mod site;
#[path = "issuing/strange.rs"]
mod strange;
