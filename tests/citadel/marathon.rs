//! `citadel bundle --marathon`: one bundle for each identity that the pods have, and an index.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::scratch::{CITADEL, Run, Scratch};

const DEFAULT: &str = "spiffe://cluster.local/ns/default/sa/default";

/// The pods of the examples.
pub(crate) fn pods() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("pods")
}

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/{name}.json"))
}

/// A pod that nothing can be said against, for this service account.
pub(crate) fn pod(id: &str, account: &str) -> String {
    json!({
        "id": id,
        "labels": {"istio.io/service-account.name": account},
        "containers": [{
            "name": "app",
            "resources": {"cpus": 0.1, "mem": 32},
            "image": {"kind": "DOCKER", "id": "example/app:1"},
        }],
        "networks": [{"mode": "container", "name": "dcos"}],
    })
    .to_string()
}

fn of<'s>(scratch: &'s Scratch, inputs: impl AsRef<std::ffi::OsStr>) -> Run<'s> {
    scratch.citadel("bundle -o out --marathon").arg(inputs)
}

fn index(scratch: &Scratch) -> Value {
    serde_json::from_slice(&scratch.read("out/index.json")).unwrap()
}

/// Expects that each bundle of the index serves whom it is for, and the names of all files.
fn files(scratch: &Scratch) -> Vec<String> {
    for (identity, bundle) in index(scratch)["bundles"].as_object().unwrap() {
        let file = format!("out/{}", bundle["file"].as_str().unwrap());
        assert_eq!(scratch.mode(&file), 0o600);
        scratch.citadel("verify --identity").arg(identity).arg(&file).done();
        let not_after = &scratch.shown(&file)["sections"][0]["certificates"][0]["notAfter"];
        assert_eq!(*not_after, bundle["notAfter"]);
    }
    let mut names = scratch.names("out");
    names.retain(|name| !name.ends_with('/'));
    names
}

#[test]
fn pods_of_one_identity_share_a_bundle() {
    let scratch = Scratch::with_ca();
    let told = of(&scratch, pods()).done();
    told.says(&format!("out/default/default/bundle-certs.tgz: {DEFAULT}, for 8 pods, valid"));
    assert_eq!(files(&scratch), ["default/default/bundle-certs.tgz", "index.json"]);
    let index = index(&scratch);
    assert_eq!(index["trustDomain"], "cluster.local");
    let pods = index["pods"].as_object().unwrap();
    assert_eq!(pods.len(), 8);
    assert!(pods.values().all(|identity| *identity == DEFAULT), "{index}");
    assert!(pods.contains_key("/httpbin") && pods.contains_key("/reviews-v3"), "{index}");
}

#[test]
fn a_label_names_the_service_account_of_a_pod() {
    let scratch = Scratch::with_ca();
    of(&scratch, fixture("label-service-account")).arg(pods()).done();
    let details = "spiffe://cluster.local/ns/default/sa/bookinfo-details";
    assert_eq!(index(&scratch)["pods"]["/bookinfo/details"], details);
    assert_eq!(
        files(&scratch),
        [
            "default/bookinfo-details/bundle-certs.tgz",
            "default/default/bundle-certs.tgz",
            "index.json"
        ]
    );
}

#[test]
fn there_can_be_more_bundles_than_a_shell_lets_files_be_open() {
    let scratch = Scratch::with_ca();
    let pods: Vec<_> = (0..40).map(|n| pod(&format!("/p{n}"), &format!("a{n}"))).collect();
    scratch.write("pods.json", format!("[{}]", pods.join(",")));
    let line = "bundle -o out --marathon pods.json";
    scratch.citadel_after("ulimit -Sn 20", line).done().says("/a39/bundle-certs.tgz: ");
}

#[test]
fn pods_are_read_from_standard_input_too() {
    let scratch = Scratch::with_ca();
    of(&scratch, "-").stdin(pod("/web", "web")).done();
    assert_eq!(files(&scratch), ["default/web/bundle-certs.tgz", "index.json"]);
}

#[test]
fn a_pod_that_is_not_injected_is_told_and_gets_nothing() {
    let scratch = Scratch::with_ca();
    let told = of(&scratch, fixture("host-network")).arg(pods()).done();
    told.says("skipped: host network");
    assert_eq!(index(&scratch)["pods"].as_object().unwrap().len(), 8);
}

