//! Files and variables that cannot be read: refused with their place, and never repeated, for what
//! is wrong may be the token.

use marathon_inject::marathon::ClusterError;

use super::home::Home;

const FILE: &str = "~/.dcos/clusters/id/dcos.toml";

#[test]
fn bad_toml_has_a_place_and_is_not_repeated() {
    let cases = [
        ("[core]\ndcos_acs_token = hunter2\n", "2:18"),
        ("[core]\ndcos_acs_token = \"hunter2\n", "2:26"),
        ("[core]\ndcos_acs_token = \"hunter2\" hunter2\n", "2:28"),
        ("[core]\nhunter2\n", "2:8"),
        ("[core]\nhunter2 = 1\nhunter2 = 2\n", "3:1"),
    ];
    for (toml, place) in cases {
        let home = Home::new().cluster("id", toml);
        let refusal = home.refusal();
        assert!(refusal.starts_with(&format!("{FILE}:{place}: ")), "{refusal}");
        assert!(!refusal.contains("hunter2"), "{refusal}");
        assert!(!format!("{:?}", home.read()).contains("hunter2"), "{refusal}");
    }
}

#[test]
fn a_value_of_another_type_is_refused_with_its_key() {
    let cases = [
        ("[core]\ndcos_acs_token = 1", "core.dcos_acs_token: cannot be of the type integer"),
        ("[core]\ndcos_url = true", "core.dcos_url: cannot be of the type boolean"),
        ("[core]\nssl_verify = 1", "core.ssl_verify: cannot be of the type integer"),
        ("[core]\ntimeout = 1.5", "core.timeout: cannot be of the type float"),
        ("[marathon]\nurl = ['a']", "marathon.url: cannot be of the type array"),
        ("core = 'hunter2'", "core: cannot be of the type string"),
    ];
    for (toml, words) in cases {
        assert_eq!(Home::new().cluster("id", toml).refusal(), format!("{FILE}: {words}"));
    }
}

#[test]
fn a_url_that_is_none_of_http_is_refused_with_its_key() {
    let cases = [
        ("master", "not a URL: relative URL without a base"),
        ("master:8080", "not a URL that begins with http:// or https://"),
        ("ftp://master", "not a URL that begins with http:// or https://"),
        ("https://u:hunter2@master", "a URL with a user or a password, which is none of DC/OS"),
    ];
    for (url, words) in cases {
        let home = Home::new().cluster("id", &format!("[core]\ndcos_url = '{url}'"));
        assert_eq!(home.refusal(), format!("{FILE}: core.dcos_url: {words}"));
        let home = Home::new().set("DCOS_MARATHON_URL", url);
        assert_eq!(home.refusal(), format!("DCOS_MARATHON_URL: {words}"));
    }
}

#[test]
fn a_timeout_is_at_least_a_second() {
    for timeout in ["0", "-1", "1.5", "soon"] {
        let home = Home::new().set("DCOS_URL", "http://a").set("DCOS_TIMEOUT", timeout);
        assert_eq!(home.refusal(), "DCOS_TIMEOUT: not a whole number of seconds from 1 on");
    }
}

#[test]
fn a_file_that_is_no_text_is_refused_by_its_path() {
    let home = Home::new().file(".dcos/clusters/id/dcos.toml", b"\xff");
    assert_eq!(home.refusal(), format!("{FILE}: the file is not valid UTF-8"));
}

#[test]
fn a_file_without_end_is_refused_by_its_path() {
    let home = Home::new().cluster("id", &"# \n".repeat(400_000));
    assert_eq!(home.refusal(), format!("{FILE}: larger than 1048576 bytes, which no dcos.toml is"));
}

#[test]
fn a_missing_file_is_refused_by_its_path() {
    let attached = Home::new().attach("id");
    assert!(attached.refusal().starts_with(&format!("{FILE}: ")), "{}", attached.refusal());
    let named = Home::new().set("DCOS_CONFIG", "/nowhere/dcos.toml");
    assert!(named.refusal().starts_with("/nowhere/dcos.toml: "), "{}", named.refusal());
}

#[test]
fn a_file_that_cannot_be_read_is_refused_by_its_path() {
    let home = Home::new().file(".dcos/clusters/id/dcos.toml/a", "");
    assert!(
        matches!(home.read(), Err(ClusterError::Io { path, .. }) if path.ends_with("id/dcos.toml"))
    );
}
