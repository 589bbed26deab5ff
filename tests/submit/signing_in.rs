//! Who Marathon is told we are: a token of DC/OS, a sign-in where there is none or it has expired,
//! HTTP basic; and where none of it goes.

use serde_json::json;

use crate::attached::{BOT, PASSWORD, accounts, at, attached, dcos, is_unknown_to, known, submit};
use crate::marathon::{Access, Fault, Marathon, Trouble};
use crate::scratch::{Run, pod};
use crate::site::{Site, meanwhile};

const TOKEN: &str = "dcos_acs_token = \"a-token\"";

/// With the user's own name and password in the environment.
fn with_password(run: Run) -> Run {
    run.env("DCOS_USERNAME", "me").env("DCOS_PASSWORD", PASSWORD)
}

/// How often somebody tried to sign in.
fn attempts(site: &Site) -> usize {
    site.asked("POST", "/acs/api/v1/auth/login")
}

fn basic() -> Access {
    Access::Basic { user: "me".to_owned(), password: PASSWORD.to_owned() }
}

#[test]
fn the_token_of_the_attached_cluster_is_shown() {
    let site = attached(dcos(accounts()), TOKEN);
    site.marathon.admit("a-token");
    submit(&site, &[]).done();
    assert_eq!(site.writes(), ["POST /service/marathon/v2/pods"]);
    assert!(site.marathon.requests().iter().all(|request| request.is_authorized));
    assert_eq!(attempts(&site), 0);
}

#[test]
fn cluster_and_token_may_come_from_the_environment() {
    let site = dcos(accounts());
    site.marathon.admit("a-token");
    let run = site.submit_somewhere(&["pod.json"]);
    run.env("DCOS_URL", &site.marathon.dcos_url()).env("DCOS_ACS_TOKEN", "a-token").done();
    assert_eq!(site.writes(), ["POST /service/marathon/v2/pods"]);
}

#[test]
fn a_token_that_is_kept_back_because_nobody_names_its_cluster_is_told_with_what_to_do() {
    let site = dcos(accounts());
    site.marathon.admit("a-token");
    let run = || site.submit(&["pod.json"]).env("DCOS_ACS_TOKEN", "a-token");
    run().ends(3).says("none but those of a DC/OS cluster").says("say so with DCOS_URL");
    assert!(is_unknown_to(&site.marathon));
    run().env("DCOS_URL", &site.marathon.dcos_url()).done();
}

#[test]
fn a_token_that_has_expired_is_told_with_what_to_do() {
    let site = attached(dcos(accounts()), TOKEN);
    let told = submit(&site, &[]).ends(3);
    told.says("does not accept the token: it may have expired").says("`dcos auth login`");
    assert!(site.writes().is_empty());
}

#[test]
fn without_any_credentials_that_is_told() {
    let site = attached(dcos(accounts()), "");
    submit(&site, &[]).ends(3).says("asks for credentials, and there are none\n");
}

#[test]
fn user_and_password_of_the_environment_sign_in() {
    for known in ["", TOKEN] {
        let site = attached(dcos(accounts()), known);
        with_password(submit(&site, &[])).done();
        assert_eq!(site.marathon.sign_ins(), ["me"]);
    }
}

#[test]
fn user_and_password_file_sign_in_without_the_cli() {
    let site = dcos(accounts()).file("password", "hunter2\n");
    site.submit(&["--username", "me", "--password-file", "password", "pod.json"]).done();
    assert_eq!(site.marathon.sign_ins(), ["me"]);
}

#[test]
fn a_service_account_signs_in_with_its_key_in_pem() {
    let site = attached(dcos(accounts()), TOKEN).file("key.pem", &BOT.private);
    submit(&site, &["--username", "bot", "--private-key", "key.pem"]).done();
    assert_eq!(site.marathon.sign_ins(), ["bot"]);
}

#[test]
fn a_service_account_signs_in_with_the_json_of_its_secret() {
    let secret = json!({"uid": "bot", "private_key": BOT.private, "scheme": "RS256"});
    let site = dcos(accounts()).file("secret.json", &secret.to_string());
    site.submit(&["--private-key", "secret.json", "pod.json"]).done();
    assert_eq!(site.marathon.sign_ins(), ["bot"]);
}

#[test]
fn a_user_who_is_not_the_one_of_the_secret_is_refused() {
    let secret = json!({"uid": "bot", "private_key": BOT.private, "scheme": "RS256"});
    let site = dcos(accounts()).file("secret.json", &secret.to_string());
    let of = |user| ["--username", user, "--private-key", "secret.json", "pod.json"];
    site.submit(&of("robot")).refused().says("secret.json is of bot, and --username of robot");
    assert!(site.marathon.requests().is_empty());
    site.submit(&of("bot")).env("DCOS_USERNAME", "me").done();
    assert_eq!(site.marathon.sign_ins(), ["bot"]);
}

#[test]
fn of_many_requests_that_are_refused_together_one_signs_in() {
    let pods: Vec<_> = (0..8).map(|number| format!("/p{number}")).collect();
    let site = pods.iter().fold(dcos(accounts()), |site, id| {
        site.marathon.script(id, Trouble::stays_staging("app"));
        site.file(&format!("pods{id}.json"), &pod(id))
    });
    let site = attached(site, "");
    let run = with_password(known(&site, site.submit_somewhere(&["pods"])));
    let told = meanwhile(run, || {
        site.marathon.wait_until(|cluster| pods.iter().all(|id| cluster.has(id)));
        site.marathon.revoke_tokens();
        for id in &pods {
            site.marathon.mend(id);
            site.marathon.crash(id, "app", 1, "again");
        }
    });
    assert_eq!(told.code, 0, "{}", told.err);
    assert_eq!(site.marathon.sign_ins(), ["me", "me"]);
}

