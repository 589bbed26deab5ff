//! The SPIFFE id, as Istio spells the identity of a service account.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::{InvalidIdentity, ServiceAccount, TrustDomain};

/// A workload's identity, `spiffe://<trust domain>/ns/<namespace>/sa/<service account>`: the URI
/// in its certificate (SPIFFE X509-SVID §2; Istio 1.0.5 pkg/spiffe).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SpiffeId {
    trust_domain: TrustDomain,
    account: ServiceAccount,
}

impl SpiffeId {
    /// The identity of `account` in `trust_domain`.
    pub fn new(trust_domain: TrustDomain, account: ServiceAccount) -> Self {
        Self { trust_domain, account }
    }

    /// The trust domain, whose roots vouch for the identity.
    pub fn trust_domain(&self) -> &TrustDomain {
        &self.trust_domain
    }

    /// The service account.
    pub fn account(&self) -> &ServiceAccount {
        &self.account
    }
}

impl fmt::Display for SpiffeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (namespace, name) = (self.account.namespace(), self.account.name());
        write!(f, "spiffe://{}/ns/{namespace}/sa/{name}", self.trust_domain)
    }
}

impl FromStr for SpiffeId {
    type Err = InvalidIdentity;

    fn from_str(text: &str) -> Result<Self, InvalidIdentity> {
        let parts = text.strip_prefix("spiffe://").map(|rest| rest.split('/').collect::<Vec<_>>());
        let Some([trust_domain, "ns", namespace, "sa", name]) = parts.as_deref() else {
            let rule = "spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/SERVICE-ACCOUNT";
            return Err(InvalidIdentity { text: text.to_owned(), what: "SPIFFE id", rule });
        };
        let account = ServiceAccount::default().in_namespace(namespace)?.named(name)?;
        Ok(Self::new(trust_domain.parse()?, account))
    }
}

impl Serialize for SpiffeId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESOS_PILOT: &str = "spiffe://cluster.local/ns/default/sa/default";

    #[test]
    fn the_default_is_the_identity_that_the_mesos_pilot_expects() {
        let default = SpiffeId::new(TrustDomain::default(), ServiceAccount::default());
        assert_eq!(default.to_string(), MESOS_PILOT);
        assert_eq!(MESOS_PILOT.parse(), Ok(default));
    }

    #[test]
    fn what_is_not_of_this_form_is_refused() {
        for text in [
            "",
            "spiffe://cluster.local",
            "spiffe://cluster.local/ns/default/sa/default/",
            "spiffe://cluster.local/ns//sa/default",
            "spiffe://user@cluster.local/ns/default/sa/default",
            "spiffe://cluster.local:8080/ns/default/sa/default",
            "spiffe://cluster.local/ns/default/sa/default?x",
            "SPIFFE://cluster.local/ns/default/sa/default",
            "https://cluster.local/ns/default/sa/default",
        ] {
            assert!(text.parse::<SpiffeId>().is_err(), "{text}");
        }
    }
}
