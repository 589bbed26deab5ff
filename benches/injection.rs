//! Injection measured.
fn main() {}
