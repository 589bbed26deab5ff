//! HTTPS, with a CA of the test's own.

use reqwest::{Certificate, Client as Http, ClientBuilder, Identity};

use crate::client::Client;
use crate::marathon::{Marathon, Tls};

fn trusting(marathon: &Marathon, with: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Client {
    let ca = Certificate::from_pem(marathon.ca().as_bytes()).unwrap();
    let http = with(Http::builder().no_proxy().tls_certs_only([ca])).build().unwrap();
    Client::with(marathon.url(), http)
}

#[test]
fn a_client_that_trusts_the_ca_is_answered() {
    let marathon = Marathon::builder().tls(Tls::Server).start();
    assert!(marathon.url().starts_with("https://127.0.0.1:"));
    assert_eq!(trusting(&marathon, |it| it).get("/ping").body, "pong");
    let stranger = Client::of(&marathon).attempt("GET", "/ping", |it| it);
    assert!(stranger.unwrap_err().is_connect());
}

#[test]
fn a_client_may_have_to_show_a_certificate() {
    let marathon = Marathon::builder().tls(Tls::Mutual).start();
    let own = marathon.client_identity();
    let pem = format!("{}{}", own.certificate, own.key);
    let identity = Identity::from_pem(pem.as_bytes()).unwrap();
    assert_eq!(trusting(&marathon, |it| it.identity(identity)).get("/ping").body, "pong");
    assert!(trusting(&marathon, |it| it).attempt("GET", "/ping", |it| it).is_err());
}