#[test]
fn pods_of_which_none_is_injected_are_refused() {
    let scratch = Scratch::with_ca();
    let told = of(&scratch, fixture("host-network")).refused();
    told.says("none of these pods is injected, so none needs a bundle");
}

#[test]
fn a_pod_that_inject_refuses_is_refused_with_its_diagnostic() {
    let scratch = Scratch::with_ca().file("pods/a.json", pod("/a", "a"));
    scratch.write("pods/bad.json", pod("/B", "b"));
    let told = of(&scratch, "pods").refused();
    told.says("error[").says("--> pods/bad.json:").says("/B");
}

#[test]
fn what_is_no_json_or_not_there_is_refused() {
    let scratch = Scratch::with_ca().file("pod.json", "{\"id\": ");
    of(&scratch, "pod.json").refused().says("pod.json: cannot be read");
    of(&scratch, "no.json").refused().says("no.json: No such file");
}

#[test]
fn one_pod_with_two_identities_is_refused() {
    let scratch = Scratch::with_ca();
    scratch.write("pods/a.json", pod("/web", "a"));
    scratch.write("pods/b.json", pod("/web", "b"));
    let told = of(&scratch, "pods").refused();
    told.says("pods/b.json: /web is spiffe://cluster.local/ns/default/sa/b here, and spiffe:");
}

#[test]
fn the_config_file_of_inject_names_the_namespace_and_flags_outdo_it() {
    let scratch = Scratch::with_ca().file("inject.toml", "namespace = \"shop\"\n");
    let web = |flags: &str| {
        scratch.write("web.json", pod("/web", "web"));
        let run = scratch.citadel(&format!("bundle -o out {flags} --marathon web.json"));
        run.env("INJECT_CONFIG", "inject.toml").done();
        index(&scratch)["pods"]["/web"].as_str().unwrap().to_owned()
    };
    assert_eq!(web(""), "spiffe://cluster.local/ns/shop/sa/web");
    assert_eq!(web("--namespace till"), "spiffe://cluster.local/ns/till/sa/web");
    scratch.write("flag.toml", "namespace = \"flag\"\n");
    assert_eq!(web("--config flag.toml"), "spiffe://cluster.local/ns/flag/sa/web");
}

#[test]
fn a_config_file_of_another_trust_domain_is_refused() {
    let scratch = Scratch::with_ca().file("inject.toml", "trust-domain = \"other.example\"\n");
    let told = of(&scratch, pods()).arg("--config").arg("inject.toml").refused();
    told.says("the pods are of the trust domain other.example, the CA vouches for cluster.local");
}

#[test]
fn a_config_file_that_cannot_be_read_is_refused() {
    let scratch = Scratch::with_ca().file("bad.toml", "namespace = [\n");
    for name in ["bad.toml", "no.toml"] {
        let told = of(&scratch, pods()).arg("--config").arg(name).refused();
        told.says(&format!("{name}: "));
    }
}

#[test]
fn the_environment_of_inject_outdoes_its_config_file() {
    let scratch = Scratch::with_ca().file("web.json", pod("/web", "web"));
    scratch.write("inject.toml", "namespace = \"shop\"\ntrust-domain = \"other.example\"\n");
    let run = of(&scratch, "web.json").arg("--config=inject.toml").env("INJECT_NAMESPACE", "till");
    run.env("INJECT_TRUST_DOMAIN", "cluster.local").done();
    let till = "spiffe://cluster.local/ns/till/sa/web";
    assert_eq!(index(&scratch)["pods"]["/web"], till);
}

#[test]
fn the_environment_of_inject_decides_who_is_injected_and_in_which_mesh() {
    let scratch = Scratch::with_ca();
    let run = of(&scratch, pods()).env("INJECT_POLICY", "disabled");
    run.refused().says("none of these pods is injected");
    let run = of(&scratch, pods()).env("INJECT_TRUST_DOMAIN", "other.example");
    run.refused().says("the pods are of the trust domain other.example");
}

