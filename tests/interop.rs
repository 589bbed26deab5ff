//! What the CA makes is taken by others: OpenSSL reads, verifies and speaks TLS with it, rustls
//! speaks mutual TLS with it, and both refuse what peers are to refuse.

#[path = "interop/openssl.rs"]
mod openssl;
#[path = "interop/peer.rs"]
mod peer;
#[path = "interop/renewal.rs"]
mod renewal;
#[path = "interop/requests.rs"]
mod requests;
#[path = "interop/rotation.rs"]
mod rotation;
#[path = "interop/tls.rs"]
mod tls;

use std::time::Duration;

use marathon_inject::identity::x509::{Authority, AuthorityProfile, Bundle, KeyKind, LeafProfile};
use marathon_inject::identity::{ServiceAccount, SpiffeId, TrustDomain};
use time::OffsetDateTime;

const HOUR: Duration = Duration::from_secs(3600);

/// All authorities that there can be, by their keys and whether they are roots themselves.
const AUTHORITIES: [(KeyKind, Signer); 4] = [
    (KeyKind::P256, Signer::Root),
    (KeyKind::P256, Signer::Intermediate),
    (KeyKind::Rsa2048, Signer::Root),
    (KeyKind::Rsa2048, Signer::Intermediate),
];

/// What signs the leaves.
#[derive(Clone, Copy, Debug)]
enum Signer {
    Root,
    Intermediate,
}

fn authority(key: KeyKind, signer: Signer) -> Authority {
    let now = OffsetDateTime::now_utc();
    let path_len = match signer {
        Signer::Root => 0,
        Signer::Intermediate => 1,
    };
    let mesh = "mesh".parse().unwrap();
    let profile = AuthorityProfile { organization: &mesh, ttl: 48 * HOUR, key, path_len };
    let root = Authority::root(&profile, now - HOUR).unwrap();
    match signer {
        Signer::Root => root,
        Signer::Intermediate => {
            let below = AuthorityProfile { path_len: 0, ..profile };
            root.intermediate(&below, now).unwrap()
        }
    }
}

fn identity(service_account: &str) -> SpiffeId {
    let account = ServiceAccount::default().named(service_account).unwrap();
    SpiffeId::new(TrustDomain::default(), account)
}

/// The bundle of a service account, an hour long, with a key of the kind of its authority's.
fn bundle(authority: &Authority, key: KeyKind, service_account: &str) -> Bundle {
    issued_at(OffsetDateTime::now_utc(), authority, key, service_account)
}

fn issued_at(
    moment: OffsetDateTime,
    authority: &Authority,
    key: KeyKind,
    service_account: &str,
) -> Bundle {
    let identity = identity(service_account);
    let profile = LeafProfile { identity: &identity, organization: None, task: None, ttl: HOUR };
    Bundle::issue(authority, authority.roots(), &profile, key, moment).unwrap().0
}