#[test]
fn a_token_that_expires_again_and_again_does_not_end_a_run() {
    let site = attached(dcos(accounts().tokens_last(4)), "");
    let told = with_password(submit(&site, &[])).done();
    assert!(told.out.contains("created  stable"), "{}", told.out);
    assert!(site.marathon.sign_ins().len() > 1);
    let accepted = site.marathon.see(|cluster| cluster.log().ended().len());
    assert_eq!(accepted, 1);
}

#[test]
fn a_token_that_expires_without_a_way_to_another_ends_the_run() {
    let site = attached(dcos(accounts().tokens_last(4)), TOKEN);
    site.marathon.admit("a-token");
    let told = submit(&site, &[]).ends(3).says("it may have expired");
    assert!(!told.out.contains(" stable"), "{}", told.out);
}

#[test]
fn a_wrong_password_is_tried_once() {
    let site = attached(dcos(accounts()), "");
    let run = submit(&site, &[]).env("DCOS_USERNAME", "me").env("DCOS_PASSWORD", "wrong");
    run.ends(3).says("does not let me sign in");
    assert_eq!(attempts(&site), 1);
    assert!(site.marathon.sign_ins().is_empty());
}

#[test]
fn a_key_of_another_account_does_not_sign_in() {
    let site = attached(dcos(accounts()), "").file("key.pem", &BOT.private);
    let run = submit(&site, &["--username", "somebody", "--private-key", "key.pem"]);
    run.ends(3).says("does not let somebody sign in");
}

#[test]
fn a_sign_in_that_is_out_of_reach_for_a_while_is_tried_again() {
    for fault in [Fault::Answer(503, String::new()), Fault::Reset, Fault::HalfBody] {
        let site = attached(dcos(accounts()), "");
        site.marathon.fault(1, "POST", "/acs", fault);
        with_password(submit(&site, &[])).done().says("trying again: ");
    }
}

#[test]
fn a_sign_in_that_gives_no_token_is_told() {
    let site = attached(dcos(accounts()), "");
    site.marathon.fault(1, "POST", "/acs", Fault::Answer(200, "<html></html>".to_owned()));
    with_password(submit(&site, &[])).ends(3).says("gives no token, but 200 OK");
}

#[test]
fn a_password_does_not_follow_a_redirect_to_another_host() {
    let (site, elsewhere) = (attached(dcos(accounts()), ""), Marathon::start());
    let target = format!("{}/acs/api/v1/auth/login", elsewhere.url());
    site.marathon.fault(usize::MAX, "POST", "/acs", Fault::Redirect(307, target));
    let run = with_password(submit(&site, &["--patience", "500ms"]));
    run.ends(4).says("which is none of the URLs that were named");
    assert!(elsewhere.requests().is_empty());
}

#[test]
fn marathons_own_sign_in_is_http_basic() {
    let site = at(Marathon::builder().access(basic()).start()).file("password", PASSWORD);
    site.submit(&["--username", "me", "--password-file", "password", "pod.json"]).done();
    let refused = site.marathon.requests().iter().filter(|it| !it.is_authorized).count();
    assert_eq!(refused, 1, "from the second request on it is known what is asked for");
}

#[test]
fn a_wrong_password_for_http_basic_is_told() {
    let site = at(Marathon::builder().access(basic()).start()).file("password", "wrong");
    let run = site.submit(&["--username", "me", "--password-file", "password", "pod.json"]);
    run.ends(3).says("does not accept the credentials");
    assert_eq!(site.marathon.requests().len(), 2);
}

#[test]
fn who_may_not_touch_a_pod_is_told_so_in_the_words_of_the_server() {
    let site = attached(dcos(accounts().forbidden("/a")), TOKEN);
    site.marathon.admit("a-token");
    submit(&site, &[]).ends(3).says("/a: GET /v2/pods/a: Access denied (403)");
}

#[test]
fn the_token_and_the_password_of_the_cluster_are_for_no_other_marathon() {
    let site = attached(dcos(accounts()), TOKEN);
    let other = at(Marathon::builder().access(basic()).start());
    let run = site.submit_to(&other.marathon.url(), &["pod.json"]);
    let told = with_password(known(&site, run)).ends(3);
    told.says("asks for credentials, and there are none but those of a DC/OS cluster");
    assert!(is_unknown_to(&other.marathon) && site.marathon.requests().is_empty());
}

#[test]
fn who_is_signed_in_to_a_cluster_may_use_an_open_marathon_elsewhere() {
    let site = attached(dcos(accounts()), TOKEN);
    let other = Marathon::start();
    let run = site.submit_to(&other.url(), &["pod.json"]);
    with_password(known(&site, run)).done();
    assert!(other.has("/a") && is_unknown_to(&other));
}

#[test]
fn a_cluster_that_is_only_one_of_the_urls_gets_no_token() {
    let site = attached(dcos(accounts()), TOKEN);
    let other = Marathon::start();
    let urls = format!("{},{}", other.url(), site.marathon.url());
    known(&site, site.submit_to(&urls, &["pod.json"])).done();
    assert!(is_unknown_to(&other) && is_unknown_to(&site.marathon));
}

#[test]
fn marathon_is_where_the_configuration_says_and_gets_no_token_there() {
    let other = Marathon::start();
    let more = format!("{TOKEN}\n[marathon]\nurl = \"{}\"", other.url());
    let site = attached(dcos(accounts()), &more);
    submit(&site, &[]).done();
    assert!(other.has("/a") && is_unknown_to(&other));
    assert!(site.marathon.requests().is_empty());
}
