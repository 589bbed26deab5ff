//! Mutual TLS, with the files that Istio 1.0.5's Pilot names in every proxy.

use serde_json::{Value, json};

use super::registry::ServicePort;

/// Where a proxy has its certificates; Envoy reads each file once.
pub(super) const CERTS: &str = "/etc/certs";

/// Whom every service of the Mesos registry runs as (`GetIstioServiceAccounts`).
pub(super) const SERVER: &str = "spiffe://cluster.local/ns/default/sa/default";

const TYPES: &str = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3";

/// Demands a certificate, any of the CA.
pub(super) fn server() -> Value {
    json!({
        "name": "envoy.transport_sockets.tls",
        "typed_config": {
            "@type": format!("{TYPES}.DownstreamTlsContext"),
            "require_client_certificate": true,
            "common_tls_context": context(&["h2", "http/1.1"], json!({"trusted_ca": file("root-cert.pem")}))
        }
    })
}

/// Shows its certificate, and demands that of the server.
pub(super) fn client(service: &ServicePort) -> Value {
    let server = json!({
        "trusted_ca": file("root-cert.pem"),
        "match_typed_subject_alt_names": [{"san_type": "URI", "matcher": {"exact": SERVER}}]
    });
    json!({
        "name": "envoy.transport_sockets.tls",
        "typed_config": {
            "@type": format!("{TYPES}.UpstreamTlsContext"),
            "sni": format!("outbound_.{}_._.{}", service.port, service.host),
            "common_tls_context": context(&["istio"], server)
        }
    })
}

fn context(alpn: &[&str], validation: Value) -> Value {
    json!({
        "tls_params": {
            "tls_minimum_protocol_version": "TLSv1_2",
            "tls_maximum_protocol_version": "TLSv1_3"
        },
        "alpn_protocols": alpn,
        "tls_certificates": [{
            "certificate_chain": file("cert-chain.pem"),
            "private_key": file("key.pem")
        }],
        "validation_context": validation
    })
}

fn file(name: &str) -> Value {
    json!({"filename": format!("{CERTS}/{name}")})
}
