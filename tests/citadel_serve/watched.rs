//! What those see who watch the service: metrics, health, its log.

use std::time::Duration;

use marathon_inject::identity::x509::KeyKind;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};

use crate::client::{Client, Proof, in_time};
use crate::requests::{csr, dns, naming};
use crate::site::{DEFAULT, Site, eventually};

const HOUR: Duration = Duration::from_secs(3600);

async fn health(client: &Client) -> ServingStatus {
    let request = HealthCheckRequest { service: String::new() };
    let mut client = HealthClient::new(client.0.clone());
    let HealthCheckResponse { status } = in_time(client.check(request)).await.unwrap().into_inner();
    status.try_into().unwrap()
}

async fn until(client: &Client, wanted: ServingStatus) {
    for _ in 0..2000 {
        if health(client).await == wanted {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it does not become {wanted:?}");
}

#[tokio::test]
async fn what_citadel_counts_has_citadels_names() {
    let site = Site::new();
    let service = site.serve("");
    let identity = site.identity(DEFAULT, None, HOUR);
    let client = service.dial().showing(&identity).client().await;
    client.leaf(&csr(None), Proof::NONE).await.unwrap();
    client.leaf("garbage", Proof::NONE).await.unwrap_err();
    client.leaf(&naming(vec![dns("a.b")]), Proof::NONE).await.unwrap_err();
    client.create(&csr(None), i64::MAX, Proof::NONE).await.unwrap_err();
    service.dial().client().await.leaf(&csr(None), Proof::NONE).await.unwrap_err();
    for (name, count) in [
        ("csr_count", 5.0),
        ("success_cert_issuance_count", 1.0),
        ("csr_parsing_err_count", 1.0),
        ("id_extraction_err_count", 1.0),
        ("csr_sign_err_count", 1.0),
        ("authentication_failure_count", 1.0),
    ] {
        assert_eq!(service.metric(&format!("citadel_server_{name}")), Some(count), "{name}");
    }
    let refused = r#"citadel_refusals_total{code="InvalidArgument"}"#;
    assert_eq!(service.metric(refused), Some(3.0));
    let end = site.roots()[0].facts().not_after.unix_timestamp() as f64;
    assert_eq!(service.metric("citadel_server_root_cert_expiry_timestamp"), Some(end));
    // Without one nobody can say whether it answers.
    assert_eq!(service.metric("citadel_marathon_reachable"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_counted_as_long_as_they_last() {
    let site = Site::new();
    let service = site.serve("");
    let (one, two) = (service.dial().client().await, service.dial().client().await);
    assert_eq!(service.metric("citadel_connections"), Some(2.0));
    drop((one, two));
    eventually("they are gone", || {
        (service.metric("citadel_connections") == Some(0.0)).then_some(())
    });
}

#[tokio::test]
async fn it_is_well_as_long_as_its_directory_can_be_read_and_it_signs_on_meanwhile() {
    let site = Site::new();
    let service = site.serve("");
    let identity = site.identity(DEFAULT, None, HOUR);
    let client = service.dial().showing(&identity).client().await;
    until(&client, ServingStatus::Serving).await;
    assert_eq!(service.watch("/ready"), (200, "ready\n".to_owned()));
    client.leaf(&csr(None), Proof::NONE).await.unwrap();
    std::fs::rename(site.path("ca"), site.path("away")).unwrap();
    until(&client, ServingStatus::NotServing).await;
    let (status, why) = service.watch("/ready");
    assert!(status == 503 && why.contains("state.json"), "{status}: {why}");
    assert_eq!(service.metric("citadel_serving"), Some(0.0));
    client.leaf(&csr(None), Proof::NONE).await.unwrap();
    std::fs::rename(site.path("away"), site.path("ca")).unwrap();
    until(&client, ServingStatus::Serving).await;
    assert_eq!(service.watch("/ready").0, 200);
    assert_eq!(service.watch("/healthz").0, 200);
}

#[tokio::test]
async fn it_is_not_well_when_the_ca_has_ended() {
    let site = Site::lasting(KeyKind::P256, Duration::from_secs(5));
    let service = site.serve("--no-renew-root");
    let client = service.dial().client().await;
    until(&client, ServingStatus::Serving).await;
    until(&client, ServingStatus::NotServing).await;
    let (status, why) = service.watch("/ready");
    assert!(status == 503 && why.contains("the CA has ended"), "{status}: {why}");
    client.leaf(&csr(None), Proof::token("token-0")).await.unwrap_err();
}

#[tokio::test]
async fn a_root_that_ends_soon_is_warned_of_and_one_that_does_not_is_not() {
    let day = 24 * HOUR;
    for (ttl, warned) in [(20 * day, true), (40 * day, false)] {
        let site = Site::lasting(KeyKind::P256, ttl);
        let service = site.serve("");
        let client = service.dial().client().await;
        until(&client, ServingStatus::Serving).await;
        let end = site.roots()[0].facts().not_after.unix_timestamp() as f64;
        eventually("the roots were looked at", || {
            let seen = service.metric("citadel_server_root_cert_expiry_timestamp");
            (seen == Some(end)).then_some(())
        });
        let said = || service.log().contains("lead the mesh to a new one").then_some(());
        if warned {
            eventually("it is said", said);
        } else {
            assert_eq!(said(), None);
        }
    }
}
