//! The documentation that must agree with the program: `docs/settings.md` is made from the table
//! of settings, and every example of the README is run.

use std::fmt::Write;
use std::path::Path;

use marathon_inject::settings::{Settings, label_of};

const INTRODUCTION: &str = "\
# Settings

Each setting can come from several places; the later one wins:

1. the built-in default
2. Istio's MeshConfig (`--mesh-config-file mesh.yaml`), for what of it reaches the sidecar
3. the config file (`--config inject.toml` or `INJECT_CONFIG`), one `name = value` a line
4. the environment: `INJECT_` and the name in capitals, as `INJECT_PROXY_IMAGE`
5. flags: `--` and the name; kube-inject's own spellings work too
6. the pod's own label, where there is one in the table

The config file also takes `overlays`, a list of overlay files relative to it.

| name | default | what it is for | label of the pod | kube-inject |
|---|---|---|---|---|
";

const LABELS: &str = "
Two more labels belong to the pod: `sidecar.istio.io/inject` (`\"true\"` or `\"false\"`) decides
whether it is injected, `sidecar.istio.io/status` holds the record of the injection. The keys
`readiness.status.sidecar.istio.io/initialDelaySeconds`, `periodSeconds` and `failureThreshold` are
known and have no effect, for Marathon pods have no readiness checks. Any other key in Istio's name
spaces gets a warning with the nearest known one.
";

#[test]
fn the_settings_are_documented_as_they_are() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/settings.md");
    let want = settings();
    let found = std::fs::read_to_string(path).unwrap_or_default();
    if found != want && std::env::var_os("INSTA_UPDATE").is_some_and(|update| update == "always") {
        std::fs::write(path, &want).unwrap();
        return;
    }
    assert_eq!(found, want, "run the tests with INSTA_UPDATE=always and review the change");
}

#[test]
fn the_readme_shows_what_the_program_does() {
    trycmd::TestCases::new().case("README.md");
}

fn settings() -> String {
    let code = |text: Option<String>| text.map_or(String::new(), |text| format!("`{text}`"));
    let mut text = INTRODUCTION.to_owned();
    for (key, default) in Settings::default().texts() {
        let label = code(label_of(key).map(str::to_owned));
        let alias = code(key.kube_inject_flag().map(|flag| format!("--{flag}")));
        let (name, default, about) = (key.name(), code(default), key.about().replace('|', "\\|"));
        writeln!(text, "| `{name}` | {default} | {about} | {label} | {alias} |").unwrap();
    }
    text + LABELS
}

#[test]
fn the_pods_of_the_readme_are_there() {
    for pod in ["httpbin", "sleep", "bookinfo/productpage", "bookinfo/reviews-v3"] {
        let path = format!("{}/pods/{pod}.json", env!("CARGO_MANIFEST_DIR"));
        assert!(Path::new(&path).is_file(), "{path}");
    }
}
