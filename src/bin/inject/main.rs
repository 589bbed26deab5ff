//! The `inject` command.
fn main() {}
