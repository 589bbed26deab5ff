//! `citadel bundle` makes the bundle of one workload: who it is for, and for how long.

use time::{Duration, OffsetDateTime};

use crate::scratch::Scratch;

const DEFAULT: &str = "spiffe://cluster.local/ns/default/sa/default";

/// The identity of the bundle `x.tgz`.
fn identity(scratch: &Scratch) -> String {
    scratch.leaf("x.tgz").identity().unwrap().to_string()
}

#[test]
fn a_bundle_is_for_the_default_service_account_unless_told() {
    let scratch = Scratch::with_ca();
    let told = scratch.citadel("bundle -o x.tgz").done();
    assert_eq!(told.out(), "");
    assert_eq!(identity(&scratch), DEFAULT);
    told.says(&format!("x.tgz: {DEFAULT}, valid until "));
}

#[test]
fn a_bundle_is_for_the_identity_that_is_named() {
    let scratch = Scratch::with_ca();
    let named = "spiffe://cluster.local/ns/shop/sa/web";
    for line in [
        "--identity spiffe://cluster.local/ns/shop/sa/web",
        "--namespace shop \
         --service-account web",
    ] {
        scratch.citadel(&format!("bundle -o x.tgz {line}")).done();
        assert_eq!(identity(&scratch), named);
    }
    scratch.citadel("bundle -o x.tgz --namespace shop").done();
    assert_eq!(identity(&scratch), "spiffe://cluster.local/ns/shop/sa/default");
    scratch.citadel("bundle -o x.tgz --service-account web").done();
    assert_eq!(identity(&scratch), "spiffe://cluster.local/ns/default/sa/web");
}

#[test]
fn a_bundle_is_of_the_cas_trust_domain() {
    let scratch = Scratch::new();
    scratch.citadel("init --trust-domain mesh.example").done();
    scratch.citadel("bundle -o x.tgz").done();
    assert_eq!(identity(&scratch), "spiffe://mesh.example/ns/default/sa/default");
}

#[test]
fn the_variables_of_inject_name_the_workload() {
    let scratch = Scratch::with_ca();
    let run = |line: &str| {
        let run = scratch.citadel(line).env("INJECT_NAMESPACE", "shop");
        run.env("INJECT_SERVICE_ACCOUNT", "web").done();
        identity(&scratch)
    };
    assert_eq!(run("bundle -o x.tgz"), "spiffe://cluster.local/ns/shop/sa/web");
    let flag = run("bundle -o x.tgz --namespace till");
    assert_eq!(flag, "spiffe://cluster.local/ns/till/sa/web");
    assert_eq!(run(&format!("bundle -o x.tgz --identity {DEFAULT}")), DEFAULT);
}

#[test]
fn a_variable_that_is_no_name_is_refused() {
    for name in ["INJECT_NAMESPACE", "INJECT_SERVICE_ACCOUNT"] {
        for value in ["", "a/b", "A"] {
            let told = Scratch::with_ca().citadel("bundle -o x.tgz").env(name, value).refused();
            told.says(&format!("error: {name}: invalid value {value:?}: "));
        }
    }
}

#[test]
fn a_config_file_that_the_variable_names_hinders_no_single_bundle() {
    let scratch = Scratch::with_ca();
    scratch.citadel("bundle -o x.tgz").env("INJECT_CONFIG", "no.toml").done();
    scratch.citadel("bundle -o x.tgz --config no.toml").refused().says("--marathon");
}

#[test]
fn an_identity_is_given_in_one_way() {
    let scratch = Scratch::with_ca();
    for flag in ["--namespace shop", "--service-account web", "--marathon pods"] {
        let line = format!("bundle -o x.tgz --identity {DEFAULT} {flag}");
        scratch.citadel(&line).refused().says("cannot be used with");
    }
}

#[test]
fn an_identity_of_another_trust_domain_is_refused() {
    let foreign = "spiffe://other.example/ns/default/sa/default";
    let told = Scratch::with_ca().citadel("bundle -o x.tgz --identity").arg(foreign).refused();
    told.says(&format!("{foreign} is not of this CA's trust domain cluster.local"));
}

#[test]
fn what_is_no_identity_is_refused() {
    let scratch = Scratch::with_ca();
    for text in [
        "",
        "default",
        "spiffe://cluster.local",
        "spiffe://cluster.local/ns/default/sa/",
        "spiffe://cluster.local/ns/default/sa/default/more",
        "spiffe://cluster.local/ns/../sa/default",
        "spiffe://cluster.local/ns/default/sa/a b",
        "spiffe://cluster.local/ns/default/sa/Default",
        "spiffe://Cluster.local/ns/default/sa/default",
        "https://cluster.local/ns/default/sa/default",
        "spiffe://cluster.local/ns/default/sa/default\n",
    ] {
        let told = scratch.citadel("bundle -o x.tgz --identity").arg(text).refused();
        told.says("invalid value");
    }
    for text in ["", "Shop", "a/b", "..", "-a", "a b"] {
        scratch.citadel("bundle -o x.tgz").arg(format!("--namespace={text}")).refused();
        scratch.citadel("bundle -o x.tgz").arg(format!("--service-account={text}")).refused();
    }
}

#[test]
fn a_leaf_lives_a_day_unless_told() {
    let scratch = Scratch::with_ca();
    for (flag, life) in [
        ("", Duration::hours(24)),
        ("--ttl 60s", Duration::minutes(1)),
        ("--ttl 90d", Duration::days(90)),
    ] {
        scratch.citadel(&format!("bundle -o x.tgz {flag}")).done();
        let facts = scratch.leaf("x.tgz").facts().clone();
        assert_eq!(facts.not_after - facts.not_before, life + Duration::minutes(2), "{flag}");
    }
}

