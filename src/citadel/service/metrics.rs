//! What the service counts. Names that Istio's Citadel has too are the same, so that what watches
//! one watches the other (Istio security/pkg/server/ca/monitoring.go).

use std::fmt;
use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::{EncodeLabelSet, EncodeMetric, MetricEncoder};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use tonic::Code;

use super::refusal::Refusal;
use crate::citadel::attest::Denied;
use crate::identity::x509::RequestError;

/// The bounds of how long a decision takes, in seconds.
const BOUNDS: [f64; 9] = [0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0];

/// A counter under the very name that Citadel gave it: OpenMetrics would have its counters end in
/// `_total`, and to what has no type it gives no ending.
#[derive(Clone, Debug, Default)]
pub(super) struct Count(Counter);

impl Count {
    pub(super) fn inc(&self) {
        self.0.inc();
    }
}

impl EncodeMetric for Count {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        encoder.encode_gauge(&self.0.get())
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Unknown
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfCode {
    code: String,
}

/// All that is counted.
#[derive(Clone)]
pub(super) struct Metrics {
    requests: Count,
    issued: Count,
    unauthenticated: Count,
    unparsed: Count,
    unidentified: Count,
    unsigned: Count,
    refused: Family<OfCode, Counter>,
    undecided: Counter,
    pub(super) unaudited: Counter,
    pub(super) seconds: Histogram,
    /// When the first of the roots ends, in seconds since 1970.
    pub(super) root_expiry: Gauge,
    /// When the certificate ends that the service shows, in seconds since 1970.
    pub(super) serving_expiry: Gauge,
    pub(super) connections: Gauge,
    pub(super) turned_away: Counter,
    pub(super) failed_handshakes: Counter,
    pub(super) streams: Gauge,
    /// Whether Marathon answered when it was asked last: 1 or 0. Told only where it is asked.
    pub(super) marathon: Gauge<u64, AtomicU64>,
    /// Whether all is well: 1 or 0.
    pub(super) serving: Gauge<u64, AtomicU64>,
}

impl Metrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let metrics = Self::unregistered();
        metrics.register_citadels(registry.sub_registry_with_prefix("citadel_server"));
        metrics.register_ours(registry.sub_registry_with_prefix("citadel"));
        metrics
    }

    fn unregistered() -> Self {
        Self {
            requests: Count::default(),
            issued: Count::default(),
            unauthenticated: Count::default(),
            unparsed: Count::default(),
            unidentified: Count::default(),
            unsigned: Count::default(),
            refused: Family::default(),
            undecided: Counter::default(),
            unaudited: Counter::default(),
            seconds: Histogram::new(BOUNDS),
            root_expiry: Gauge::default(),
            serving_expiry: Gauge::default(),
            connections: Gauge::default(),
            turned_away: Counter::default(),
            failed_handshakes: Counter::default(),
            streams: Gauge::default(),
            marathon: Gauge::default(),
            serving: Gauge::default(),
        }
    }

    fn register_citadels(&self, registry: &mut Registry) {
        for (name, help, count) in [
            ("csr_count", "CSRs received", &self.requests),
            ("success_cert_issuance_count", "Certificates issued", &self.issued),
            ("authentication_failure_count", "Callers not attested", &self.unauthenticated),
            ("csr_parsing_err_count", "CSRs that are none", &self.unparsed),
            ("id_extraction_err_count", "CSRs for names that are none", &self.unidentified),
            ("csr_sign_err_count", "Failures to sign", &self.unsigned),
        ] {
            registry.register(name, help, count.clone());
        }
        let expiry = self.root_expiry.clone();
        registry.register("root_cert_expiry_timestamp", "When the first root ends", expiry);
    }

    fn register_ours(&self, registry: &mut Registry) {
        registry.register("refusals", "Requests refused", self.refused.clone());
        let undecided = self.undecided.clone();
        registry.register("undecided", "Attestations that Marathon left open", undecided);
        let unaudited = self.unaudited.clone();
        registry.register("audit_failures", "Audit lines not written", unaudited);
        registry.register("decision_seconds", "Time to an answer", self.seconds.clone());
        let expiry = self.serving_expiry.clone();
        registry.register("serving_cert_expiry_timestamp", "When its certificate ends", expiry);
        registry.register("connections", "Open connections", self.connections.clone());
        let turned_away = self.turned_away.clone();
        registry.register("connections_turned_away", "Connections above a limit", turned_away);
        let failed = self.failed_handshakes.clone();
        registry.register("failed_handshakes", "Connections without TLS", failed);
        registry.register("root_streams", "Agents told of new roots", self.streams.clone());
        registry.register("serving", "Whether it can sign", self.serving.clone());
    }

    /// Has it told whether Marathon answers.
    pub(super) fn register_marathon(&self, registry: &mut Registry) {
        let registry = registry.sub_registry_with_prefix("citadel");
        registry.register("marathon_reachable", "Whether Marathon answers", self.marathon.clone());
    }

    /// Counts a request.
    pub(super) fn request(&self) {
        self.requests.inc();
    }

    /// Counts what became of it.
    pub(super) fn decided<T>(&self, decided: &Result<T, Refusal>) {
        let Err(refusal) = decided else { return self.issued.inc() };
        self.refused.get_or_create(&OfCode { code: code(refusal.code()) }).inc();
        match refusal {
            Refusal::Request(RequestError::AsksForNames(_)) => self.unidentified.inc(),
            Refusal::Request(_) => self.unparsed.inc(),
            Refusal::Denied(Denied::Undecided(_)) => {
                self.undecided.inc();
            }
            Refusal::Denied(_) | Refusal::OtherIdentity { .. } => self.unauthenticated.inc(),
            Refusal::Lifetime(_) | Refusal::Ca(_) | Refusal::Lost(_) => self.unsigned.inc(),
            Refusal::Audit(_) => {
                self.unaudited.inc();
            }
            Refusal::Overload(_) | Refusal::Late => {}
        }
    }
}

fn code(code: Code) -> String {
    format!("{code:?}")
}

/// One more of something, as long as this lives.
pub(super) struct Counted(Gauge);

impl Counted {
    pub(super) fn new(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}
