//! During a rotation of the root no two workloads cut each other off, whichever of them has fetched
//! its bundle again, if the steps are not forced.

use camino::Utf8PathBuf;
use marathon_inject::citadel::{Access, BundleRequest, Citadel, OsDisk, Patience, Role};
use marathon_inject::identity::TrustDomain;
use marathon_inject::identity::x509::{Bundle, KeyKind};
use tempfile::TempDir;
use time::OffsetDateTime;

use crate::peer::{CLIENT, Peer, SERVER, Side, hear_each_other, refused};
use crate::{HOUR, Signer, authority, identity};

/// A client's and a server's bundle, fetched at the same time.
struct Pair {
    client: Bundle,
    server: Bundle,
}

impl Pair {
    fn of(citadel: &Citadel) -> Self {
        let issue = |service_account| {
            let identity = identity(service_account);
            let key = KeyKind::P256;
            let request = BundleRequest { identity: &identity, organization: None, ttl: HOUR, key };
            citadel.issue(&request, OffsetDateTime::now_utc()).unwrap().0
        };
        Self { client: issue(CLIENT), server: issue(SERVER) }
    }
}

/// The bundles from before the rotation, from after its first step, and from after its second.
struct Rotation {
    before: Pair,
    prepared: Pair,
    activated: Pair,
}

impl Rotation {
    fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let ca = Utf8PathBuf::try_from(dir.path().join("ca")).unwrap();
        let now = OffsetDateTime::now_utc();
        let authority = || authority(KeyKind::P256, Signer::Root);
        Citadel::create(&ca, TrustDomain::default(), Role::Signing, &authority(), now, &OsDisk)
            .unwrap();
        let mut citadel = Citadel::open(&ca, Access::Write, now).unwrap();
        let before = Pair::of(&citadel);
        citadel.prepare(authority(), now, &OsDisk).unwrap();
        let prepared = Pair::of(&citadel);
        citadel.activate(Patience::Force, now, &OsDisk).unwrap();
        Self { before, prepared, activated: Pair::of(&citadel) }
    }
}

fn talk_both_ways(one: &Pair, other: &Pair) {
    for (client, server) in [(one, other), (other, one)] {
        let (client, server) = (Peer::client(&client.client), Peer::server(&server.server));
        hear_each_other(&client, &server, &"in a rotation");
    }
}

#[test]
fn who_knows_the_next_root_talks_to_who_does_not_yet() {
    let rotation = Rotation::new();
    talk_both_ways(&rotation.before, &rotation.prepared);
}

#[test]
fn who_has_a_leaf_of_the_old_root_talks_to_who_has_one_of_the_new() {
    let rotation = Rotation::new();
    talk_both_ways(&rotation.prepared, &rotation.activated);
}

#[test]
fn who_does_not_know_the_next_root_refuses_its_leaves_when_they_were_forced() {
    let Rotation { before, activated, .. } = Rotation::new();
    let (client, server) = (Peer::client(&activated.client), Peer::server(&before.server));
    refused(&client, &server, Side::Server, "UnknownIssuer");
    let (client, server) = (Peer::client(&before.client), Peer::server(&activated.server));
    refused(&client, &server, Side::Client, "none of the roots signed it");
}
