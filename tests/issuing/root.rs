//! The root that signs is renewed when that is due, and what it was before is shown.

use std::sync::Arc;

use marathon_inject::citadel::{Access, CaError, Citadel, OsDisk, Role, Signer};
use marathon_inject::identity::x509::{Authority, AuthorityProfile, Certificate, KeyKind};
use time::OffsetDateTime;

use crate::disk::Failing;
use crate::site::{Ca, HOUR, now};

/// A CA whose root was made so many hours ago, and lives for ten.
fn ca(hours: u32) -> Ca {
    let organization = "mesh".parse().unwrap();
    let (key, ttl) = (KeyKind::P256, 10 * HOUR);
    let profile = AuthorityProfile { organization: &organization, ttl, key, path_len: 0 };
    Ca::of(&Authority::root(&profile, now() - hours * HOUR).unwrap(), Role::Signing)
}

fn roots(ca: &Ca) -> Vec<Certificate> {
    Citadel::open(&ca.path, Access::Read, now()).unwrap().roots()
}

/// What is shown beyond the service's own certificate.
fn shown(signer: &Signer, now: OffsetDateTime) -> Vec<Certificate> {
    signer.serving(&["istio-citadel".to_owned()], HOUR, now).unwrap().chain.split_off(1)
}

#[test]
fn a_root_is_renewed_in_the_last_fifth_of_its_life_and_then_not_again() {
    let ca = ca(7);
    let (signer, old) = (ca.signer(), roots(&ca));
    assert!(!signer.renew_root(now()).unwrap());
    assert_eq!(roots(&ca), old);
    let late = now() + 2 * HOUR;
    assert!(signer.renew_root(late).unwrap());
    assert_eq!(signer.ends_at(), late.truncate_to_second() + 10 * HOUR);
    assert_eq!(*signer.roots(), roots(&ca));
    assert_ne!(roots(&ca), old);
    assert!(!signer.renew_root(late).unwrap());
}

#[test]
fn of_two_only_the_first_renews_the_root() {
    let ca = ca(9);
    let signer = ca.signer();
    let mut other = Citadel::open(&ca.path, Access::Write, now()).unwrap();
    other.renew(Some(20 * HOUR), now(), &OsDisk).unwrap();
    drop(other);
    let renewed = roots(&ca);
    assert!(signer.renew_root(now()).unwrap());
    assert_eq!(*signer.roots(), renewed);
    assert_eq!(roots(&ca), renewed);
}

#[test]
fn a_root_that_cannot_be_written_is_as_it_was_and_renewed_later() {
    let (ca, disk) = (ca(9), Arc::new(Failing::default()));
    let signer = Signer::open(&ca.path, disk.clone(), now()).unwrap();
    let old = roots(&ca);
    disk.fails(true);
    for _ in 0..2 {
        assert!(matches!(signer.renew_root(now()), Err(CaError::Io { .. })));
        assert_eq!((&*signer.roots(), &roots(&ca)), (&*old, &old));
    }
    let citadel = Citadel::open(&ca.path, Access::Read, now()).unwrap();
    assert_eq!(citadel.leftovers().unwrap(), [""; 0]);
    drop(citadel);
    disk.fails(false);
    assert!(signer.renew_root(now()).unwrap());
}

#[test]
fn the_certificate_of_before_is_shown_behind_the_root_until_it_ends() {
    let ca = ca(9);
    let (signer, old) = (ca.signer(), roots(&ca));
    assert_eq!(shown(&signer, now()), old);
    assert!(signer.renew_root(now()).unwrap());
    let new = roots(&ca);
    assert_eq!(new.len(), 1);
    assert_eq!(shown(&signer, now()), [new.clone(), old.clone()].concat());
    // As after a start.
    assert_eq!(shown(&ca.signer(), now()), [new.clone(), old].concat());
    assert_eq!(shown(&signer, now() + 2 * HOUR), new);
}