#[test]
fn what_inject_would_not_take_is_refused_with_the_name_of_what_says_it() {
    let scratch = Scratch::with_ca();
    for name in ["INJECT_NAMESPACE", "INJECT_SERVICE_ACCOUNT", "INJECT_PROXY_CPU"] {
        let run = of(&scratch, pods()).env(name, "");
        run.refused().says(&format!("error: {name}: invalid value \"\": "));
    }
    let told = of(&scratch, pods()).arg("--namespace=A").refused();
    told.says("error: --namespace: invalid value \"A\": ");
    scratch.write("inject.toml", "proxy-cpu = \"much\"\n");
    let told = of(&scratch, pods()).arg("--config=inject.toml").refused();
    told.says("error: inject.toml: proxy-cpu: invalid value \"much\": ");
    scratch.write("inject.toml", "overlays = [\"no.json\"]\n");
    let told = of(&scratch, pods()).arg("--config=inject.toml").refused();
    told.says("error: no.json: No such file");
}

/// Makes the bundles of pods that come a while after `meanwhile` has begun.
fn of_pods_that_come_late<'s>(scratch: &'s Scratch, meanwhile: &str) -> Run<'s> {
    scratch.write("web.json", pod("/web", "web"));
    let late = format!("sleep 0.5; {meanwhile} >/dev/null 2>&1 && cat web.json");
    let script = format!("{{ {late}; }} | \"$0\" bundle -o out --marathon -");
    scratch.run("sh").arg("-c").arg(script).arg(CITADEL)
}

#[test]
fn the_ca_is_free_for_others_until_the_pods_have_come() {
    let scratch = Scratch::with_ca();
    of_pods_that_come_late(&scratch, "\"$0\" bundle -o x.tgz").done();
    assert_eq!(files(&scratch), ["default/web/bundle-certs.tgz", "index.json"]);
}

#[test]
fn a_ca_that_is_another_one_when_the_pods_have_come_is_refused() {
    let scratch = Scratch::with_ca();
    let other = "rm -r ca && \"$0\" init --trust-domain other.example";
    let told = of_pods_that_come_late(&scratch, other).ends(2);
    told.says("ca is another CA now, of other.example and no longer of cluster.local");
    assert!(!scratch.path("out").exists());
}

#[test]
fn a_second_run_replaces_the_bundles_and_keeps_what_else_is_there() {
    let scratch = Scratch::with_ca().file("out/notes.txt", "mine");
    of(&scratch, pods()).done();
    let first = scratch.read("out/default/default/bundle-certs.tgz");
    of(&scratch, pods()).done();
    assert!(scratch.read("out/default/default/bundle-certs.tgz") != first, "it is the old one");
    let expected = ["default/default/bundle-certs.tgz", "index.json", "notes.txt"];
    assert_eq!(files(&scratch), expected);
}

#[test]
fn what_stands_in_the_way_of_one_bundle_hinders_all() {
    for (obstacle, name) in
        [("out/default/default", "default/default"), ("out/index.json/x", "index.json")]
    {
        let scratch = Scratch::with_ca().file(obstacle, "mine");
        of(&scratch, fixture("label-service-account")).arg(pods()).refused().says(name);
    }
}

#[test]
fn a_directory_that_takes_nothing_hinders_the_bundles_of_all_pods() {
    let scratch = Scratch::with_ca();
    scratch.write("pods/a.json", pod("/a", "a"));
    scratch.write("pods/b.json", pod("/b", "b"));
    of(&scratch, "pods").done();
    // To root no place is closed but those that the system makes up.
    std::fs::remove_dir_all(scratch.path("out/default/b")).unwrap();
    std::os::unix::fs::symlink("/proc", scratch.path("out/default/b")).unwrap();
    of(&scratch, "pods").refused().says("error: out/default/b/bundle-certs.tgz: ");
}

#[test]
fn the_directories_of_bundles_are_for_their_owner_to_change_whatever_the_umask_is() {
    let scratch = Scratch::with_ca();
    scratch.citadel_after("umask 000", "bundle -o out --marathon").arg(pods()).done();
    let modes = ["out", "out/default", "out/default/default"].map(|name| scratch.mode(name));
    assert_eq!(modes, [0o755; 3]);
}

#[test]
fn bundles_of_pods_need_a_directory() {
    let scratch = Scratch::with_ca().file("file", "mine");
    for output in ["-", "file", "x.tgz", "x.zip"] {
        let run = scratch.citadel("bundle -o").arg(output).arg("--marathon").arg(pods());
        run.refused().says(output);
    }
    let told = scratch.citadel("bundle -o no/where --marathon").arg(pods()).refused();
    told.says("no/where: No such file");
}
