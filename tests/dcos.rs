//! What the DC/OS CLI knows of its cluster, read from its files and variables as the CLI does.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "dcos/choice.rs"]
mod choice;
#[path = "dcos/faults.rs"]
mod faults;
#[path = "dcos/home.rs"]
mod home;

use std::time::Duration;

use home::Home;
use marathon_inject::marathon::{Secret, Trust};
use url::Url;

const FULL: &str = r#"
    [core]
    dcos_url = "https://master.example.com/"
    dcos_acs_token = "file-token"
    ssl_verify = "dcos_ca.crt"
    timeout = 42
    [cluster]
    name = "prod"
    [marathon]
    url = "https://marathon.example.com:8443"
"#;

/// A file that only says where the cluster is and has its token.
const PLAIN: &str = r#"
    [core]
    dcos_url = "https://master.example.com"
    dcos_acs_token = "file-token"
"#;

#[test]
fn the_file_says_all_there_is_to_know() {
    let home = Home::new().cluster("id-1", FULL);
    let cluster = home.attached();
    let directory = home.path(".dcos/clusters/id-1");
    assert_eq!(cluster.file, Some(directory.join("dcos.toml")));
    assert_eq!(cluster.url.unwrap().as_str(), "https://master.example.com/");
    assert_eq!(cluster.marathon_url.unwrap().as_str(), "https://marathon.example.com:8443/");
    assert_eq!(cluster.token, Some(Secret::new("file-token")));
    assert_eq!(cluster.trust, Some(Trust::Only(directory.join("dcos_ca.crt"))));
    assert_eq!(cluster.timeout, Some(Duration::from_secs(42)));
    assert_eq!(cluster.warnings, Vec::<String>::new());
}

#[test]
fn marathon_is_where_its_own_url_says() {
    let cluster = Home::new().cluster("id-1", FULL).attached();
    assert_eq!(cluster.marathon().unwrap().as_str(), "https://marathon.example.com:8443/");
}

#[test]
fn marathon_is_otherwise_a_service_of_the_cluster() {
    for url in ["https://m.example.com", "https://m.example.com/", "https://m.example.com/#/home"] {
        let cluster = Home::new().set("DCOS_URL", url).attached();
        let marathon = cluster.marathon().unwrap();
        assert_eq!(marathon.as_str(), "https://m.example.com/service/marathon");
    }
    let below = Home::new().set("DCOS_URL", "https://m.example.com/dcos/").attached();
    assert_eq!(below.marathon().unwrap().path(), "/dcos/service/marathon");
}

#[test]
fn only_urls_of_the_same_server_are_the_clusters_own() {
    let cluster = Home::new().cluster("id-1", FULL).attached();
    let owns = |url| cluster.owns(&Url::parse(url).unwrap());
    assert!(owns("https://MASTER.example.com:443/service/marathon"));
    assert!(!owns("http://master.example.com/"));
    assert!(!owns("https://marathon.example.com:8443/"));
}

#[test]
fn variables_win_over_the_file() {
    let home = Home::new().cluster("id-1", FULL);
    let cluster = home
        .set("DCOS_URL", "http://other.example.com")
        .set("DCOS_ACS_TOKEN", "variable-token")
        .set("DCOS_MARATHON_URL", "http://marathon.example.com")
        .set("DCOS_SSL_VERIFY", "false")
        .set("DCOS_TIMEOUT", "7")
        .attached();
    assert_eq!(cluster.url.unwrap().as_str(), "http://other.example.com/");
    assert_eq!(cluster.token, Some(Secret::new("variable-token")));
    assert_eq!(cluster.marathon_url.unwrap().as_str(), "http://marathon.example.com/");
    assert_eq!(cluster.trust, Some(Trust::Anybody));
    assert_eq!(cluster.timeout, Some(Duration::from_secs(7)));
}

