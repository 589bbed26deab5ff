//! The two secrets, and how they are written for Envoy.

use std::sync::Arc;

use prost::Message;
use time::OffsetDateTime;
use tonic::Status;
use zeroize::Zeroize;

use super::super::credential::Credential;
use super::super::roots::Roots;
use super::super::served::Snapshot;
use crate::proto::SECRET_TYPE;
use crate::proto::sds::data_source::Specifier;
use crate::proto::sds::secret::Type;
use crate::proto::sds::{
    Any, CertificateValidationContext, DataSource, DeltaDiscoveryResponse, DiscoveryResponse,
    Resource, Secret, TlsCertificate,
};

/// The certificate and its key, as Istio and SPIRE call it.
pub(super) const CERTIFICATE: &str = "default";
/// The roots, as Istio and SPIRE call them.
pub(super) const ROOTS: &str = "ROOTCA";

/// A secret as it is now.
#[derive(Clone)]
pub(super) struct Item {
    pub(super) name: &'static str,
    /// What nothing else is called: the SHA-256 of what it holds.
    pub(super) version: String,
    content: Content,
}

/// What a secret holds; it is written out only to be sent.
#[derive(Clone)]
enum Content {
    Certificate(Arc<Credential>),
    Roots(Arc<Roots>),
}

/// The name as our own, if there is a secret of that name at some time.
pub(super) fn known(name: &str) -> Option<&'static str> {
    [CERTIFICATE, ROOTS].into_iter().find(|known| *known == name)
}

/// Refuses those who want something else than secrets; Envoy leaves out what a method says.
pub(super) fn right_type(type_url: &str) -> Result<(), Status> {
    match type_url {
        "" | SECRET_TYPE => Ok(()),
        other => Err(Status::invalid_argument(format!("{other:?} is no type of secrets"))),
    }
}

/// What there is now that is good, the roots first.
pub(super) fn current(snapshot: &Snapshot, now: OffsetDateTime) -> Vec<Item> {
    let roots = snapshot.roots.iter().map(|roots| Item {
        name: ROOTS,
        version: roots.version().to_owned(),
        content: Content::Roots(Arc::clone(roots)),
    });
    let certificate = snapshot.valid(now).map(|credential| Item {
        name: CERTIFICATE,
        version: credential.leaf().facts().sha256.clone(),
        content: Content::Certificate(Arc::clone(credential)),
    });
    roots.chain(certificate).collect()
}

impl Item {
    /// One that is told from others by its name and version alone.
    #[cfg(test)]
    pub(super) fn named(name: &'static str, version: &str, roots: &Arc<Roots>) -> Self {
        Self { name, version: version.to_owned(), content: Content::Roots(Arc::clone(roots)) }
    }

    fn encoded(&self) -> Any {
        let data = |bytes: &[u8]| {
            Some(DataSource { specifier: Some(Specifier::InlineBytes(bytes.to_vec())) })
        };
        let kind = match &self.content {
            Content::Certificate(credential) => Type::TlsCertificate(TlsCertificate {
                certificate_chain: data(&credential.bundle().cert_chain),
                private_key: data(&credential.bundle().key),
            }),
            Content::Roots(roots) => Type::ValidationContext(CertificateValidationContext {
                trusted_ca: data(roots.pem().as_bytes()),
            }),
        };
        let mut secret = Secret { name: self.name.to_owned(), r#type: Some(kind) };
        let any = Any { type_url: SECRET_TYPE.to_owned(), value: secret.encode_to_vec() };
        wipe(&mut secret);
        any
    }
}

/// What is sent has to be written somewhere; this copy of the key ends here.
fn wipe(secret: &mut Secret) {
    if let Some(Type::TlsCertificate(certificate)) = &mut secret.r#type
        && let Some(DataSource { specifier: Some(Specifier::InlineBytes(key)) }) =
            &mut certificate.private_key
    {
        key.zeroize();
    }
}

/// Secrets in one version.
pub(super) fn whole(items: &[Item], nonce: String) -> DiscoveryResponse {
    DiscoveryResponse {
        version_info: versions(items),
        resources: items.iter().map(Item::encoded).collect(),
        type_url: SECRET_TYPE.to_owned(),
        nonce,
    }
}

/// Secrets, each with its version.
pub(super) fn each(items: &[Item], nonce: String) -> DeltaDiscoveryResponse {
    let resources = items.iter().map(|item| Resource {
        version: item.version.clone(),
        resource: Some(item.encoded()),
        name: item.name.to_owned(),
    });
    DeltaDiscoveryResponse {
        system_version_info: versions(items),
        resources: resources.collect(),
        type_url: SECRET_TYPE.to_owned(),
        nonce,
        removed_resources: Vec::new(),
    }
}

fn versions(items: &[Item]) -> String {
    items.iter().map(|item| item.version.as_str()).collect::<Vec<_>>().join("+")
}
