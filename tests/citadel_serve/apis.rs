//! Both generations of Istio's API, as their agents use them.

use std::time::Duration;

use marathon_inject::identity::x509::{Certificate, KeyKind, PrivateKey, check_path};
use prost::Message;
use time::OffsetDateTime;
use tonic::codegen::http::uri::PathAndQuery;
use tonic_prost::ProstCodec;

use crate::client::{Proof, in_time};
use crate::requests::{csr, csr_of, p384, request};
use crate::site::{DEFAULT, Site};

const HOUR: Duration = Duration::from_secs(3600);

fn only(pem: &str) -> Certificate {
    let mut all = Certificate::all_from_pem(pem.as_bytes()).unwrap();
    assert_eq!(all.len(), 1, "{pem}");
    all.swap_remove(0)
}

#[tokio::test]
async fn a_token_brings_a_certificate_of_its_identity_for_the_key_of_the_csr() {
    let site = Site::new();
    let service = site.serve("");
    let key = PrivateKey::generate(KeyKind::P256).unwrap();
    let client = service.dial().client().await;
    let leaf = client.leaf(&request(&key, None), Proof::token("token-0")).await.unwrap();
    assert_eq!(leaf.identity().unwrap().to_string(), DEFAULT);
    assert_eq!(leaf.public_key().unwrap(), &key.public_key());
    check_path(&leaf, &[], &site.roots(), OffsetDateTime::now_utc()).unwrap();
    let life = leaf.facts().not_after - OffsetDateTime::now_utc();
    assert!((life - HOUR).abs() < time::Duration::MINUTE, "{life}");
}

#[tokio::test]
async fn each_element_is_one_certificate_with_an_end_of_line_and_the_last_is_all_the_roots() {
    let site = Site::intermediate();
    site.done("rotate-root prepare --dir ca");
    let service = site.serve("");
    let client = service.dial().client().await;
    let chain = client.create(&csr(None), 0, Proof::token("token-0")).await.unwrap();
    let [leaf, intermediate, roots] = &chain[..] else { panic!("{chain:?}") };
    assert!(chain.iter().all(|element| element.ends_with("-----END CERTIFICATE-----\n")));
    let (leaf, intermediate) = (only(leaf), only(intermediate));
    let roots = Certificate::all_from_pem(roots.as_bytes()).unwrap();
    assert_eq!(roots, site.roots());
    assert_eq!(roots.len(), 2);
    check_path(&leaf, &[intermediate], &roots[..1], OffsetDateTime::now_utc()).unwrap();
}

#[tokio::test]
async fn an_agent_of_istio_1_0_gets_its_leaf_and_what_stands_between_without_the_root() {
    for (site, between) in [(Site::new(), 0), (Site::intermediate(), 1)] {
        let service = site.serve("");
        let client = service.dial().client().await;
        let answer = client.handle(&csr(None), 0, Proof::token("token-0")).await.unwrap();
        assert!(answer.is_approved);
        let leaf = only(std::str::from_utf8(&answer.signed_cert).unwrap());
        let chain = Certificate::all_from_pem(&answer.cert_chain).unwrap_or_default();
        assert_eq!(chain.len(), between);
        check_path(&leaf, &chain, &site.roots(), OffsetDateTime::now_utc()).unwrap();
    }
}

#[tokio::test]
async fn an_agent_with_a_certificate_renews_it_by_either_api() {
    let site = Site::new();
    let service = site.serve("");
    let identity = site.identity(DEFAULT, None, HOUR);
    let client = service.dial().showing(&identity).client().await;
    let leaf = client.leaf(&csr(Some(DEFAULT)), Proof::NONE).await.unwrap();
    assert_eq!(leaf.identity().unwrap().to_string(), DEFAULT);
    let answer = client.handle(&csr(Some(DEFAULT)), 60, Proof::NONE).await.unwrap();
    assert!(answer.is_approved);
}

#[tokio::test]
async fn the_kind_of_the_key_is_the_agents_choice_whatever_the_ca_has() {
    for ca in [KeyKind::P256, KeyKind::Rsa2048] {
        let site = Site::with(ca);
        let service = site.serve("");
        let client = service.dial().client().await;
        let csrs = [csr_of(KeyKind::P256, None), csr_of(KeyKind::Rsa2048, None), p384()];
        for (csr, token) in csrs.iter().zip(["token-0", "token-1", "token-2"]) {
            let leaf = client.leaf(csr, Proof::token(token)).await.unwrap();
            check_path(&leaf, &[], &site.roots(), OffsetDateTime::now_utc()).unwrap();
        }
    }
}

#[tokio::test]
async fn who_asks_for_a_life_gets_it_and_who_asks_for_none_the_default() {
    let site = Site::new();
    let service = site.serve("--workload-cert-ttl 21h --max-workload-cert-ttl 48h");
    let identity = site.identity(DEFAULT, None, HOUR);
    let client = service.dial().showing(&identity).client().await;
    for (seconds, hours) in [(0, 21), (-5, 21), (7200, 2), (48 * 3600, 48)] {
        let chain = client.create(&csr(None), seconds, Proof::NONE).await.unwrap();
        let left = only(&chain[0]).facts().not_after - OffsetDateTime::now_utc();
        let off = left - time::Duration::hours(hours);
        assert!(off.abs() < time::Duration::MINUTE, "{seconds}: {left}");
    }
    let answer = client.handle(&csr(None), 120, Proof::NONE).await.unwrap();
    let leaf = only(std::str::from_utf8(&answer.signed_cert).unwrap());
    let left = leaf.facts().not_after - OffsetDateTime::now_utc();
    assert!((left - 2 * HOUR).abs() < time::Duration::MINUTE, "{left}");
}

/// A request as Istio's agents of today send it.
#[derive(Clone, PartialEq, Message)]
struct Wide {
    #[prost(string, tag = "1")]
    csr: String,
    #[prost(int64, tag = "3")]
    validity_duration: i64,
    /// In truth a struct; here its encoding does not matter.
    #[prost(bytes, tag = "4")]
    metadata: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct Chain {
    #[prost(string, repeated, tag = "1")]
    cert_chain: Vec<String>,
}

#[tokio::test]
async fn what_a_request_has_besides_is_passed_over() {
    let site = Site::new();
    let service = site.serve("");
    let client = service.dial().client().await;
    let wide = Wide { csr: csr(None), validity_duration: 0, metadata: b"\x0a\x00".to_vec() };
    let mut grpc = tonic::client::Grpc::new(client.0);
    grpc.ready().await.unwrap();
    let path =
        PathAndQuery::from_static("/istio.v1.auth.IstioCertificateService/CreateCertificate");
    let codec = ProstCodec::<Wide, Chain>::default();
    let request = Proof::token("token-0").on(wide);
    let answer = in_time(grpc.unary(request, path, codec)).await.unwrap();
    assert_eq!(answer.into_inner().cert_chain.len(), 2);
}
