//! The `citadel` binary from outside: the CA's directory, bundles, what it shows and verifies, the
//! way to a new root, and its exit codes.
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails by panicking and says aloud what it skips"
)]

#[path = "citadel/abandoned.rs"]
mod abandoned;
#[path = "citadel/archives.rs"]
mod archives;
#[path = "citadel/broken.rs"]
mod broken;
#[path = "citadel/bundle.rs"]
mod bundle;
#[path = "citadel/full_disk.rs"]
mod full_disk;
#[path = "citadel/help.rs"]
mod help;
#[path = "citadel/init.rs"]
mod init;
#[path = "citadel/inspect.rs"]
mod inspect;
#[path = "citadel/intermediate.rs"]
mod intermediate;
#[path = "citadel/join_key.rs"]
mod join_key;
#[path = "citadel/marathon.rs"]
mod marathon;
#[path = "citadel/names.rs"]
mod names;
#[path = "citadel/openssl.rs"]
mod openssl;
#[path = "citadel/outputs.rs"]
mod outputs;
#[path = "citadel/own_files.rs"]
mod own_files;
#[path = "citadel/places.rs"]
mod places;
#[path = "citadel/renewal.rs"]
mod renewal;
#[path = "citadel/rotation.rs"]
mod rotation;
#[path = "citadel/scratch.rs"]
mod scratch;
#[path = "citadel/secrets.rs"]
mod secrets;
#[path = "citadel/server.rs"]
mod server;
#[path = "citadel/successor.rs"]
mod successor;
#[path = "citadel/verify.rs"]
mod verify;
