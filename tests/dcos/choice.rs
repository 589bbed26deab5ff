//! Which of several clusters counts, and what counts where there is none.

use super::home::Home;

/// A home with a cluster of each name, with the ids `id-1`, `id-2` and so on.
fn home(names: &[&str]) -> Home {
    names.iter().zip(1..).fold(Home::new(), |home, (name, number)| {
        let toml = format!("[core]\ndcos_url = 'https://{number}'\n[cluster]\nname = '{name}'");
        home.cluster(&format!("id-{number}"), &toml)
    })
}

/// The host of the cluster that counts.
fn host(home: &Home) -> String {
    home.attached().url.unwrap().host_str().unwrap().to_owned()
}

/// The hosts of the clusters above: a number is an address to a URL.
const FIRST: &str = "0.0.0.1";
const SECOND: &str = "0.0.0.2";

#[test]
fn the_only_cluster_need_not_be_attached() {
    assert_eq!(host(&home(&["prod"])), FIRST);
}

#[test]
fn the_attached_cluster_counts_among_several() {
    assert_eq!(host(&home(&["prod", "test"]).attach("id-2")), SECOND);
}

#[test]
fn dcos_cluster_names_it_by_id_or_by_name() {
    for name in ["id-1", "prod"] {
        let home = home(&["prod", "test"]).attach("id-2").set("DCOS_CLUSTER", name);
        assert_eq!(host(&home), FIRST, "{name}");
    }
}

#[test]
fn an_id_wins_over_a_name() {
    assert_eq!(host(&home(&["id-2", "test"]).set("DCOS_CLUSTER", "id-2")), SECOND);
}

#[test]
fn a_name_that_no_cluster_has_is_refused_with_those_there_are() {
    let refusal = home(&["prod", "test"]).set("DCOS_CLUSTER", "pord").refusal();
    let known = "known are prod (id-1), test (id-2)";
    assert_eq!(refusal, format!("DCOS_CLUSTER: no cluster has the name or id \"pord\"; {known}"));
    let refusal = Home::new().set("DCOS_CLUSTER", "prod").refusal();
    assert!(refusal.ends_with("known are none"), "{refusal}");
}

#[test]
fn a_name_that_several_clusters_have_is_refused_with_their_ids() {
    let refusal = home(&["prod", "prod", "test"]).set("DCOS_CLUSTER", "prod").refusal();
    assert!(refusal.ends_with("give the id of one of prod (id-1), prod (id-2)"), "{refusal}");
}

#[test]
fn several_clusters_and_none_attached_is_no_choice() {
    let refusal = home(&["prod", "test"]).refusal();
    assert!(refusal.contains("attached to no cluster; choose with `dcos cluster attach`"));
    assert!(refusal.ends_with("prod (id-1), test (id-2)"), "{refusal}");
}

#[test]
fn several_attached_clusters_are_no_choice() {
    let refusal = home(&["prod", "test", "dev"]).attach("id-1").attach("id-3").refusal();
    assert!(refusal.contains("attached to several clusters; choose with `dcos cluster attach`"));
    assert!(refusal.ends_with("prod (id-1), dev (id-3)"), "{refusal}");
}

#[test]
fn a_broken_file_of_another_cluster_does_not_matter() {
    let home = home(&["prod"]).cluster("broken", "= =").set("DCOS_CLUSTER", "prod");
    assert_eq!(host(&home), FIRST);
}

#[test]
fn a_directory_without_a_configuration_is_no_cluster() {
    let home = home(&["prod"]).file(".dcos/clusters/other/dcos_ca.crt", "");
    assert_eq!(host(&home), FIRST);
}

#[test]
fn dcos_dir_is_where_the_clusters_are() {
    let home = Home::new().file("else/clusters/id/dcos.toml", "[core]\ndcos_url = 'http://a'");
    let directory = home.path("else").into_string();
    assert_eq!(host(&home.set("DCOS_DIR", directory)), "a");
}

#[test]
fn the_legacy_file_counts_until_a_cluster_is_set_up() {
    let legacy = |home: Home| home.file(".dcos/dcos.toml", "[core]\ndcos_url = 'http://legacy'");
    assert_eq!(host(&legacy(Home::new())), "legacy");
    assert_eq!(host(&legacy(home(&["prod"]))), FIRST);
}

#[test]
fn dcos_config_names_the_legacy_file() {
    let home = Home::new().file("own.toml", "[core]\ndcos_url = 'http://legacy'");
    let file = home.path("own.toml").into_string();
    assert_eq!(host(&home.set("DCOS_CONFIG", file)), "legacy");
}

#[test]
fn without_files_and_variables_there_is_no_cluster() {
    assert!(Home::new().read().unwrap().is_none());
    assert!(Home::new().set("HOME", "").set("DCOS_ACS_TOKEN", "t").read().unwrap().is_none());
}

#[test]
fn the_environment_alone_may_name_the_cluster() {
    let cluster = Home::new().set("HOME", "").set("DCOS_URL", "https://env").attached();
    assert_eq!(cluster.file, None);
    assert_eq!(cluster.url.unwrap().host_str(), Some("env"));
    let marathon = Home::new().set("DCOS_MARATHON_URL", "http://m:8080").attached();
    assert_eq!(marathon.marathon().unwrap().as_str(), "http://m:8080/");
}

#[test]
fn the_environment_may_name_it_where_the_cli_is_attached_to_none() {
    assert_eq!(host(&home(&["prod", "test"]).set("DCOS_URL", "https://env")), "env");
}
