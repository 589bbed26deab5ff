//! What the service signs, while others lead the CA from one root to the next.

use std::sync::Arc;
use std::time::{Duration, Instant};

use marathon_inject::citadel::{
    Access, Ask, CaError, Citadel, Issued, OsDisk, Patience, Phase, Role, Signer,
};
use marathon_inject::identity::Task;
use marathon_inject::identity::x509::{
    Authority, AuthorityProfile, Certificate, KeyKind, check_path,
};
use time::OffsetDateTime;

use crate::disk::Failing;
use crate::site::{CART, Ca, HOUR, authority, identity, key, now};

fn issue_at(signer: &Signer, ttl: Duration, now: OffsetDateTime) -> Result<Issued, CaError> {
    let (identity, key) = (identity(CART), key().public_key());
    signer.sign(&Ask { identity: &identity, task: None, public_key: &key, ttl }, now)
}

fn issue(signer: &Signer) -> Issued {
    issue_at(signer, HOUR, now()).unwrap()
}

/// Whether whoever trusts the roots of `holder` accepts the leaf of `shown`.
fn trusts(holder: &[Certificate], shown: &Issued, at: OffsetDateTime) -> bool {
    check_path(&shown.leaf, &shown.intermediates, holder, at).is_ok()
}

fn held(ca: &Ca) -> Citadel {
    Citadel::open(&ca.path, Access::Write, now()).unwrap()
}

fn promised(ca: &Ca) -> Option<OffsetDateTime> {
    Citadel::open(&ca.path, Access::Read, now()).unwrap().active().leaves_until
}

/// A state file as it is, told by its number and content.
fn state(ca: &Ca) -> (u64, Vec<u8>) {
    use std::os::unix::fs::MetadataExt;
    let path = ca.path.join("state.json");
    (path.metadata().unwrap().ino(), std::fs::read(path).unwrap())
}

#[test]
fn a_leaf_is_for_the_identity_the_task_and_the_key_that_were_asked_for_and_nothing_else() {
    let (ca, key) = (Ca::new(), key().public_key());
    let (signer, identity) = (ca.signer(), identity(CART));
    let task = Task::new("/shop/cart", "shop_cart.instance-1.istio-agent").unwrap();
    let ask = Ask { identity: &identity, task: Some(&task), public_key: &key, ttl: HOUR };
    let issued = signer.sign(&ask, now()).unwrap();
    let facts = issued.leaf.facts();
    assert_eq!(facts.subject_alt_names, [format!("URI:{CART}")]);
    assert_eq!((facts.is_ca, facts.subject.as_str()), (false, ""));
    assert_eq!(issued.leaf.task(), Some(task));
    assert_eq!(issued.leaf.public_key(), Ok(&key));
    assert!(trusts(&issued.roots, &issued, now()));
}

#[test]
fn no_leaf_is_handed_out_whose_end_is_not_promised() {
    let (ca, moment) = (Ca::new(), now());
    let signer = ca.signer();
    for hours in [1, 7, 3, 30] {
        let end = issue_at(&signer, hours * HOUR, moment).unwrap().leaf.facts().not_after;
        assert_eq!(end, moment + hours * HOUR);
        assert!(promised(&ca).is_some_and(|until| end <= until), "{hours}");
    }
}

#[test]
fn a_promise_is_written_once_for_many_leaves() {
    let ca = Ca::new();
    let signer = ca.signer();
    let before = state(&ca);
    issue(&signer);
    let after = state(&ca);
    assert_ne!(after, before);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..20).for_each(|_| drop(issue_at(&signer, HOUR / 2, now()).unwrap())));
        }
    });
    assert_eq!(state(&ca), after);
}

#[test]
fn many_that_need_the_same_promise_write_it_once() {
    let ca = Ca::new();
    let signer = ca.signer();
    let moment = now();
    let ends = std::thread::scope(|scope| {
        let issue = || issue_at(&signer, HOUR, moment).unwrap().leaf.facts().not_after;
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(issue)).collect();
        threads.into_iter().map(|it| it.join().unwrap()).collect::<Vec<_>>()
    });
    assert!(ends.iter().all(|end| Some(*end) <= promised(&ca)));
    assert!(!signer.refresh(now()).unwrap(), "what it wrote itself is no news");
}

