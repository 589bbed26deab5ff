//! What was asked of Marathon, and how much of it at once.

use std::collections::BTreeMap;

use axum::http::{HeaderMap, header};

use super::deployment::Deployment;
use super::sign_in::LOGIN;

/// A request as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    /// Empty for a sign-in, which is a secret.
    pub(crate) body: String,
    pub(crate) content_length: Option<u64>,
    pub(crate) content_type: Option<String>,
    pub(crate) is_chunked: bool,
    /// Whether it came with credentials; which ones is nobody's business.
    pub(crate) is_authorized: bool,
    /// The node that got it, counted from 0.
    pub(crate) node: usize,
}

impl Request {
    pub(super) fn new(node: usize, method: &str, target: &str, headers: &HeaderMap) -> Self {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        Self {
            method: method.to_owned(),
            target: target.to_owned(),
            body: String::new(),
            content_length: text(header::CONTENT_LENGTH).and_then(|text| text.parse().ok()),
            content_type: text(header::CONTENT_TYPE).map(str::to_owned),
            is_chunked: text(header::TRANSFER_ENCODING).is_some_and(|text| text == "chunked"),
            is_authorized: headers.contains_key(header::AUTHORIZATION),
            node,
        }
    }

    /// Whether it is meant to change a pod or a deployment.
    pub(crate) fn is_write(&self) -> bool {
        self.target.contains("/v2/") && !matches!(self.method.as_str(), "GET" | "HEAD")
    }
}

/// Everything that happened.
#[derive(Debug, Default)]
pub(crate) struct Log {
    requests: Vec<Request>,
    in_flight: usize,
    most_in_flight: usize,
    most_running: usize,
    failures: BTreeMap<String, usize>,
    instances: usize,
    ended: Vec<(String, String)>,
}

impl Log {
    /// All requests, in the order in which they came.
    pub(crate) fn requests(&self) -> &[Request] {
        &self.requests
    }

    /// The requests that were meant to change something.
    pub(crate) fn writes(&self) -> Vec<&Request> {
        self.requests.iter().filter(|request| request.is_write()).collect()
    }

    /// The most requests that were being answered at one time.
    pub(crate) fn most_in_flight(&self) -> usize {
        self.most_in_flight
    }

    /// The most deployments that ran at one time.
    pub(crate) fn most_running(&self) -> usize {
        self.most_running
    }

    /// The deployments that succeeded, each as its id and its pod.
    pub(crate) fn ended(&self) -> &[(String, String)] {
        &self.ended
    }

    pub(super) fn failures(&self, pod: &str) -> usize {
        self.failures.get(pod).copied().unwrap_or_default()
    }

    /// A request came; the answer is its number.
    pub(super) fn begin(&mut self, request: Request) -> usize {
        self.in_flight += 1;
        self.most_in_flight = self.most_in_flight.max(self.in_flight);
        self.requests.push(request);
        self.requests.len() - 1
    }

    /// The body of a request was read.
    pub(super) fn read(&mut self, request: usize, body: &[u8]) {
        let request = &mut self.requests[request];
        if request.target != LOGIN {
            request.body = String::from_utf8_lossy(body).into_owned();
        }
    }

    /// A request was answered, or the client went away.
    pub(super) fn end(&mut self) {
        self.in_flight -= 1;
    }

    pub(super) fn saw_running(&mut self, running: usize) {
        self.most_running = self.most_running.max(running);
    }

    pub(super) fn saw_failure(&mut self, pod: &str) {
        *self.failures.entry(pod.to_owned()).or_default() += 1;
    }

    pub(super) fn saw_end(&mut self, deployment: &Deployment) {
        self.ended.push((deployment.id.clone(), deployment.pod.clone()));
    }

    /// A number for the next instance.
    pub(super) fn next_instance(&mut self) -> usize {
        self.instances += 1;
        self.instances
    }
}
