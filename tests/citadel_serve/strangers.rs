//! Whoever finds the port: who does not speak TLS, who is slow, who sends too much. None of them
//! is in anybody's way.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use tonic::Code;
use tonic::transport::Channel;

use marathon_inject::proto::roots::StreamRootsRequest;
use marathon_inject::proto::roots::trust_bundle_service_client::TrustBundleServiceClient;

use crate::client::{Proof, next};
use crate::requests::csr;
use crate::site::{Service, Site, eventually};

/// Expects that the service still signs.
async fn well(service: &Service, token: &str) {
    let client = service.dial().client().await;
    client.leaf(&csr(None), Proof::token(token)).await.unwrap();
}

/// What the service does with a connection that sends this: it ends it; what it said meanwhile.
fn sent(service: &Service, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(service.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(bytes).unwrap();
    let mut said = Vec::new();
    match stream.read_to_end(&mut said) {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{error}"),
    }
    said
}

/// Waits until so many handshakes have failed.
fn counted(service: &Service, handshakes: f64) {
    eventually("they are counted", || {
        (service.metric("citadel_failed_handshakes_total") == Some(handshakes)).then_some(())
    });
}

#[tokio::test]
async fn who_does_not_speak_tls_is_turned_away() {
    let site = Site::new();
    let service = site.serve("");
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    for bytes in [&b"GET / HTTP/1.1\r\nHost: citadel\r\n\r\n"[..], preface, &[0xff; 4096]] {
        let said = sent(&service, bytes);
        assert!(!said.starts_with(b"HTTP"), "{said:?}");
    }
    counted(&service, 3.0);
    well(&service, "token-0").await;
}

#[tokio::test]
async fn a_slow_handshake_is_cut_off_and_holds_nobody_up_meanwhile() {
    let site = Site::new();
    let service = site.serve("");
    let begun = Instant::now();
    let mut slow: Vec<_> = (0..32).map(|_| TcpStream::connect(service.address).unwrap()).collect();
    // The beginning of a record of TLS.
    slow.iter_mut().for_each(|stream| stream.write_all(&[22, 3, 1]).unwrap());
    well(&service, "token-0").await;
    assert!(begun.elapsed() < Duration::from_secs(4), "it was held up");
    for stream in &mut slow {
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let _ = stream.read_to_end(&mut Vec::new());
    }
    let cut = begun.elapsed();
    assert!(cut > Duration::from_secs(4) && cut < Duration::from_secs(15), "{cut:?}");
    counted(&service, 32.0);
}

#[tokio::test]
async fn a_message_that_is_too_large_is_refused() {
    let site = Site::new();
    let service = site.serve("");
    let client = service.dial().client().await;
    let huge = "A".repeat(65 * 1024);
    for status in [
        client.create(&huge, 0, Proof::token("token-0")).await.unwrap_err(),
        client.handle(&huge, 0, Proof::token("token-0")).await.unwrap_err(),
    ] {
        assert_eq!(status.code(), Code::OutOfRange, "{status}");
    }
    client.leaf(&csr(None), Proof::token("token-0")).await.unwrap();
}

#[tokio::test]
async fn headers_that_are_too_large_are_refused() {
    let site = Site::new();
    let service = site.serve("");
    let client = service.dial().client().await;
    let token = "A".repeat(32 * 1024);
    assert!(client.leaf(&csr(None), Proof::token(&token)).await.is_err());
    well(&service, "token-0").await;
}

#[tokio::test]
async fn only_so_many_requests_are_under_way_on_one_connection() {
    let site = Site::new();
    let service = site.serve("");
    let client = service.dial().client().await;
    let mut streams = Vec::new();
    for _ in 0..64 {
        let mut stream = client.roots().await;
        next(&mut stream).await.unwrap();
        streams.push(stream);
    }
    assert_eq!(service.metric("citadel_root_streams"), Some(64.0));
    let mut one_more = Box::pin(more(client.0.clone()));
    // It would be answered in far less time if there were room.
    let waited = tokio::time::timeout(Duration::from_millis(500), &mut one_more).await;
    assert!(waited.is_err(), "there is room for more");
    streams.pop();
    assert!(one_more.await);
}

/// Whether there is one more stream.
async fn more(channel: Channel) -> bool {
    TrustBundleServiceClient::new(channel).stream_roots(StreamRootsRequest {}).await.is_ok()
}

#[tokio::test]
async fn only_so_many_connections_are_taken_in_and_one_that_ends_makes_room() {
    let site = Site::new();
    let service = site.serve("--max-connections 2");
    let (one, two) = (service.dial().client().await, service.dial().client().await);
    assert!(service.dial().connect().await.is_err());
    assert_eq!(service.metric("citadel_connections_turned_away_total"), Some(1.0));
    two.leaf(&csr(None), Proof::token("token-0")).await.unwrap();
    drop(one);
    let mut tries = 0;
    while service.dial().connect().await.is_err() {
        tries += 1;
        assert!(tries < 1000, "there is no room");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_service_without_file_descriptors_goes_on_when_it_has_some_again() {
    let site = Site::new();
    let service = site.serve_after("ulimit -n 48");
    let connections: Vec<_> =
        (0..64).map(|_| TcpStream::connect(service.address).unwrap()).collect();
    eventually("it has none any more", || {
        service.log().contains("no connection can be taken in").then_some(())
    });
    drop(connections);
    let mut tries = 0;
    while service.dial().connect().await.is_err() {
        tries += 1;
        assert!(tries < 1000, "it takes nobody in any more");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    well(&service, "token-0").await;
}
