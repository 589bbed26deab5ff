//! Mutual TLS: who is let in and believed, and who is not.

use marathon_inject::identity::x509::{Bundle, KeyKind};
use time::OffsetDateTime;

use crate::peer::{CLIENT, Peer, SERVER, Side, hear_each_other, refused};
use crate::{AUTHORITIES, HOUR, Signer, authority, bundle, identity, issued_at};

#[test]
fn workloads_of_one_ca_talk_whatever_its_keys_and_its_chain() {
    for (key, signer) in AUTHORITIES {
        let authority = authority(key, signer);
        let (client, server) = (bundle(&authority, key, CLIENT), bundle(&authority, key, SERVER));
        hear_each_other(&Peer::client(&client), &Peer::server(&server), &(key, signer));
    }
}

#[test]
fn an_rsa_leaf_talks_to_a_p256_leaf() {
    let authority = authority(KeyKind::P256, Signer::Root);
    let client = bundle(&authority, KeyKind::Rsa2048, CLIENT);
    let server = bundle(&authority, KeyKind::P256, SERVER);
    hear_each_other(&Peer::client(&client), &Peer::server(&server), &"RSA to P-256");
}

/// The bundles of a client and of a server of a new CA.
fn pair() -> (Bundle, Bundle) {
    let authority = authority(KeyKind::P256, Signer::Root);
    (bundle(&authority, KeyKind::P256, CLIENT), bundle(&authority, KeyKind::P256, SERVER))
}

#[test]
fn a_client_without_a_certificate_is_refused() {
    let (client, server) = pair();
    let client = Peer::client(&client).without_certificate();
    refused(&client, &Peer::server(&server), Side::Server, "peer sent no certificates");
}

#[test]
fn a_client_of_another_ca_is_refused_though_it_trusts_the_server() {
    let ((mut foreign, _), (client, server)) = (pair(), pair());
    foreign.root_cert = client.root_cert;
    refused(&Peer::client(&foreign), &Peer::server(&server), Side::Server, "UnknownIssuer");
}

#[test]
fn a_server_of_another_ca_is_refused() {
    let ((_, foreign), (client, _)) = (pair(), pair());
    let why = "none of the roots signed it";
    refused(&Peer::client(&client), &Peer::server(&foreign), Side::Client, why);
}

#[test]
fn a_peer_of_another_identity_is_refused() {
    let (client, server) = pair();
    let is_not = |found, expected| format!("{} is not {}", identity(found), identity(expected));

    let server_for_others = Peer::server(&server).expecting(identity("somebody"));
    let why = is_not(CLIENT, "somebody");
    refused(&Peer::client(&client), &server_for_others, Side::Server, &why);

    let client_of_others = Peer::client(&client).expecting(identity("somebody"));
    let why = is_not(SERVER, "somebody");
    refused(&client_of_others, &Peer::server(&server), Side::Client, &why);
}

#[test]
fn a_peer_whose_certificate_has_ended_is_refused() {
    let (authority, key) = (authority(KeyKind::P256, Signer::Root), KeyKind::P256);
    let (client, server) = (bundle(&authority, key, CLIENT), bundle(&authority, key, SERVER));
    let earlier = OffsetDateTime::now_utc() - HOUR - HOUR / 60;
    let ended = |service_account| issued_at(earlier, &authority, key, service_account);

    let ended_client = ended(CLIENT);
    let why = "certificate expired";
    refused(&Peer::client(&ended_client), &Peer::server(&server), Side::Server, why);

    let ended_server = ended(SERVER);
    let why = "a certificate of the chain has ended";
    refused(&Peer::client(&client), &Peer::server(&ended_server), Side::Client, why);
}
