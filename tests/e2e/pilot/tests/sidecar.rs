//! A sidecar that only asks.

use serde_json::{Value, json};

use super::DOMAIN;
use super::http::post;

/// A sidecar of an instance, and what it has accepted.
pub(super) struct Sidecar<'p> {
    pilot: &'p str,
    node: String,
}

impl<'p> Sidecar<'p> {
    /// One that asks the Pilot at this address.
    pub(super) fn new(pilot: &'p str, instance: &str) -> Self {
        Self::of_domain(pilot, instance, DOMAIN)
    }

    /// One that calls services by names of its own domain.
    pub(super) fn of_domain(pilot: &'p str, instance: &str, domain: &str) -> Self {
        Self { pilot, node: format!("sidecar~9.0.0.2~{instance}~{domain}") }
    }

    /// What it is given.
    pub(super) fn listeners(&self) -> Vec<Value> {
        resources(&self.ask("listeners", ""))
    }

    /// What it is given.
    pub(super) fn clusters(&self) -> Vec<Value> {
        resources(&self.ask("clusters", ""))
    }

    /// Asks, and then tells that it has accepted what it got.
    pub(super) fn accept(&self, kind: &str) {
        let answer = self.ask(kind, "");
        self.ask(kind, answer["version_info"].as_str().unwrap());
    }

    /// Asks, having accepted a version.
    pub(super) fn ask(&self, kind: &str, version: &str) -> Value {
        let (status, body) = post(
            self.pilot,
            &format!("/v3/discovery:{kind}"),
            &json!({"node": {"id": self.node}, "version_info": version}),
        );
        assert_eq!(status, 200, "{body}");
        serde_json::from_str(&body).unwrap()
    }
}

fn resources(answer: &Value) -> Vec<Value> {
    answer["resources"].as_array().unwrap().clone()
}
