//! What is waited for in vain: peers that fall silent, a directory that somebody holds. The service
//! runs in the test itself, whose clock leaps.

use std::sync::Arc;
use std::time::Duration;

use marathon_inject::citadel::attest::{Attestor, TokenList};
use marathon_inject::citadel::service::{
    AuditLog, Lifetimes, Options, RootRenewal, Service, TlsMinimum,
};
use marathon_inject::citadel::{Access, Citadel, Enrolments, OsDisk, Signer};
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use time::OffsetDateTime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::{Instant, advance, pause, resume, sleep, timeout};
use tonic::Code;

use crate::client::{Dial, Proof, next};
use crate::requests::csr;
use crate::site::Site;

const HOUR: Duration = Duration::from_secs(3600);

/// What a client of HTTP/2 says first: its preface, and settings that are all as usual
/// (RFC 9113 §3.4).
const GREETING: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// The service, how it is reached, and what it counts.
async fn serve(site: &Site) -> (Dial, Arc<Registry>) {
    let (dir, now) = (site.path("ca"), OffsetDateTime::now_utc());
    let signer = Signer::open(&dir, Arc::new(OsDisk), now).unwrap();
    let enrolments = Enrolments::open(&dir, Arc::new(OsDisk), HOUR, now).unwrap();
    let tokens = TokenList::parse(&site.read("tokens.toml"), signer.trust_domain()).unwrap();
    let attestor = Attestor::fixed(tokens, Arc::new(enrolments));
    let audit = Arc::new(AuditLog::file(&site.path("audit.log")).unwrap());
    let options = Options {
        names: vec!["istio-citadel".to_owned()],
        lifetimes: Lifetimes::new(HOUR, HOUR).unwrap(),
        tls: TlsMinimum::Tls12,
        root_renewal: RootRenewal::Automatic,
        connections: 8,
        connections_per_address: None,
        in_flight: 8,
        sign_rate: None,
        enrol_rate: None,
    };
    let mut service = Service::new(signer, attestor, audit, options, now).unwrap();
    let (registry, _) = service.monitored();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(service.serve(listener, Arc::default(), std::future::pending()));
    (Dial::new(address, &site.roots()), registry)
}

/// How long a connection lasts on which only this is said.
async fn lasts(said: &[u8]) -> Duration {
    let site = Site::new();
    let (dial, _) = serve(&site).await;
    let mut stream = dial.shake().await.unwrap();
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
    let (dial, _) = serve(&site).await;
    let client = dial.client().await;
    let mut stream = client.roots().await;
    next(&mut stream).await.unwrap();
    pause();
    sleep(HOUR / 6).await;
    resume();
    // On the same connection: there is no second one.
    assert!(next(&mut client.roots().await).await.is_some());
}

/// What the service tells of what it counts.
fn told(counted: &Registry) -> String {
    let mut told = String::new();
    encode(&mut told, counted).unwrap();
    told
}

#[tokio::test]
async fn what_is_not_decided_in_time_is_refused_and_has_its_line() {
    let site = Site::new();
    let (dial, counted) = serve(&site).await;
    let client = dial.client().await;
    let held = Citadel::open(&site.path("ca"), Access::Write, OffsetDateTime::now_utc()).unwrap();
    let asking = async { client.leaf(&csr(None), Proof::token("token-0")).await.unwrap_err() };
    let leaping = async {
        while !told(&counted).contains("citadel_server_csr_count 1\n") {
            sleep(Duration::from_millis(10)).await;
        }
        pause();
        advance(Duration::from_secs(13)).await;
        resume();
    };
    let (status, ()) = tokio::join!(asking, leaping);
    drop(held);
    assert_eq!(status.code(), Code::DeadlineExceeded, "{status}");
    assert_eq!(status.message(), "it was not decided in time");
    let [line] = &site.audited()[..] else { panic!("{:?}", site.audited()) };
    assert_eq!(line["result"], "refused");
    assert_eq!(line["code"], "DeadlineExceeded");
    let count = "citadel_refusals_total{code=\"DeadlineExceeded\"} 1\n";
    assert!(told(&counted).contains(count), "{}", told(&counted));
}
