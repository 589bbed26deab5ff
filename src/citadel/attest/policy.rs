//! The policy of the administrators, a TOML file: what identities pods have that are not to have
//! the default one. No pod can give itself another: labels do not count.
//!
//! ```toml
//! # Whether certificates of `citadel bundle` can be renewed with nothing else to show.
//! renew-bundles = false
//!
//! # The pods of a group, by the beginning of their ids; of several the longest wins.
//! [identities]
//! "/shop" = "spiffe://cluster.local/ns/shop/sa/default"
//! "/shop/cart" = "spiffe://cluster.local/ns/shop/sa/cart"
//! ```

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::file::{FileFault, parse};
use crate::identity::{SpiffeId, Task, TrustDomain};

/// The policy of the administrators.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// By whole segments of the pod's id; `/` is the beginning of all.
    identities: BTreeMap<String, SpiffeId>,
    renew_bundles: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[derive(Default)]
struct File {
    renew_bundles: bool,
    identities: BTreeMap<Spanned<String>, Spanned<String>>,
}

impl Policy {
    /// Reads the file's text, for a CA of this trust domain.
    ///
    /// # Errors
    /// It is no TOML, has unknown members, or names what is no beginning of a pod's id, or no
    /// identity that the CA vouches for.
    pub fn parse(text: &str, trust_domain: &TrustDomain) -> Result<Self, FileFault> {
        let file: File = parse(text)?;
        let mut identities = BTreeMap::new();
        for (prefix, identity) in &file.identities {
            if !is_prefix(prefix.get_ref()) {
                let words = format!("{:?} is no beginning of a pod's id", prefix.get_ref());
                return Err(FileFault::new(text, prefix.span(), words));
            }
            let read = identity_of(identity.get_ref(), trust_domain)
                .map_err(|words| FileFault::new(text, identity.span(), words))?;
            identities.insert(prefix.get_ref().clone(), read);
        }
        Ok(Self { identities, renew_bundles: file.renew_bundles })
    }

    /// The identity that is laid down for a pod.
    pub(super) fn identity(&self, pod: &str) -> Option<&SpiffeId> {
        let matching = self.identities.iter().filter(|(prefix, _)| is_below(pod, prefix));
        matching.max_by_key(|(prefix, _)| prefix.len()).map(|(_, identity)| identity)
    }

    /// Whether a certificate that was given to no task can be renewed.
    pub(super) fn renews_bundles(&self) -> bool {
        self.renew_bundles
    }
}

/// Reads an identity that a CA vouches for.
pub(super) fn identity_of(text: &str, trust_domain: &TrustDomain) -> Result<SpiffeId, String> {
    let identity: SpiffeId = text.parse().map_err(|error| format!("{error}"))?;
    if identity.trust_domain() == trust_domain {
        return Ok(identity);
    }
    Err(format!("{identity} is not of this CA's trust domain {trust_domain}"))
}

fn is_prefix(text: &str) -> bool {
    let segments = text.strip_prefix('/').filter(|rest| !rest.is_empty());
    let whole = segments.is_none_or(|rest| rest.split('/').all(|segment| !segment.is_empty()));
    whole && Task::new(text, "any").is_ok()
}

fn is_below(pod: &str, prefix: &str) -> bool {
    let rest = pod.strip_prefix(prefix.trim_end_matches('/'));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(text: &str) -> Result<Policy, String> {
        Policy::parse(text, &TrustDomain::default()).map_err(|fault| fault.to_string())
    }

    fn of(policy: &Policy, pod: &str) -> Option<String> {
        policy.identity(pod).map(|identity| identity.account().name().to_owned())
    }

    #[test]
    fn the_longest_beginning_wins_and_only_whole_segments_count() {
        let text = r#"
            [identities]
            "/shop" = "spiffe://cluster.local/ns/shop/sa/any"
            "/shop/cart" = "spiffe://cluster.local/ns/shop/sa/cart"
        "#;
        let policy = policy(text).unwrap();
        assert_eq!(of(&policy, "/shop/cart").as_deref(), Some("cart"));
        assert_eq!(of(&policy, "/shop/cart/db").as_deref(), Some("cart"));
        assert_eq!(of(&policy, "/shop/carton").as_deref(), Some("any"));
        assert_eq!(of(&policy, "/shop").as_deref(), Some("any"));
        assert_eq!(of(&policy, "/shopping"), None);
        assert_eq!(of(&policy, "/a/shop/cart"), None);
    }

    #[test]
    fn a_slash_is_the_beginning_of_all() {
        let policy = policy("identities.\"/\" = 'spiffe://cluster.local/ns/a/sa/b'").unwrap();
        assert_eq!(of(&policy, "/shop/cart").as_deref(), Some("b"));
    }

    #[test]
    fn without_a_file_nothing_is_laid_down_and_no_bundle_renewed() {
        assert_eq!(policy("").unwrap(), Policy::default());
        assert!(!Policy::default().renews_bundles());
        assert!(policy("renew-bundles = true").unwrap().renews_bundles());
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let domain = "is not of this CA's trust domain cluster.local";
        for (text, words) in [
            ("renew-bundle = true", "1:1: unknown field `renew-bundle`"),
            ("\nrenew-bundles = 'yes'", "2:17: invalid type"),
            ("identities.shop = 'spiffe://cluster.local/ns/a/sa/b'", "1:12: \"shop\" is no"),
            ("identities.'/a//b' = 'x'", "1:12: \"/a//b\" is no beginning"),
            ("identities.'/a/' = 'x'", "1:12: \"/a/\" is no beginning"),
            ("[identities]\n'/a' = 'cart'", "2:8: \"cart\" is no SPIFFE id"),
            ("identities.'/a' = 'spiffe://other/ns/a/sa/b'", domain),
            ("identities = [", "1:"),
        ] {
            let fault = policy(text).unwrap_err();
            assert!(fault.contains(words), "{text}: {fault}");
        }
    }
}
