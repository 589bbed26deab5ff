//! Joining without a Marathon: by the tokens of a list.

use std::sync::Arc;

use marathon_inject::citadel::attest::{Applicant, Attested, Attestor, Denied, Method, TokenList};
use marathon_inject::identity::x509::hex;
use marathon_inject::identity::{JoinToken, TrustDomain};
use time::{Duration, OffsetDateTime};

use crate::site::{CART, Ca, applicant, forbidden, identity, now, unauthenticated};

const TOKEN: &str = "Q2l0YWRlbCdzIGpvaW4gdG9rZW4gb2YgMjU2IGJpdHM";

fn sha256(text: &str) -> String {
    hex(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes()).as_ref())
}

fn entry(more: &str) -> String {
    format!("[[token]]\nsha256 = '{}'\nidentity = '{CART}'\n{more}\n", sha256(TOKEN))
}

fn list(text: &str) -> Result<TokenList, String> {
    TokenList::parse(text, &TrustDomain::default()).map_err(|fault| fault.to_string())
}

fn attestor(ca: &Ca, text: &str) -> Attestor {
    Attestor::fixed(list(text).unwrap(), ca.enrolments())
}

fn enrol(
    attestor: &Attestor,
    applicant: &Applicant,
    now: OffsetDateTime,
) -> Result<Attested, Denied> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let attested = attestor.attest(applicant, now).await?;
        attestor.record(applicant, &attested, now).await?;
        Ok(attested)
    })
}

fn bearer() -> Applicant {
    applicant(JoinToken::new(TOKEN))
}

#[test]
fn a_listed_token_brings_the_identity_that_is_listed_with_it() {
    let ca = Ca::new();
    let attested = Attested { identity: identity(CART), task: None, method: Method::Token };
    assert_eq!(enrol(&attestor(&ca, &entry("")), &bearer(), now()), Ok(attested));
}

#[test]
fn a_token_that_is_not_listed_brings_nothing() {
    let (ca, other) = (Ca::new(), "b".repeat(43));
    let attestor = attestor(&ca, &entry(""));
    for text in [other.as_str(), "", &sha256(TOKEN), &TOKEN[1..]] {
        let asks = applicant(JoinToken::new(text));
        unauthenticated(enrol(&attestor, &asks, now()), "not listed");
    }
    unauthenticated(enrol(&attestor, &Applicant { token: None, ..bearer() }, now()), "neither");
    assert_eq!(attestor.reaches_marathon(), None);
}

#[test]
fn a_token_is_of_use_once_also_after_a_restart() {
    let (ca, first) = (Ca::new(), bearer());
    let before = attestor(&ca, &entry(""));
    assert!(enrol(&before, &first, now()).is_ok());
    forbidden(enrol(&before, &bearer(), now()), "enrolled before");
    drop(before);
    let after = attestor(&ca, &entry(""));
    forbidden(enrol(&after, &bearer(), now()), "enrolled before");
    assert!(enrol(&after, &first, now()).is_ok(), "the answer may have got lost");
}

#[test]
fn a_token_expires() {
    let ca = Ca::new();
    let attestor = attestor(&ca, &entry("expires = '2026-12-31T00:00:00Z'"));
    let end = time::macros::datetime!(2026-12-31 00:00 UTC);
    unauthenticated(enrol(&attestor, &bearer(), end), "expired");
    assert!(enrol(&attestor, &bearer(), end - Duration::SECOND).is_ok());
}

#[test]
fn any_certificate_of_a_workload_is_renewed() {
    let ca = Ca::new();
    let certificate = Some(ca.certificate(CART, None));
    let attestor = Attestor::fixed(list("").unwrap(), Arc::clone(&ca.enrolments()));
    let renewing = Applicant { certificate, token: None, ..bearer() };
    let attested = Attested { identity: identity(CART), task: None, method: Method::Certificate };
    assert_eq!(enrol(&attestor, &renewing, now()), Ok(attested));
}

#[test]
fn what_is_wrong_with_a_list_is_told_with_its_place() {
    assert_eq!(list(&entry("")).map(|_| ()), Ok(()));
    for (text, words) in [
        (entry("expire = 'x'"), "4:1: unknown field `expire`"),
        (entry("expires = 'tomorrow'"), "4:11: expected a time"),
        (entry("") + &entry(""), "6:10: the same token"),
        (entry("").replace(&sha256(TOKEN), "abc"), "2:10: expected a SHA-256"),
        (entry("").replace("cluster.local", "other"), "3:12: spiffe://other"),
        ("[[tokens]]".to_owned(), "1:3: unknown field `tokens`"),
        ("[[token]]\nidentity = 'x'".to_owned(), "missing field `sha256`"),
    ] {
        let fault = list(&text).unwrap_err();
        assert!(fault.contains(words), "{text}: {fault}");
    }
}
