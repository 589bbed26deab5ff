//! Which identity a pod has for which the administrators laid down none.

use std::str::FromStr;

use crate::identity::{ServiceAccount, SpiffeId, TrustDomain};

/// The namespace of pods that stand in no group.
const DEFAULT: &str = "default";

/// Which identity a pod has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Naming {
    /// Each its own: the path of its group, joined by `_`, as the namespace, and its name as the
    /// service account. Marathon allows no `_` in ids, so that no two have the same.
    #[default]
    PerPod,
    /// All the same one, which the Mesos Pilot expects of everybody.
    Shared,
}

impl FromStr for Naming {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        match text {
            "per-pod" => Ok(Self::PerPod),
            "shared" => Ok(Self::Shared),
            _ => Err("expected per-pod or shared"),
        }
    }
}

impl Naming {
    /// The identity of a pod.
    ///
    /// # Errors
    /// It has none; the words say why.
    pub(super) fn identity(
        self,
        pod: &str,
        trust_domain: &TrustDomain,
    ) -> Result<SpiffeId, String> {
        let account = match self {
            Self::PerPod => own(pod)?,
            Self::Shared => ServiceAccount::default(),
        };
        Ok(SpiffeId::new(trust_domain.clone(), account))
    }
}

fn own(pod: &str) -> Result<ServiceAccount, String> {
    let path = pod.strip_prefix('/').unwrap_or_default();
    let segments = path.split('/').collect::<Vec<_>>();
    if !segments.iter().all(|segment| is_segment(segment)) {
        return Err(format!("{pod:?} is no id of a pod"));
    }
    let (name, group) = segments.split_last().unwrap_or((&"", &[]));
    let namespace = match group {
        [] => DEFAULT.to_owned(),
        // Its pods would pass for those that stand in no group.
        [DEFAULT] => {
            return Err(format!("the policy has to lay down who the pods of /{DEFAULT} are"));
        }
        group => group.join("_"),
    };
    let account = ServiceAccount::default().in_namespace(&namespace);
    account.and_then(|account| account.named(name)).map_err(|error| format!("{pod}: {error}"))
}

/// Whether a path may have it in it (Marathon PathId), but for the dots that lead elsewhere.
fn is_segment(text: &str) -> bool {
    let plain = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    let edges = [bytes.first(), bytes.last()];
    edges.into_iter().all(|edge| edge.is_some_and(plain))
        && bytes.iter().all(|byte| plain(byte) || matches!(byte, b'.' | b'-'))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn identity(naming: Naming, pod: &str) -> Result<String, String> {
        naming.identity(pod, &TrustDomain::default()).map(|identity| identity.to_string())
    }

    #[test]
    fn a_pod_is_called_by_its_group_and_its_name() {
        for (pod, expected) in [
            ("/cart", "spiffe://cluster.local/ns/default/sa/cart"),
            ("/shop/cart.v1", "spiffe://cluster.local/ns/shop/sa/cart.v1"),
            ("/shop/eu-1/cart", "spiffe://cluster.local/ns/shop_eu-1/sa/cart"),
        ] {
            assert_eq!(identity(Naming::PerPod, pod).as_deref(), Ok(expected));
            let shared = "spiffe://cluster.local/ns/default/sa/default";
            assert_eq!(identity(Naming::Shared, pod).as_deref(), Ok(shared));
        }
    }

    #[test]
    fn a_group_that_is_called_default_needs_a_policy() {
        assert!(identity(Naming::PerPod, "/default/cart").is_err());
        assert!(identity(Naming::PerPod, "/default/a/cart").is_ok());
    }

    #[test]
    fn what_is_no_pods_id_has_no_identity() {
        for pod in ["", "/", "cart", "//cart", "/a/../b/cart", "/a/", "/a//b", "/a_b/c"] {
            assert!(identity(Naming::PerPod, pod).is_err(), "{pod}");
        }
    }

    proptest! {
        #[test]
        fn no_two_pods_have_the_same_identity(
            pods in proptest::collection::btree_set("(/(default|[ab]|a[.-]b)){1,3}", 2..20)
        ) {
            let mut known = BTreeMap::new();
            for pod in pods {
                let Ok(identity) = identity(Naming::PerPod, &pod) else { continue };
                let before = known.insert(identity, pod.clone());
                prop_assert_eq!(before, None);
            }
        }
    }
}
