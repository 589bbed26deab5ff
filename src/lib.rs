//! Istio sidecar injection for Marathon pods.

pub mod document;
