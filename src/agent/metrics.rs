//! What the agent counts.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use time::OffsetDateTime;

use std::sync::{Arc, Mutex};

use super::failure::Failure;

/// The kind of a failure.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Kind {
    kind: &'static str,
}

/// The name of a secret.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Name {
    name: String,
}

/// The counters.
#[derive(Debug, Default)]
pub(super) struct Metrics {
    ends: Gauge,
    roots: Gauge,
    renewals: Counter,
    failures: Family<Kind, Counter>,
    /// 1 for the kind of the last failure; nothing once a renewal has succeeded.
    last_failure: Family<Kind, Gauge>,
    words: Mutex<Option<String>>,
    streams: Gauge,
    pushes: Family<Name, Counter>,
    rejections: Family<Name, Counter>,
    files: Counter,
}

impl Metrics {
    /// New counters, and where they are read.
    pub(super) fn new() -> (Arc<Self>, Registry) {
        let it = Self::default();
        let mut registry = Registry::with_prefix("node_agent");
        let all = &mut registry;
        let words = "When the certificate ends, in seconds since 1970";
        all.register("certificate_expiry_timestamp_seconds", words, it.ends.clone());
        all.register("roots", "Root certificates that the workload trusts", it.roots.clone());
        all.register("renewals", "Certificates that were got", it.renewals.clone());
        all.register("renewal_failures", "Tries that failed", it.failures.clone());
        let words = "The kind of the last failure since the last renewal";
        all.register("last_renewal_failure", words, it.last_failure.clone());
        all.register("sds_streams", "Open streams of secrets", it.streams.clone());
        all.register("sds_pushes", "Secrets that were sent", it.pushes.clone());
        all.register("sds_rejections", "Secrets that Envoy did not take", it.rejections.clone());
        all.register("file_updates", "Times the files were replaced", it.files.clone());
        (Arc::new(it), registry)
    }

    pub(super) fn certificate_ends(&self, moment: OffsetDateTime) {
        self.ends.set(moment.unix_timestamp());
    }

    pub(super) fn roots(&self, count: usize) {
        self.roots.set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    pub(super) fn renewed(&self) {
        self.renewals.inc();
        self.last_failure.clear();
        *self.words.lock().expect("nobody panics with it") = None;
    }

    pub(super) fn failed(&self, failure: &Failure) {
        let kind = Kind { kind: failure.kind() };
        self.failures.get_or_create(&kind).inc();
        self.last_failure.clear();
        self.last_failure.get_or_create(&kind).set(1);
        *self.words.lock().expect("nobody panics with it") = Some(failure.to_string());
    }

    /// Why the last try failed, if it did.
    pub(super) fn last_failure(&self) -> Option<String> {
        self.words.lock().expect("nobody panics with it").clone()
    }

    pub(super) fn stream_opened(&self) {
        self.streams.inc();
    }

    pub(super) fn stream_closed(&self) {
        self.streams.dec();
    }

    pub(super) fn pushed(&self, name: &str) {
        self.pushes.get_or_create(&Name { name: name.to_owned() }).inc();
    }

    pub(super) fn rejected(&self, name: &str) {
        self.rejections.get_or_create(&Name { name: name.to_owned() }).inc();
    }

    pub(super) fn files_replaced(&self) {
        self.files.inc();
    }
}