#[test]
fn a_life_out_of_bounds_is_refused() {
    let scratch = Scratch::with_ca();
    for (ttl, words) in [
        ("0s", "it has to be some time"),
        ("59s", "a leaf lives between 1m and 90d, not 59s"),
        ("2160h1s", "a leaf lives between 1m and 90d, not 90d 1s"),
        ("91d", "a leaf lives between 1m and 90d, not 91d"),
        ("24", "write it as 30s, 24h, 90d or 1h30m"),
        ("soon", "write it as 30s, 24h, 90d or 1h30m"),
        ("-1h", "write it as 30s, 24h, 90d or 1h30m"),
        ("99999999999999999999y", "write it as 30s, 24h, 90d or 1h30m"),
    ] {
        let told = scratch.citadel("bundle -o x.tgz").arg(format!("--ttl={ttl}")).refused();
        told.says(words);
    }
}

#[test]
fn a_leaf_ends_with_its_signer_at_the_latest() {
    let scratch = Scratch::new();
    scratch.citadel("init --ttl 1h").done();
    scratch.citadel("bundle -o x.tgz").done();
    let [leaf, signer] = [scratch.leaf("x.tgz"), scratch.signer("ca")];
    assert_eq!(leaf.facts().not_after, signer.facts().not_after);
    scratch.citadel("verify x.tgz").done();
}

/// A CA in its tenth hour of which the first was so long ago.
fn ca_made(ago: Duration) -> Scratch {
    Scratch::new().ca_from("ca", OffsetDateTime::now_utc() - ago, Duration::hours(10))
}

#[test]
fn a_ca_that_has_ended_signs_nothing() {
    let scratch = ca_made(Duration::hours(11));
    let told = scratch.citadel("bundle -o x.tgz").refused();
    told.says("has ended at").says("it can sign nothing now");
    scratch.citadel("inspect ca").done().shows("(ended ");
}

#[test]
fn a_ca_that_has_not_begun_signs_nothing() {
    let scratch = ca_made(Duration::hours(-1));
    scratch.citadel("bundle -o x.tgz").refused().says("begins at");
}

#[test]
fn a_root_that_ends_soon_is_a_warning_even_in_a_quiet_run() {
    let scratch = ca_made(Duration::hours(9));
    let told = scratch.citadel("bundle --quiet -o x.tgz").done();
    told.says("warning: the CA's certificate ").says("left; `citadel rotate-root renew`");
    let scratch = ca_made(Duration::hours(7));
    assert_eq!(scratch.citadel("bundle --quiet -o x.tgz").done().err, "");
}

#[test]
fn a_ca_that_ends_soon_is_a_warning_on_the_way_to_the_next_root_too() {
    let scratch = ca_made(Duration::hours(9));
    scratch.citadel("rotate-root prepare").done();
    let told = scratch.citadel("bundle --quiet -o x.tgz").done();
    told.says("warning: the CA's certificate ").says("go on with `citadel rotate-root activate`");
    scratch.citadel("rotate-root activate --force").done();
    assert_eq!(scratch.citadel("bundle --quiet -o x.tgz").done().err, "");
}

#[test]
fn a_successor_that_ends_soon_itself_is_a_warning() {
    let scratch = ca_made(Duration::ZERO);
    let scratch = scratch.ca_from(
        "soon",
        OffsetDateTime::now_utc() - Duration::hours(9),
        Duration::hours(10),
    );
    let soon = scratch.active("soon");
    let files = format!("--signing-cert {soon}/ca-cert.pem --signing-key {soon}/ca-key.pem");
    let files = format!("{files} --root-cert {soon}/root-cert.pem");
    scratch.citadel(&format!("rotate-root prepare {files}")).done();
    assert_eq!(scratch.citadel("bundle --quiet -o x.tgz").done().err, "");
    scratch.citadel("rotate-root activate --force").done();
    let told = scratch.citadel("bundle --quiet -o x.tgz").done();
    told.says("after `citadel rotate-root retire` begin again with `citadel rotate-root prepare`");
}

#[test]
fn the_key_is_new_each_time_and_of_the_kind_that_is_asked_for() {
    let scratch = Scratch::with_ca();
    scratch.citadel("bundle -o x.tgz").done();
    let first = scratch.leaf("x.tgz");
    assert_eq!(first.facts().key, "P-256");
    scratch.citadel("bundle -o x.tgz").done();
    assert!(first.public_key() != scratch.leaf("x.tgz").public_key(), "the key is an old one");
    scratch.citadel("bundle -o x.tgz --key rsa2048").done();
    assert_eq!(scratch.leaf("x.tgz").facts().key, "RSA-2048");
}

#[test]
fn the_subject_is_empty_unless_an_organisation_is_named() {
    let scratch = Scratch::with_ca();
    scratch.citadel("bundle -o x.tgz").done();
    let facts = scratch.leaf("x.tgz").facts().clone();
    assert!(facts.subject.is_empty() && facts.subject_alt_names_critical);
    scratch.citadel("bundle -o x.tgz --org Shop").done();
    assert_eq!(scratch.leaf("x.tgz").facts().subject, "O=Shop");
}

#[test]
fn a_leaf_is_for_servers_and_clients_and_signs_no_certificates() {
    let scratch = Scratch::with_ca();
    scratch.citadel("bundle -o x.tgz").done();
    let facts = scratch.leaf("x.tgz").facts().clone();
    assert!(!facts.is_ca);
    assert_eq!(facts.key_usage, ["digitalSignature"]);
    assert_eq!(facts.extended_key_usage, ["serverAuth", "clientAuth"]);
}