#[test]
fn nothing_is_handed_out_when_the_promise_cannot_be_written() {
    let (ca, disk) = (Ca::new(), Arc::new(Failing::default()));
    let signer = Signer::open(&ca.path, disk.clone(), now()).unwrap();
    let before = state(&ca);
    disk.fails(true);
    for _ in 0..2 {
        assert!(matches!(issue_at(&signer, HOUR, now()), Err(CaError::Io { .. })));
        assert!(signer_at_once(&signer).is_none());
    }
    assert_eq!(state(&ca), before);
    disk.fails(false);
    issue(&signer);
}

#[test]
fn nothing_is_promised_in_a_directory_that_is_no_ca_any_more() {
    let ca = Ca::new();
    let signer = ca.signer();
    std::fs::remove_file(ca.path.join("state.json")).unwrap();
    assert!(matches!(issue_at(&signer, HOUR, now()), Err(CaError::NoCa(_))));
}

#[test]
fn whoever_holds_the_directory_keeps_nobody_waiting_longer_than_a_request_may_take() {
    let ca = Ca::new();
    let signer = ca.signer();
    let held = held(&ca);
    let begun = Instant::now();
    std::thread::scope(|scope| {
        let ask = || matches!(issue_at(&signer, HOUR, now()), Err(CaError::Busy(_)));
        let asking: Vec<_> = (0..4).map(|_| scope.spawn(ask)).collect();
        assert!(asking.into_iter().all(|it| it.join().unwrap()));
    });
    let waited = begun.elapsed();
    assert!(waited < Duration::from_secs(14), "{waited:?}");
    drop(held);
    issue(&signer);
}

fn signer_at_once(signer: &Signer) -> Option<Issued> {
    let (identity, key) = (identity(CART), key().public_key());
    let ask = Ask { identity: &identity, task: None, public_key: &key, ttl: HOUR };
    signer.sign_at_once(&ask, now()).unwrap()
}

#[test]
fn what_is_promised_is_signed_at_once_though_others_hold_the_directory() {
    let ca = Ca::new();
    let signer = ca.signer();
    assert!(signer_at_once(&signer).is_none());
    issue_at(&signer, 2 * HOUR, now()).unwrap();
    let _held = held(&ca);
    assert!(signer_at_once(&signer).is_some());
    assert!(issue_at(&signer, HOUR, now()).is_ok());
}

#[test]
fn an_rsa_signature_is_left_to_a_thread_that_may_take_its_time() {
    let ca = Ca::of(&authority(KeyKind::Rsa2048), Role::Signing);
    let signer = ca.signer();
    issue(&signer);
    assert!(signer_at_once(&signer).is_none());
}

#[test]
fn what_others_change_is_noticed_and_what_they_do_not_is_not() {
    let ca = Ca::new();
    let signer = ca.signer();
    assert!(!signer.refresh(now()).unwrap());
    held(&ca).prepare(authority(KeyKind::P256), now(), &OsDisk).unwrap();
    assert_eq!(signer.roots().len(), 1);
    assert!(signer.refresh(now()).unwrap());
    assert_eq!(signer.roots().len(), 2);
    assert!(!signer.refresh(now()).unwrap());
}

#[test]
fn a_directory_that_cannot_be_read_leaves_all_as_it_was() {
    let ca = Ca::new();
    let signer = ca.signer();
    issue(&signer);
    let path = ca.path.join("state.json");
    let good = std::fs::read(&path).unwrap();
    for bad in [&b"{"[..], b"", &good[1..]] {
        std::fs::write(&path, bad).unwrap();
        assert!(signer.refresh(now()).is_err());
        assert!(signer_at_once_within(&signer).is_some());
    }
    std::fs::write(&path, &good).unwrap();
    assert!(signer.refresh(now()).is_ok());
    issue(&signer);
}

/// What ends well within the promise that there is.
fn signer_at_once_within(signer: &Signer) -> Option<Issued> {
    let (identity, key) = (identity(CART), key().public_key());
    let ask = Ask { identity: &identity, task: None, public_key: &key, ttl: HOUR / 2 };
    signer.sign_at_once(&ask, now()).unwrap()
}

