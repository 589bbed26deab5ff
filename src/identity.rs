//! Who a workload is: a trust domain, and within it a service account of a namespace. Together
//! they spell the [`SpiffeId`] that its certificate carries,
//! `spiffe://<trust domain>/ns/<namespace>/sa/<service account>`. Injection names them where the
//! bundle of an identity is to be fetched.

mod hiding;
#[cfg(feature = "join")]
mod join;
mod spiffe;
mod task;
#[cfg(feature = "bundle")]
pub mod x509;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use hiding::{with_stars_for_tokens, without_tokens};
#[cfg(feature = "join")]
pub use join::{Claim, JoinKey, JoinKeyError, JoinToken, NONCE_LABEL, Nonce, TokenError};
pub use spiffe::SpiffeId;
pub use task::{InvalidTask, Task};

/// Why a name cannot be part of an identity.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no {what}: {rule}")]
pub struct InvalidIdentity {
    text: String,
    what: &'static str,
    rule: &'static str,
}

/// The trust domain of a mesh, as `cluster.local` (SPIFFE ID §2.1).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct TrustDomain(String);

/// A service account of a namespace. What the Mesos Pilot expects of every workload is
/// `default` in `default`, the default here.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ServiceAccount {
    namespace: String,
    name: String,
}

impl Default for TrustDomain {
    fn default() -> Self {
        Self("cluster.local".to_owned())
    }
}

impl TrustDomain {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TrustDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for TrustDomain {
    type Error = InvalidIdentity;

    fn try_from(text: String) -> Result<Self, InvalidIdentity> {
        text.parse()
    }
}

impl FromStr for TrustDomain {
    type Err = InvalidIdentity;

    fn from_str(text: &str) -> Result<Self, InvalidIdentity> {
        let allowed = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'_')
        };
        // Without one it could be `.` or `..`, which is a path wherever it is put into one.
        let named = text.bytes().any(|byte| byte.is_ascii_alphanumeric());
        if named && text.len() <= 255 && text.bytes().all(allowed) {
            return Ok(Self(text.to_owned()));
        }
        let rule = "up to 255 lower-case letters, digits, dots, dashes and underscores, \
                    not without a letter or digit";
        Err(InvalidIdentity { text: text.to_owned(), what: "trust domain", rule })
    }
}

impl Default for ServiceAccount {
    fn default() -> Self {
        Self { namespace: "default".to_owned(), name: "default".to_owned() }
    }
}

impl ServiceAccount {
    /// The namespace.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The name within the namespace.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The account of the same name in another namespace.
    ///
    /// # Errors
    /// `namespace` cannot be a segment of the id's path.
    pub fn in_namespace(&self, namespace: &str) -> Result<Self, InvalidIdentity> {
        let namespace = segment(namespace, "namespace")?;
        Ok(Self { namespace, name: self.name.clone() })
    }

    /// Another account in the same namespace.
    ///
    /// # Errors
    /// `name` cannot be a segment of the id's path.
    pub fn named(&self, name: &str) -> Result<Self, InvalidIdentity> {
        let name = segment(name, "service account")?;
        Ok(Self { namespace: self.namespace.clone(), name })
    }
}

/// A segment of the id's path (SPIFFE ID §2.2) without capital letters: wider than the DNS label
/// that Kubernetes asks for, for a pod's name may have dots in it, and the path of its group is
/// joined by underscores.
fn segment(text: &str, what: &'static str) -> Result<String, InvalidIdentity> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let allowed = |byte: u8| plain(byte) || matches!(byte, b'.' | b'_' | b'-');
    let bytes = text.as_bytes();
    let edges =
        bytes.first().is_some_and(|it| plain(*it)) && bytes.last().is_some_and(|it| plain(*it));
    if edges && text.len() <= 253 && text.bytes().all(allowed) {
        return Ok(text.to_owned());
    }
    let rule = "up to 253 lower-case letters, digits and inner dots, dashes and underscores";
    Err(InvalidIdentity { text: text.to_owned(), what, rule })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_what_the_mesos_pilot_expects_of_every_workload() {
        let (trust_domain, account) = (TrustDomain::default(), ServiceAccount::default());
        assert_eq!(trust_domain.as_str(), "cluster.local");
        assert_eq!((account.namespace(), account.name()), ("default", "default"));
    }

    #[test]
    fn a_name_cannot_add_a_segment_to_the_id() {
        for name in ["", "a/b", "../x", ".", "..", "A", "-a", "a.", "_a", "a b", "a%2f", "é"] {
            assert!(ServiceAccount::default().named(name).is_err(), "{name:?}");
        }
        assert!(ServiceAccount::default().named(&"a".repeat(254)).is_err());
    }

    #[test]
    fn the_name_of_any_pod_and_the_path_of_any_group_can_be_part_of_an_identity() {
        let account = ServiceAccount::default().in_namespace("shop_eu-1.west").unwrap();
        let account = account.named("cart.v1-2").unwrap();
        assert_eq!((account.namespace(), account.name()), ("shop_eu-1.west", "cart.v1-2"));
    }

    #[test]
    fn a_trust_domain_is_a_host_name() {
        assert!("mesh.example.org".parse::<TrustDomain>().is_ok());
        for name in ["", ".", "..", "-", "Mesh/x"] {
            assert!(name.parse::<TrustDomain>().is_err(), "{name:?}");
        }
    }
}
