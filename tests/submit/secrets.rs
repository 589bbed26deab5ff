//! What is secret stays so, whatever goes wrong.

use std::time::Duration;

use marathon_inject::marathon::{Client, Credentials, Limits, Login, Secret, Security};
use serde_json::json;

use crate::attached::{BOT, PASSWORD, accounts, attached, dcos, known, submit};
use crate::marathon::{Fault, Marathon};
use crate::scratch::{Run, Told};
use crate::site::Site;

const TOKEN: &str = "eyJhbGciOiJIUzI1NiJ9.c2VjcmV0";

/// A cluster that the CLI has a token for, with files of all secrets.
fn site() -> Site {
    let site = attached(dcos(accounts()), &format!("dcos_acs_token = \"{TOKEN}\""));
    let secret = json!({"uid": "bot", "private_key": BOT.private, "scheme": "RS256"});
    site.file("password", PASSWORD)
        .file("key.pem", &BOT.private)
        .file("bot.json", &secret.to_string())
}

/// Expects that nothing of what is secret was said.
fn keeps_secrets(told: &Told) {
    let said = format!("{}{}", told.out, told.err);
    let key = BOT.private.lines().nth(1).unwrap();
    for secret in [TOKEN, PASSWORD, key, "eyJ", "token="] {
        assert!(!said.contains(secret), "{secret:?} in:\n{said}");
    }
}

/// A submission as a user, and one as a service account.
fn runs(site: &Site) -> [Run; 4] {
    [
        submit(site, &[]),
        submit(site, &["--username", "me", "--password-file", "password"]),
        submit(site, &["--username", "bot", "--private-key", "key.pem"]),
        submit(site, &["--private-key", "bot.json"]),
    ]
}

#[test]
fn no_sign_in_that_fails_tells_a_secret() {
    let echo = format!("you sent {PASSWORD}");
    let faults = [
        Fault::Answer(401, String::new()),
        Fault::Answer(403, "no".to_owned()),
        Fault::Answer(200, "<html></html>".to_owned()),
        Fault::Answer(200, format!("{{\"token\": 7, \"was\": \"{echo}\"}}")),
        Fault::Answer(400, echo),
    ];
    for fault in faults {
        let site = site();
        site.marathon.fault(usize::MAX, "POST", "/acs", fault);
        runs(&site).into_iter().for_each(|run| keeps_secrets(&run.ends(3)));
    }
}

#[test]
fn no_outage_tells_a_secret() {
    for fault in [Fault::Reset, Fault::Answer(503, String::new()), Fault::HalfJson] {
        let site = site();
        site.marathon.fault(usize::MAX, "POST", "/acs", fault.clone());
        site.marathon.fault(usize::MAX, "GET", "/v2/pods", fault);
        let run = submit(&site, &["--patience", "300ms", "--private-key", "bot.json"]);
        keeps_secrets(&run.told());
    }
}

#[test]
fn no_file_that_cannot_be_used_tells_a_secret() {
    let broken = BOT.private.replace("PRIVATE", "PUBLIC");
    let json = format!("{{\"uid\": \"bot\", \"private_key\": \"{PASSWORD}\"}}");
    let site = site().file("key.pem", &broken).file("bot.json", &json);
    for arguments in [
        ["--username", "bot", "--private-key", "key.pem"].as_slice(),
        &["--private-key", "bot.json"],
    ] {
        keeps_secrets(&submit(&site, arguments).ends(2));
    }
}

#[test]
fn a_file_that_is_too_large_for_a_secret_is_refused_and_not_cut() {
    let large = format!("{PASSWORD}\n{}", " ".repeat(1 << 20));
    let site = site().file("password", &large).file("bot.json", &large);
    for arguments in [
        ["--username", "me", "--password-file", "password"].as_slice(),
        &["--private-key", "bot.json"],
    ] {
        let told = submit(&site, arguments).refused().says("too large for a password or a key");
        keeps_secrets(&told);
    }
    assert!(site.marathon.requests().is_empty());
}

#[test]
fn a_password_in_a_url_is_refused_and_not_repeated() {
    for url in ["http://me:hunter2@marathon:8080", "http://a,http://:hunter2@b", "hunter2@"] {
        let site = site();
        let told = known(&site, site.submit_to(url, &["pod.json"])).refused();
        keeps_secrets(&told);
        told.says("must not hold a user or a password");
        let told = site.submit_somewhere(&["pod.json"]).env("INJECT_MARATHON", url).refused();
        keeps_secrets(&told);
    }
}

#[test]
fn that_credentials_leave_the_machine_in_the_clear_is_warned_of() {
    let site = site();
    let user = ["--username", "me", "--password-file", "password"];
    let hasty = [&user[..], &["--patience", "10ms", "pod.json"]].concat();
    let warned = |url: &str| {
        let told = site.submit_to(url, &hasty).ends(4);
        told.err.contains("warning: credentials go to ")
    };
    assert!(warned("http://marathon.invalid"));
    assert!(warned("http://127.marathon.invalid"));
    let quiet = site.submit_to("http://marathon.invalid", &[&hasty[..], &["--quiet"]].concat());
    quiet.ends(4).says("warning: credentials go to ");
    for local in ["http://127.0.0.9:1", "http://localhost:1", "http://[::1]:1"] {
        assert!(!warned(local), "{local}");
    }
}

#[test]
fn nothing_shows_what_a_client_knows() {
    let credentials = Credentials {
        token: Some(Secret::new(TOKEN)),
        login: Some(Login::Password { user: "me".to_owned(), password: Secret::new(PASSWORD) }),
        ..Credentials::default()
    };
    assert!(!format!("{credentials:?}").contains(PASSWORD));
    assert!(!format!("{credentials:?}").contains(TOKEN));
    let second = Duration::from_secs(1);
    let limits = Limits { call: second, patience: second, first_contact: second };
    let address = Marathon::start().url().parse().unwrap();
    let client = Client::new(address, &Security::default(), credentials, limits, Box::new(|_| ()));
    let shown = format!("{:?}", client.unwrap());
    assert!(shown.starts_with("Client { address: "), "{shown}");
    assert!(!shown.contains(PASSWORD) && !shown.contains(TOKEN), "{shown}");
}
