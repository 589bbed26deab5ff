//! A root that was renewed: whoever has its old certificate and whoever has its new one believe what
//! was signed under the other.

use std::time::Duration;

use marathon_inject::identity::x509::{Authority, Bundle, KeyKind, to_pem};
use time::OffsetDateTime;

use crate::openssl::{self, Files};
use crate::peer::{CLIENT, Peer, SERVER, hear_each_other};
use crate::{HOUR, Signer, authority, bundle, issued_at};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// A root, and the same renewed.
fn roots(key: KeyKind) -> [Authority; 2] {
    let old = authority(key, Signer::Root);
    let new = old.renewed(100 * DAY, OffsetDateTime::now_utc()).unwrap();
    [old, new]
}

/// A bundle whose leaf one has signed, and whose root is the other's.
fn crossed(leaf: &Authority, root: &Authority, key: KeyKind, service_account: &str) -> Bundle {
    let bundle = bundle(leaf, key, service_account);
    Bundle { root_cert: to_pem(root.roots()).into_bytes(), ..bundle }
}

#[test]
fn openssl_verifies_the_leaves_of_either_by_the_other() {
    if !openssl::is_here() {
        return;
    }
    for key in [KeyKind::P256, KeyKind::Rsa2048] {
        let [old, new] = roots(key);
        for (leaf, root) in [(&old, &new), (&new, &old), (&new, &new)] {
            let files = Files::of(leaf, &crossed(leaf, root, key, CLIENT));
            for purpose in ["sslserver", "sslclient"] {
                assert_eq!(files.verify(&["-purpose", purpose]), Ok(()), "{key:?}");
            }
        }
    }
}

#[test]
fn openssl_goes_on_with_the_new_root_after_the_old_one_has_ended() {
    if !openssl::is_here() {
        return;
    }
    let [old, new] = roots(KeyKind::P256);
    let late = OffsetDateTime::now_utc() + 60 * DAY;
    let moment = (late + HOUR / 2).unix_timestamp().to_string();
    let bundle = issued_at(late, &new, KeyKind::P256, CLIENT);
    assert_eq!(Files::of(&new, &bundle).verify(&["-attime", &moment]), Ok(()));
    let bundle = Bundle { root_cert: to_pem(old.roots()).into_bytes(), ..bundle };
    let refused = Files::of(&old, &bundle).verify(&["-attime", &moment]).unwrap_err();
    assert!(refused.contains("certificate has expired"), "{refused}");
}

#[test]
fn who_has_the_old_root_talks_to_who_has_the_new_one() {
    for key in [KeyKind::P256, KeyKind::Rsa2048] {
        let [old, new] = roots(key);
        for (one, other) in [(&old, &new), (&new, &old)] {
            let client = bundle(one, key, CLIENT);
            let server = bundle(other, key, SERVER);
            hear_each_other(&Peer::client(&client), &Peer::server(&server), &"a renewed root");
        }
    }
}
