//! What the services speak, as our own `.proto` files say it, and the code generated from them.

use std::fmt;

/// Citadel's two APIs (`proto/ca.proto`).
#[rustfmt::skip]
#[allow(clippy::all, clippy::restriction, clippy::pedantic, missing_docs, unreachable_pub, reason = "generated")]
#[path = "proto/generated/istio.v1.auth.rs"]
pub mod ca;

/// The roots of the mesh, as they change (`proto/roots.proto`).
#[rustfmt::skip]
#[allow(clippy::all, clippy::restriction, clippy::pedantic, missing_docs, unreachable_pub, reason = "generated")]
#[path = "proto/generated/mesh.citadel.v1.rs"]
pub mod roots;

/// Envoy's secret discovery (`proto/sds.proto`).
#[rustfmt::skip]
#[allow(clippy::all, clippy::restriction, clippy::pedantic, missing_docs, unreachable_pub, reason = "generated")]
#[path = "proto/generated/envoy.service.secret.v3.rs"]
pub mod sds;

/// The type of the secrets that Envoy asks for.
pub const SECRET_TYPE: &str =
    "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret";

/// It may hold a private key.
impl fmt::Debug for sds::Any {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Any").field("type_url", &self.type_url).finish_non_exhaustive()
    }
}

/// It may be a private key.
impl fmt::Debug for sds::DataSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataSource").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::sds::{Any, DataSource, Secret, TlsCertificate, data_source, secret};

    #[test]
    fn no_message_shows_a_private_key() {
        let key = || b"hunter2".to_vec();
        let data = DataSource { specifier: Some(data_source::Specifier::InlineBytes(key())) };
        let certificate = TlsCertificate { certificate_chain: None, private_key: Some(data) };
        let kind = Some(secret::Type::TlsCertificate(certificate));
        let secret = Secret { name: "default".to_owned(), r#type: kind };
        let any = Any { type_url: String::new(), value: key() };
        let shown = format!("{secret:?} {any:?}");
        assert!(shown.contains("default") && !shown.contains("hunter2"), "{shown}");
        assert!(!shown.contains(&format!("{:?}", key())), "{shown}");
    }
}