#[test]
fn the_directory_of_another_mesh_is_refused() {
    let ca = Ca::new();
    let signer = ca.signer();
    let path = ca.path.join("state.json");
    let state = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, state.replace("cluster.local", "other.local")).unwrap();
    assert!(matches!(signer.refresh(now()), Err(CaError::State { .. })));
    assert_eq!(signer.trust_domain().as_str(), "cluster.local");
    assert!(issue_at(&signer, HOUR, now()).is_err());
}

#[test]
fn an_offline_root_certifies_no_workloads() {
    let ca = Ca::of(&authority(KeyKind::P256), Role::OfflineRoot);
    let opened = Signer::open(&ca.path, Arc::new(OsDisk), now());
    assert!(matches!(opened.err(), Some(CaError::OfflineRoot)));
}

#[test]
fn nothing_is_signed_for_another_trust_domain_nor_for_a_life_out_of_bounds() {
    let ca = Ca::new();
    let (signer, key) = (ca.signer(), key().public_key());
    let sign = |identity: &str, ttl| {
        let identity = identity.parse().unwrap();
        signer.sign(&Ask { identity: &identity, task: None, public_key: &key, ttl }, now())
    };
    let foreign = sign("spiffe://other/ns/a/sa/b", HOUR).unwrap_err();
    assert!(matches!(foreign, CaError::ForeignIdentity { .. }), "{foreign}");
    for ttl in [Duration::ZERO, Duration::from_secs(59), 91 * 24 * HOUR] {
        assert!(matches!(sign(CART, ttl), Err(CaError::LeafTtl(_))), "{ttl:?}");
    }
    assert_eq!(promised(&ca), None);
}

#[test]
fn a_leaf_ends_with_the_authority_at_the_latest() {
    let ca = Ca::new();
    let signer = ca.signer();
    let end = signer.ends_at();
    let issued = issue_at(&signer, 80 * 24 * HOUR, end - HOUR).unwrap();
    assert_eq!(issued.leaf.facts().not_after, end);
    assert!(issue_at(&signer, HOUR, end + HOUR).is_err());
}

/// The way from one root to the next with a service that never looks at the directory of itself:
/// at no step does anybody meet a leaf whose root he lacks.
#[test]
fn a_service_that_lags_behind_a_rotation_cuts_nobody_off() {
    let ca = Ca::new();
    let signer = ca.signer();
    let begun = now();
    issue_at(&signer, 2 * HOUR, begun).unwrap();
    held(&ca).prepare(authority(KeyKind::P256), begun, &OsDisk).unwrap();

    // From memory, with the old root alone.
    let stale = issue_at(&signer, HOUR, begun).unwrap();
    assert_eq!(stale.roots.len(), 1);
    let end = stale.leaf.facts().not_after;
    let early = held(&ca).activate(Patience::Wait, end, &OsDisk);
    assert!(early.is_err(), "it can be activated while a leaf lives that came without its root");

    // What needs a longer promise comes with both roots, so that nobody has to wait for it.
    let fresh = issue_at(&signer, 24 * HOUR, begun).unwrap();
    assert_eq!(fresh.roots.len(), 2);
    let due = held(&ca).due().unwrap();
    assert!(end < due && due < fresh.leaf.facts().not_after);
    held(&ca).activate(Patience::Wait, due, &OsDisk).unwrap();

    // Still from memory: the previous authority, which all trust until it retires.
    let late = issue_at(&signer, HOUR, due).unwrap();
    assert!(trusts(&fresh.roots, &late, due));
    let retired = held(&ca).retire(Patience::Wait, late.leaf.facts().not_after, &OsDisk);
    assert!(retired.is_err(), "it can be retired while a leaf of it lives");

    // What needs a longer promise is signed by the new one.
    let new = issue_at(&signer, 48 * HOUR, due).unwrap();
    assert!(trusts(&fresh.roots, &new, due));
    assert!(!trusts(&stale.roots, &new, due));
}

