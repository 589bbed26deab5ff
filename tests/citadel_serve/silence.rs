//! Peers that fall silent. The service runs in the test itself, whose clock leaps to whatever is due
//! next.

use std::sync::Arc;
use std::time::Duration;

use marathon_inject::citadel::attest::{Attestor, TokenList};
use marathon_inject::citadel::service::{AuditLog, Lifetimes, Options, Service, TlsMinimum};
use marathon_inject::citadel::{Enrolments, OsDisk, Signer};
use time::OffsetDateTime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::{Instant, pause, resume, sleep, timeout};

use crate::client::{Dial, next};
use crate::site::Site;

const HOUR: Duration = Duration::from_secs(3600);

/// What a client of HTTP/2 says first: its preface, and settings that are all as usual
/// (RFC 9113 §3.4).
const GREETING: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// The service, and how it is reached.
async fn serve(site: &Site) -> Dial {
    let (dir, now) = (site.path("ca"), OffsetDateTime::now_utc());
    let signer = Signer::open(&dir, Arc::new(OsDisk), now).unwrap();
    let enrolments = Enrolments::open(&dir, Arc::new(OsDisk), HOUR, now).unwrap();
    let tokens = TokenList::parse("", signer.trust_domain()).unwrap();
    let attestor = Attestor::fixed(tokens, Arc::new(enrolments));
    let audit = Arc::new(AuditLog::file(&site.path("audit.log")).unwrap());
    let options = Options {
        names: vec!["istio-citadel".to_owned()],
        lifetimes: Lifetimes::new(HOUR, HOUR).unwrap(),
        tls: TlsMinimum::Tls12,
        connections: 8,
        in_flight: 8,
        sign_rate: None,
        enrol_rate: None,
    };
    let service = Service::new(signer, attestor, audit, options, now).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(service.serve(listener, Arc::default(), std::future::pending()));
    Dial::new(address, &site.roots())
}

/// How long a connection lasts on which only this is said.
async fn lasts(said: &[u8]) -> Duration {
    let site = Site::new();
    let mut stream = serve(&site).await.shake().await.unwrap();
    stream.write_all(said).await.unwrap();
    pause();
    let begun = Instant::now();
    let mut heard = Vec::new();
    // How it ends does not matter.
    let end = timeout(HOUR, stream.read_to_end(&mut heard)).await;
    assert!(end.is_ok(), "it does not end");
    begun.elapsed()
}

#[tokio::test]
async fn who_says_nothing_at_all_is_not_waited_for() {
    let lasted = lasts(b"").await.as_secs();
    assert!((85..=95).contains(&lasted), "{lasted}s");
}

#[tokio::test]
async fn who_does_not_say_that_he_is_there_is_taken_for_gone() {
    let lasted = lasts(GREETING).await.as_secs();
    assert!((45..=60).contains(&lasted), "{lasted}s");
}

#[tokio::test]
async fn who_says_that_he_is_there_stays_though_he_asks_for_nothing() {
    let site = Site::new();
    let client = serve(&site).await.client().await;
    let mut stream = client.roots().await;
    next(&mut stream).await.unwrap();
    pause();
    sleep(HOUR / 6).await;
    resume();
    // On the same connection: there is no second one.
    assert!(next(&mut client.roots().await).await.is_some());
}
