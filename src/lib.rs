//! Istio sidecar injection for Marathon pods.

pub mod document;
pub mod identity;
pub mod settings;
