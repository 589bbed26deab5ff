//! Istio sidecar injection for Marathon pods.

pub mod document;
pub mod identity;
pub mod plan;
pub mod pod;
pub mod settings;
