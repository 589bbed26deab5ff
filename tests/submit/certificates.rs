//! Whom we trust over TLS, and the certificate that we show.

use crate::attached::{accounts, at, attached, submit};
use crate::marathon::{Access, Marathon, Tls};
use crate::site::Site;

/// A cluster of DC/OS that speaks TLS, attached with these words on `core.ssl_verify`.
fn dcos(ssl_verify: &str) -> Site {
    let builder = Marathon::builder().access(Access::DcOs(accounts())).tls(Tls::Server);
    let site = at(builder.start());
    site.marathon.admit("a-token");
    let ca = site.marathon.ca();
    let more = format!("dcos_acs_token = \"a-token\"\n{ssl_verify}");
    attached(site, &more).file("dcos/clusters/one/ca.pem", &ca)
}

/// A Marathon that lets nobody in without a certificate, and one that it takes.
fn mutual() -> Site {
    let site = at(Marathon::builder().tls(Tls::Mutual).start());
    let (ca, identity) = (site.marathon.ca(), site.marathon.client_identity());
    site.file("ca.pem", &ca).file("cert.pem", &identity.certificate).file("key.pem", &identity.key)
}

const IDENTITY: [&str; 6] =
    ["--ca-cert", "ca.pem", "--client-cert", "cert.pem", "--client-key", "key.pem"];

#[test]
fn an_authority_is_named_by_a_file() {
    let site = at(Marathon::builder().tls(Tls::Server).start());
    let ca = site.marathon.ca();
    let site = site.file("ca.pem", &ca);
    site.submit(&["--ca-cert", "ca.pem", "pod.json"]).done();
}

#[test]
fn the_authority_of_the_cluster_is_beside_its_configuration() {
    submit(&dcos("ssl_verify = \"ca.pem\""), &[]).done();
}

#[test]
fn nobody_is_vouched_for_where_the_configuration_says_so_and_that_is_warned_of() {
    for quiet in [&[][..], &["--quiet"]] {
        submit(&dcos("ssl_verify = false"), quiet).done().says("warning: nobody checks");
    }
}

#[test]
fn otherwise_the_authorities_of_the_system_count() {
    for ssl_verify in ["", "ssl_verify = true"] {
        let site = dcos(ssl_verify);
        let told = submit(&site, &["--patience", "100ms"]).ends(4);
        told.says("invalid peer certificate");
        assert!(site.marathon.requests().is_empty());
        let system = site.scratch.path("dcos/clusters/one/ca.pem");
        submit(&site, &[]).env("SSL_CERT_FILE", system.to_str().unwrap()).done();
    }
}

#[test]
fn a_certificate_is_shown_to_who_asks_for_one() {
    let site = mutual();
    site.submit(&[&IDENTITY[..], &["pod.json"]].concat()).done();
}

#[test]
fn without_a_certificate_such_a_server_is_not_reached() {
    let site = mutual();
    let hasty = ["--ca-cert", "ca.pem", "--patience", "100ms", "pod.json"];
    let told = site.submit(&hasty).ends(4);
    told.says(&site.marathon.url());
}

#[test]
fn files_that_are_no_certificate_and_no_key_are_named() {
    for broken in ["ca.pem", "key.pem"] {
        let site = mutual().file(broken, "no PEM\n");
        site.submit(&[&IDENTITY[..], &["pod.json"]].concat()).ends(2).says(broken);
    }
    let site = mutual();
    let told = site.submit(&["--ca-cert", "missing.pem", "pod.json"]).ends(2);
    told.says("missing.pem: No such file or directory");
}
