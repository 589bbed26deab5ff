//! Mutual TLS, with certificates from the files that Istio 1.0.5's Pilot names in every proxy, or
//! from the proxy's own node agent, as later Pilots have it.

use serde_json::{Value, json};

use super::registry::ServicePort;

/// Where a proxy has its certificates; Envoy reads each file once.
pub(super) const CERTS: &str = "/etc/certs";

/// The cluster that the node agent is, in the bootstrap of every proxy.
pub(crate) const AGENT: &str = "sds-grpc";

/// Whom every service of the Mesos registry runs as (`GetIstioServiceAccounts`).
pub(super) const SERVER: &str = "spiffe://cluster.local/ns/default/sa/default";

const TYPES: &str = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3";

/// Where proxies have their certificates from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Certificates {
    /// From the files in [`CERTS`].
    #[default]
    Files,
    /// From their node agent, over its socket.
    Agent,
}

/// Demands a certificate, any of the CA.
pub(super) fn server(certificates: Certificates) -> Value {
    json!({
        "name": "envoy.transport_sockets.tls",
        "typed_config": {
            "@type": format!("{TYPES}.DownstreamTlsContext"),
            "require_client_certificate": true,
            "common_tls_context": context(&["h2", "http/1.1"], certificates, &json!({}))
        }
    })
}

/// Shows its certificate, and demands that of the server.
pub(super) fn client(service: &ServicePort, certificates: Certificates) -> Value {
    let server = json!({
        "match_typed_subject_alt_names": [{"san_type": "URI", "matcher": {"exact": SERVER}}]
    });
    json!({
        "name": "envoy.transport_sockets.tls",
        "typed_config": {
            "@type": format!("{TYPES}.UpstreamTlsContext"),
            "sni": format!("outbound_.{}_._.{}", service.port, service.host),
            "common_tls_context": context(&["istio"], certificates, &server)
        }
    })
}

/// What both sides have: the proxy's own certificate, and the roots by which it checks that of the
/// other, besides which it asks for `more`.
fn context(alpn: &[&str], certificates: Certificates, more: &Value) -> Value {
    let mut context = json!({
        "tls_params": {
            "tls_minimum_protocol_version": "TLSv1_2",
            "tls_maximum_protocol_version": "TLSv1_3"
        },
        "alpn_protocols": alpn
    });
    match certificates {
        Certificates::Files => {
            context["tls_certificates"] = json!([{
                "certificate_chain": file("cert-chain.pem"),
                "private_key": file("key.pem")
            }]);
            context["validation_context"] = more.clone();
            context["validation_context"]["trusted_ca"] = file("root-cert.pem");
        }
        Certificates::Agent => {
            context["tls_certificate_sds_secret_configs"] = json!([secret("default")]);
            context["combined_validation_context"] = json!({
                "default_validation_context": more,
                "validation_context_sds_secret_config": secret("ROOTCA")
            });
        }
    }
    context
}

fn file(name: &str) -> Value {
    json!({"filename": format!("{CERTS}/{name}")})
}

/// A secret of the node agent. Envoy opens no port before it has it, and asks soon again where
/// nobody answers.
fn secret(name: &str) -> Value {
    let again = json!({"retry_back_off": {"base_interval": "0.2s", "max_interval": "1s"}});
    json!({
        "name": name,
        "sds_config": {
            "resource_api_version": "V3",
            "initial_fetch_timeout": "0s",
            "api_config_source": {
                "api_type": "GRPC",
                "transport_api_version": "V3",
                "set_node_on_first_message_only": true,
                "grpc_services": [{"envoy_grpc": {"cluster_name": AGENT, "retry_policy": again}}]
            }
        }
    })
}
