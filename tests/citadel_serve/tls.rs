//! TLS: who is shown what, who is believed, and for how long.

use std::sync::Arc;
use std::time::Duration;

use marathon_inject::identity::x509::Certificate;
use rustls::HandshakeKind;
use rustls::pki_types::ServerName;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tonic::Code;

use crate::client::{Dial, Proof, in_time};
use crate::requests::csr;
use crate::site::{DEFAULT, Site, eventually};

const HOUR: Duration = Duration::from_secs(3600);

/// The certificates that the service shows.
pub(crate) async fn shown(dial: &Dial) -> Vec<Certificate> {
    let stream = dial.shake().await.unwrap();
    let chain = stream.get_ref().1.peer_certificates().unwrap();
    let certificates = chain.iter().map(|it| Certificate::from_der(it.clone().into_owned()));
    certificates.collect::<Result<_, _>>().unwrap()
}

#[tokio::test]
async fn the_service_has_the_names_that_istios_agents_know_and_shows_its_root() {
    let site = Site::new();
    let service = site.serve("");
    for name in ["istio-citadel", "istio-standalone-citadel"] {
        service.dial().to(name).client().await;
    }
    assert!(service.dial().to("citadel.example.org").connect().await.is_err());
    let chain = shown(&service.dial()).await;
    assert_eq!(chain[1..], site.roots());
    // Citadel 1.0.5 made key and certificate anew for each connection.
    assert_eq!(shown(&service.dial()).await, chain);
    assert!(!chain[0].facts().is_ca);
}

#[tokio::test]
async fn its_names_are_those_that_it_is_given() {
    let site = Site::new();
    let service = site.serve("--grpc-host-identities citadel.example.org,ca.example.org");
    for name in ["citadel.example.org", "ca.example.org"] {
        service.dial().to(name).client().await;
    }
    assert!(service.dial().connect().await.is_err());
}

#[tokio::test]
async fn tls_1_2_is_spoken_with_old_agents_unless_that_is_switched_off() {
    let site = Site::new();
    let service = site.serve("");
    let client = service.dial().tls12().client().await;
    client.leaf(&csr(None), Proof::token("token-0")).await.unwrap();
    drop(service);
    let service = site.serve("--tls-min 1.3");
    assert!(service.dial().tls12().connect().await.is_err());
    service.dial().client().await;
}

#[tokio::test]
async fn no_session_is_resumed() {
    let site = Site::new();
    let service = site.serve("");
    let identity = site.identity(DEFAULT, None, HOUR);
    for dial in [service.dial().showing(&identity), service.dial().showing(&identity).tls12()] {
        let connector = TlsConnector::from(Arc::new(dial.config()));
        for _ in 0..2 {
            let tcp = TcpStream::connect(dial.address).await.unwrap();
            let name = ServerName::try_from("istio-citadel").unwrap();
            let mut stream = connector.connect(name, tcp).await.unwrap();
            // Tickets would come with the first data of the server, its settings of HTTP/2.
            in_time(stream.read_u8()).await.unwrap();
            assert_eq!(stream.get_ref().1.handshake_kind(), Some(HandshakeKind::Full));
        }
    }
}

#[tokio::test]
async fn a_connection_outlives_its_certificate_and_is_then_worth_nothing() {
    let site = Site::new();
    let service = site.serve("--sign-rate 0 --enrol-rate 0");
    let identity = site.identity(DEFAULT, None, Duration::from_secs(3));
    let client = service.dial().showing(&identity).client().await;
    client.leaf(&csr(None), Proof::NONE).await.unwrap();
    let refused = client.refused().await;
    assert_eq!(refused.code(), Code::Unauthenticated);
    let ended = identity.chain[0].facts().not_after;
    assert!(time::OffsetDateTime::now_utc() >= ended, "it was refused before its end");
    // A token does not make it good either: who has one connects without the certificate.
    let status = client.leaf(&csr(None), Proof::token("token-0")).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
    let client = service.dial().client().await;
    client.leaf(&csr(None), Proof::token("token-0")).await.unwrap();
}

#[tokio::test]
async fn a_certificate_that_has_ended_makes_no_connection() {
    let site = Site::new();
    let service = site.serve("");
    let identity = site.identity(DEFAULT, None, Duration::from_secs(1));
    let end = identity.chain[0].facts().not_after;
    eventually("the certificate ends", || {
        (time::OffsetDateTime::now_utc() > end + time::Duration::SECOND).then_some(())
    });
    let asked = match service.dial().showing(&identity).connect().await {
        Ok(client) => client.leaf(&csr(None), Proof::NONE).await.is_ok(),
        Err(_) => false,
    };
    assert!(!asked);
}