#[test]
fn the_bare_names_of_variables_win_over_the_full_ones() {
    let full = Home::new()
        .set("DCOS_DCOS_URL", "http://full.example.com")
        .set("DCOS_DCOS_ACS_TOKEN", "full");
    let cluster = full.attached();
    assert_eq!(cluster.url.unwrap().host_str(), Some("full.example.com"));
    assert_eq!(cluster.token, Some(Secret::new("full")));
    let both = full.set("DCOS_URL", "http://bare.example.com").set("DCOS_ACS_TOKEN", "bare");
    let cluster = both.attached();
    assert_eq!(cluster.url.unwrap().host_str(), Some("bare.example.com"));
    assert_eq!(cluster.token, Some(Secret::new("bare")));
}

#[test]
fn empty_variables_and_values_count_as_unset() {
    let file = PLAIN.replace("file-token", "");
    let home = Home::new().cluster("id-1", &file);
    let cluster = home.set("DCOS_URL", "").set("DCOS_CLUSTER", "").set("DCOS_DIR", "").attached();
    assert_eq!(cluster.url.unwrap().host_str(), Some("master.example.com"));
    assert_eq!(cluster.token, None);
}

#[test]
fn the_token_of_a_file_is_not_for_another_cluster() {
    let home = Home::new().cluster("id-1", PLAIN).set("DCOS_URL", "https://other.example.com");
    let cluster = home.attached();
    assert_eq!(cluster.token, None);
    let [warning] = cluster.warnings.try_into().unwrap();
    assert!(warning.contains("core.dcos_acs_token is not used: DCOS_URL"), "{warning}");
}

#[test]
fn the_token_of_a_file_stays_where_a_variable_names_the_same_cluster() {
    let home =
        Home::new().cluster("id-1", PLAIN).set("DCOS_URL", "https://master.example.com:443/");
    let cluster = home.attached();
    assert_eq!(cluster.token, Some(Secret::new("file-token")));
    assert_eq!(cluster.warnings, Vec::<String>::new());
}

#[test]
fn whether_certificates_count_may_be_text_or_a_boolean() {
    let cases = [
        ("true", Trust::System),
        ("false", Trust::Anybody),
        ("\"True\"", Trust::System),
        ("\"0\"", Trust::Anybody),
        ("\"/etc/ca.pem\"", Trust::Only("/etc/ca.pem".into())),
    ];
    for (value, trust) in cases {
        let home = Home::new().cluster("id-1", &format!("[core]\nssl_verify = {value}"));
        assert_eq!(home.attached().trust, Some(trust), "{value}");
    }
    assert_eq!(Home::new().cluster("id-1", PLAIN).attached().trust, None);
}

#[test]
fn what_the_cli_hands_to_its_plugins_wins_over_the_file() {
    let home = || Home::new().cluster("id-1", FULL);
    let trust = |name, value| home().set(name, value).attached().trust.unwrap();
    assert_eq!(trust("DCOS_TLS_INSECURE", "1"), Trust::Anybody);
    assert_eq!(trust("DCOS_TLS_CA_PATH", "ca.pem"), Trust::Only("ca.pem".into()));
    assert!(matches!(trust("DCOS_TLS_INSECURE", "0"), Trust::Only(_)));
    let both = home().set("DCOS_TLS_INSECURE", "1").set("DCOS_TLS_CA_PATH", "ca.pem");
    assert_eq!(both.attached().trust, Some(Trust::Only("ca.pem".into())));
    let three = both.set("DCOS_SSL_VERIFY", "true");
    assert_eq!(three.attached().trust, Some(Trust::System));
}

#[test]
fn a_token_that_others_can_read_is_warned_of() {
    let home = Home::new().cluster("id-1", PLAIN).mode(".dcos/clusters/id-1/dcos.toml", 0o640);
    let [warning] = home.attached().warnings.try_into().unwrap();
    assert!(warning.contains("dcos.toml holds a token and is open to others (mode 0640)"));
}

#[test]
fn a_file_without_a_token_may_be_read_by_all() {
    let home = Home::new().cluster("id-1", "[core]\ndcos_url = 'http://a'");
    let cluster = home.mode(".dcos/clusters/id-1/dcos.toml", 0o644).attached();
    assert_eq!(cluster.warnings, Vec::<String>::new());
}

#[test]
fn nothing_shows_the_token() {
    let shown = format!("{:?}", Home::new().cluster("id-1", FULL).attached());
    assert!(shown.contains("master.example.com") && !shown.contains("file-token"), "{shown}");
}
