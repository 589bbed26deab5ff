//! Who may ask, and how they sign in.

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pem_rfc7468::LineEnding;
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::client::{Answer, Client};
use crate::marathon::{Access, DcOs, Marathon};
use crate::pod;

const LOGIN: &str = "/acs/api/v1/auth/login";

fn dcos(accounts: DcOs) -> (Marathon, Client) {
    let marathon = Marathon::builder().access(Access::DcOs(accounts)).start();
    let client = Client::at(marathon.dcos_url());
    (marathon, client)
}

/// Asks for the pods with a token.
fn pods(client: &Client, token: &str) -> Answer {
    let token = format!("token={token}");
    client.ask("GET", "/service/marathon/v2/pods", |it| it.header("authorization", token))
}

#[test]
fn a_password_may_be_asked_for() {
    let access = Access::Basic { user: "ann".to_owned(), password: "secret".to_owned() };
    let marathon = Marathon::builder().access(access).start();
    let client = Client::of(&marathon);
    let answer = client.get("/v2/pods");
    assert_eq!(answer.status, 401);
    assert!(answer.header("www-authenticate").unwrap().starts_with("Basic realm="));
    assert!(answer.header("content-type").unwrap().starts_with("text/html"));
    let wrong = client.ask("GET", "/v2/pods", |it| it.basic_auth("ann", Some("guess")));
    assert_eq!(wrong.status, 401);
    let right = client.ask("GET", "/v2/pods", |it| it.basic_auth("ann", Some("secret")));
    assert_eq!(right.status, 200);
}

#[test]
fn behind_dcos_nothing_is_answered_without_a_token() {
    let (marathon, client) = dcos(DcOs::default());
    for answer in [client.get("/service/marathon/v2/pods"), pods(&client, "guess")] {
        assert_eq!(answer.status, 401);
        assert_eq!(answer.header("www-authenticate"), Some("acsjwt"));
        assert!(answer.header("content-type").unwrap().starts_with("text/html"));
    }
    marathon.admit("known");
    assert_eq!(pods(&client, "known").status, 200);
}

#[test]
fn a_password_earns_a_token() {
    let (marathon, client) = dcos(DcOs::default().user("ann", "secret"));
    let wrong = client.post(LOGIN, &json!({"uid": "ann", "password": "guess"}));
    assert_eq!(wrong.status, 401);
    let answer = client.post(LOGIN, &json!({"uid": "ann", "password": "secret"}));
    assert_eq!(answer.status, 200);
    let token = answer.json()["token"].as_str().unwrap().to_owned();
    assert_eq!(pods(&client, &token).status, 200);
    assert_eq!(marathon.sign_ins(), ["ann"]);
    let shown = marathon.see(|cluster| format!("{cluster:?}"));
    assert!(!shown.contains("secret\"") && !shown.contains(&token), "{shown}");
}

#[test]
fn tokens_run_out_and_are_revoked() {
    let (marathon, client) = dcos(DcOs::default().tokens_last(1));
    marathon.admit("short");
    assert_eq!(pods(&client, "short").status, 200);
    assert_eq!(pods(&client, "short").status, 401);
    marathon.admit("other");
    marathon.revoke_tokens();
    assert_eq!(pods(&client, "other").status, 401);
}

#[test]
fn a_pod_may_be_forbidden() {
    let (marathon, client) = dcos(DcOs::default().forbidden("/a"));
    marathon.admit("known");
    let body = pod("/a").to_string();
    let answer = client.ask("PUT", "/service/marathon/v2/pods/a", |it| {
        it.header("authorization", "token=known").body(body)
    });
    assert_eq!(answer.status, 403);
    assert!(answer.header("content-type").unwrap().starts_with("text/plain"));
    assert!(!marathon.has("/a"));
}

/// A service account: its key, and the public half in PEM.
fn account() -> (RsaKeyPair, String) {
    let key = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let public: PublicKeyX509Der<'_> = key.public_key().as_der().unwrap();
    let pem = pem_rfc7468::encode_string("PUBLIC KEY", LineEnding::LF, public.as_ref()).unwrap();
    (key, pem)
}

/// A JWT (RFC 7519), signed with RS256, that ends after so many seconds.
fn signed(key: &RsaKeyPair, uid: &str, seconds: i64) -> String {
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let end = OffsetDateTime::now_utc().unix_timestamp() + seconds;
    let claims = part(json!({"uid": uid, "exp": end}));
    let signed = format!("{}.{claims}", part(json!({"alg": "RS256", "typ": "JWT"})));
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).unwrap();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

#[test]
fn a_service_account_signs_its_own_token() {
    let (key, public) = account();
    let (marathon, client) = dcos(DcOs::default().service_account("bot", &public));
    let login = |token: String| client.post(LOGIN, &json!({"uid": "bot", "token": token}));
    let (stranger, _) = account();
    for wrong in [signed(&stranger, "bot", 60), signed(&key, "ann", 60), signed(&key, "bot", -60)] {
        assert_eq!(login(wrong).status, 401);
    }
    let answer = login(signed(&key, "bot", 60));
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(pods(&client, answer.json()["token"].as_str().unwrap()).status, 200);
    assert_eq!(marathon.sign_ins(), ["bot"]);
}
