//! stub
use crate::document::*;
/// x
#[derive(Default)]
pub struct Marathon {
    /// x
    pub a: bool,
}
/// x
#[derive(Default)]
pub struct Unfinished<'u> {
    /// x
    pub containers: &'u [String],
    /// x
    pub volumes: &'u [String],
}
/// x
pub fn validate(_: &Node<'_>, _: &Path<'_>, _: &Marathon, _: &Unfinished<'_>) -> Vec<Diagnostic> {
    vec![]
}
