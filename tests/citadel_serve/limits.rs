//! How often one may ask, and how many connections one may have.

use std::time::Duration;

use tonic::{Code, Status};

use crate::client::{Client, Proof};
use crate::requests::csr;
use crate::site::{DEFAULT, Site};

const HOUR: Duration = Duration::from_secs(3600);

/// The first refusal of so many tries; how many went well before.
async fn first_refusal(client: &Client, tries: usize, proof: Proof<'_>) -> (usize, Status) {
    for done in 0..tries {
        if let Err(status) = client.leaf(&csr(None), proof).await
            && status.code() == Code::ResourceExhausted
        {
            return (done, status);
        }
    }
    panic!("nothing was too much");
}

#[tokio::test]
async fn an_address_enrols_a_few_times_at_once_and_then_slowly() {
    let site = Site::new();
    let service = site.serve("");
    let client = service.dial().client().await;
    let (done, status) = first_refusal(&client, 20, Proof::token("token-99")).await;
    assert!((5..10).contains(&done), "{done}");
    assert_eq!(status.message(), "too many enrolments from this address");
    // Whoever has a certificate is not concerned.
    let identity = site.identity(DEFAULT, None, HOUR);
    let renewing = service.dial().showing(&identity).client().await;
    renewing.leaf(&csr(None), Proof::NONE).await.unwrap();
    // Nor is an address for ever.
    while let Err(status) = client.leaf(&csr(None), Proof::token("token-0")).await {
        assert_eq!(status.code(), Code::ResourceExhausted);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn an_identity_has_so_many_certificates_in_a_second() {
    let site = Site::new();
    let service = site.serve("--sign-rate 3");
    let identity = site.identity(DEFAULT, None, HOUR);
    let client = service.dial().showing(&identity).client().await;
    let (done, status) = first_refusal(&client, 100, Proof::NONE).await;
    assert!(done >= 3, "{done}");
    assert_eq!(status.message(), "too many certificates for this identity");
    let other = site.identity("spiffe://cluster.local/ns/default/sa/other", None, HOUR);
    let client = service.dial().showing(&other).client().await;
    client.leaf(&csr(None), Proof::NONE).await.unwrap();
}

#[tokio::test]
async fn a_limit_of_0_is_none() {
    let site = Site::new();
    let service = site.serve("--sign-rate 0 --enrol-rate 0");
    let client = service.dial().client().await;
    for _ in 0..20 {
        let status = client.leaf(&csr(None), Proof::token("token-99")).await.unwrap_err();
        assert_eq!(status.code(), Code::Unauthenticated);
    }
}

#[tokio::test]
async fn an_address_has_so_many_connections_and_one_that_ends_makes_room() {
    let site = Site::new();
    let service = site.serve("--max-connections-per-address 2");
    let (one, two) = (service.dial().client().await, service.dial().client().await);
    assert!(service.dial().connect().await.is_err());
    assert_eq!(service.metric("citadel_connections_turned_away_total"), Some(1.0));
    two.leaf(&csr(None), Proof::token("token-0")).await.unwrap();
    drop(one);
    while service.dial().connect().await.is_err() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