#[test]
fn what_was_promised_before_an_activation_is_no_promise_of_the_new_authority() {
    let ca = Ca::new();
    let signer = ca.signer();
    issue_at(&signer, 48 * HOUR, now()).unwrap();
    held(&ca).prepare(authority(KeyKind::P256), now(), &OsDisk).unwrap();
    held(&ca).activate(Patience::Force, now(), &OsDisk).unwrap();
    signer.refresh(now()).unwrap();
    assert_eq!(promised(&ca), None);
    let end = issue(&signer).leaf.facts().not_after;
    assert!(promised(&ca).is_some_and(|until| end <= until));
}

fn serving(signer: &Signer, at: OffsetDateTime) -> Vec<Certificate> {
    let names = ["istio-citadel".to_owned(), "istio-standalone-citadel".to_owned()];
    signer.serving(&names, HOUR, at).unwrap().chain
}

#[test]
fn the_service_shows_a_certificate_by_its_names_and_the_root_to_pin() {
    let ca = Ca::new();
    let signer = ca.signer();
    let names = ["istio-citadel".to_owned(), "istio-standalone-citadel".to_owned()];
    let serving = signer.serving(&names, HOUR, now()).unwrap();
    let [leaf, root] = &serving.chain[..] else { panic!("{:?}", serving.chain) };
    let expected = ["DNS:istio-citadel", "DNS:istio-standalone-citadel"];
    assert_eq!(leaf.facts().subject_alt_names, expected);
    assert_eq!(*root, signer.roots()[0]);
    assert_eq!(leaf.public_key(), Ok(&serving.key.public_key()));
    assert_eq!(promised(&ca), None);
}

#[test]
fn the_chain_of_an_intermediate_reaches_to_the_root() {
    let organization = "mesh".parse().unwrap();
    let profile = |path_len| AuthorityProfile {
        organization: &organization,
        ttl: 24 * HOUR,
        key: KeyKind::P256,
        path_len,
    };
    let root = Authority::root(&profile(1), now()).unwrap();
    let below = root.intermediate(&profile(0), now()).unwrap();
    let ca = Ca::of(&below, Role::Signing);
    let chain = serving(&ca.signer(), now());
    assert_eq!(chain[1..], [below.certificate().clone(), root.certificate().clone()]);
    assert_eq!(issue(&ca.signer()).intermediates, [below.certificate().clone()]);
}

#[test]
fn until_it_retires_the_service_shows_the_root_that_all_know_longest() {
    let ca = Ca::new();
    let signer = ca.signer();
    let old = signer.roots()[0].clone();
    let root = |at| serving(&signer, at).pop().unwrap();
    held(&ca).prepare(authority(KeyKind::P256), now(), &OsDisk).unwrap();
    signer.refresh(now()).unwrap();
    assert_eq!(root(now()), old);
    held(&ca).activate(Patience::Force, now(), &OsDisk).unwrap();
    signer.refresh(now()).unwrap();
    assert_eq!(root(now()), old);
    assert_ne!(signer.roots()[0], old);
    held(&ca).retire(Patience::Force, now(), &OsDisk).unwrap();
    assert_eq!(held(&ca).phase(), Phase::Stable);
    signer.refresh(now()).unwrap();
    assert_eq!(root(now()), signer.roots()[0]);
    assert_ne!(root(now()), old);
}

#[test]
fn the_service_shows_the_next_root_once_the_previous_one_has_ended() {
    let organization = "mesh".parse().unwrap();
    let profile = AuthorityProfile {
        organization: &organization,
        ttl: 2 * HOUR,
        key: KeyKind::P256,
        path_len: 0,
    };
    let ca = Ca::of(&Authority::root(&profile, now()).unwrap(), Role::Signing);
    held(&ca).prepare(authority(KeyKind::P256), now(), &OsDisk).unwrap();
    held(&ca).activate(Patience::Force, now(), &OsDisk).unwrap();
    let signer = ca.signer();
    assert_eq!(serving(&signer, now()).pop().unwrap(), signer.roots()[1]);
    assert_eq!(serving(&signer, now() + 3 * HOUR).pop().unwrap(), signer.roots()[0]);
}

#[test]
fn a_name_that_is_none_of_dns_is_refused() {
    let signer = Ca::new().signer();
    assert!(signer.serving(&["a\u{e9}".to_owned()], HOUR, now()).is_err());
}

#[test]
fn a_signer_can_be_shared_between_threads() {
    fn is_shared<T: Send + Sync>() {}
    is_shared::<Signer>();
}
