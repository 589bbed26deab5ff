//! What Istio's Citadel 1.0.5 gave, and what nobody gets here.

use std::time::Duration;

use marathon_inject::identity::x509::{Certificate, KeyKind, PrivateKey};
use tonic::Code;

use crate::client::{Client, Proof};
use crate::requests::{crafted, csr, dns, naming, odd_keys, of_ca, request, tampered, uri};
use crate::site::{DEFAULT, Service, Site};

const HOUR: Duration = Duration::from_secs(3600);
const OTHER: &str = "spiffe://cluster.local/ns/default/sa/other";

/// A site, its service, and a client with a certificate of [`DEFAULT`].
async fn renewing() -> (Site, Service, Client) {
    let site = Site::new();
    let service = site.serve("");
    let identity = site.identity(DEFAULT, None, HOUR);
    let client = service.dial().showing(&identity).client().await;
    (site, service, client)
}

/// Expects that a CSR is refused as none, in these words, by either API.
async fn refused(client: &Client, csr: &str, words: &str) {
    let created = client.create(csr, 0, Proof::NONE).await.unwrap_err();
    let handled = client.handle(csr, 0, Proof::NONE).await.unwrap_err();
    for status in [created, handled] {
        assert_eq!(status.code(), Code::InvalidArgument, "{status}");
        assert!(status.message().contains(words), "{status}");
    }
}

#[tokio::test]
async fn whoever_shows_nothing_gets_nothing() {
    let site = Site::new();
    let service = site.serve("");
    let client = service.dial().client().await;
    let created = client.create(&csr(Some(DEFAULT)), 0, Proof::NONE).await.unwrap_err();
    let handled = client.handle(&csr(Some(DEFAULT)), 0, Proof::NONE).await.unwrap_err();
    for status in [created, handled] {
        assert_eq!(status.code(), Code::Unauthenticated);
        assert_eq!(status.message(), "request authenticate failure");
    }
}

#[tokio::test]
async fn who_is_not_attested_is_not_told_why() {
    let site = Site::new();
    let service = site.serve("");
    let client = service.dial().client().await;
    for token in ["token-99", "", "Bearer", "v1.AAAA.L2E.AAAA.AAAA"] {
        let status = client.create(&csr(None), 0, Proof::token(token)).await.unwrap_err();
        assert_eq!(status.code(), Code::Unauthenticated, "{token}");
        assert_eq!(status.message(), "request authenticate failure", "{token}");
    }
}

#[tokio::test]
async fn nobody_gets_the_identity_of_another() {
    let (_site, service, client) = renewing().await;
    for status in [
        client.create(&csr(Some(OTHER)), 0, Proof::NONE).await.unwrap_err(),
        client.handle(&csr(Some(OTHER)), 0, Proof::NONE).await.unwrap_err(),
    ] {
        assert_eq!(status.code(), Code::PermissionDenied);
        assert_eq!(status.message(), "request authorization failure");
    }
    let enrolling = service.dial().client().await;
    let status = enrolling.create(&csr(Some(OTHER)), 0, Proof::token("token-0")).await;
    assert_eq!(status.unwrap_err().code(), Code::PermissionDenied);
    // The token was not spent on that.
    enrolling.leaf(&csr(Some(DEFAULT)), Proof::token("token-0")).await.unwrap();
}

#[tokio::test]
async fn nobody_becomes_a_ca() {
    let (_site, _service, client) = renewing().await;
    refused(&client, &of_ca(), "CSR parsing error (it asks for the certificate of a CA)").await;
}

#[tokio::test]
async fn who_does_not_have_the_key_gets_no_certificate_for_it() {
    let (_site, _service, client) = renewing().await;
    refused(&client, &tampered(), "CSR parsing error (its signature is wrong)").await;
}

#[tokio::test]
async fn what_is_no_csr_is_refused() {
    let (_site, _service, client) = renewing().await;
    let twice = csr(None).repeat(2);
    for text in ["", "garbage", "-----BEGIN CERTIFICATE REQUEST-----\n", &twice] {
        refused(&client, text, "CSR parsing error (").await;
    }
}

#[tokio::test]
async fn names_that_are_not_one_identity_are_refused() {
    let (_site, _service, client) = renewing().await;
    for names in [
        vec![uri(DEFAULT), uri(OTHER)],
        vec![uri(DEFAULT), dns("istio-citadel")],
        vec![dns("*.cluster.local")],
        vec![uri("spiffe://cluster.local/ns/default/sa/*")],
        vec![uri("https://cluster.local/ns/default/sa/default")],
    ] {
        refused(&client, &naming(names), "CSR identity extraction error (").await;
    }
}

#[tokio::test]
async fn what_no_workload_gets_is_refused_and_not_left_out() {
    let (_site, _service, client) = renewing().await;
    let constrained = crafted(|params| {
        let oid = [1, 3, 6, 1, 4, 1, 99_999, 1];
        params.custom_extensions = vec![rcgen::CustomExtension::from_oid_content(&oid, vec![5, 0])];
    });
    refused(&client, &constrained, "CSR parsing error (").await;
}

#[tokio::test]
async fn keys_that_are_too_weak_or_odd_are_refused() {
    let (_site, _service, client) = renewing().await;
    for csr in odd_keys() {
        refused(&client, &csr, "CSR parsing error (its key").await;
    }
}

#[tokio::test]
async fn a_life_beyond_the_longest_or_too_short_to_be_of_use_is_refused() {
    let (_site, _service, client) = renewing().await;
    for seconds in [24 * 3600 + 1, i64::MAX, 1, 59] {
        let status = client.create(&csr(None), seconds, Proof::NONE).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{seconds}");
        assert!(status.message().starts_with("CSR signing error (the TTL "), "{status}");
    }
    let status = client.handle(&csr(None), i32::MAX, Proof::NONE).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
}

#[tokio::test]
async fn a_life_of_no_time_is_the_default_and_not_over_at_once() {
    let (_site, _service, client) = renewing().await;
    let answer = client.handle(&csr(None), 0, Proof::NONE).await.unwrap();
    let leaf = Certificate::all_from_pem(&answer.signed_cert).unwrap().swap_remove(0);
    assert!(leaf.facts().not_after - leaf.facts().not_before > HOUR);
}

#[tokio::test]
async fn the_certificate_of_another_ca_is_worth_nothing() {
    let site = Site::new();
    let service = site.serve("");
    let stranger = Site::new().identity(DEFAULT, None, HOUR);
    let asked = match service.dial().showing(&stranger).connect().await {
        Ok(client) => client.create(&csr(None), 0, Proof::NONE).await.map_err(|_| ()),
        Err(_) => Err(()),
    };
    assert!(asked.is_err());
}

#[tokio::test]
async fn a_token_enrols_one_key_and_that_one_as_often_as_it_asks() {
    let site = Site::new();
    let service = site.serve("--enrol-rate 0");
    let client = service.dial().client().await;
    let key = PrivateKey::generate(KeyKind::P256).unwrap();
    let proof = Proof::token("token-0");
    for _ in 0..2 {
        client.leaf(&request(&key, None), proof).await.unwrap();
    }
    let status = client.leaf(&csr(None), proof).await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
    client.leaf(&request(&key, None), proof).await.unwrap();
}
