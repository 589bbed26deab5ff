//! The bundle that a pod fetches is the one that the CA makes: `citadel bundle` writes it, the
//! fetcher of Mesos unpacks it as the injected pod says, and the pod's own `istio-init` puts it
//! where the proxy reads it.

#[path = "scripts/pod.rs"]
mod pod;
mod support;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;
use std::process::Command;

use marathon_inject::bundle::read_archive;
use marathon_inject::identity::x509::Bundle;
use marathon_inject::plan::Injector;
use marathon_inject::settings::Settings;
use pod::{Pod, list, mode, start, stderr};
use serde_json::Value;

/// The user that the proxy runs as.
const PROXY: u32 = 1337;

/// `istio-init` as injection adds it to a pod.
fn istio_init() -> Value {
    let text = include_str!("../pods/httpbin.json");
    let text = support::injected(text, &Injector::new(Settings::default(), Vec::new()));
    let mut pod: Value = serde_json::from_str(&text).unwrap();
    let mut containers = pod["containers"].as_array_mut().unwrap().drain(..);
    containers.find(|container| container["name"] == "istio-init").unwrap()
}

fn environment(container: &Value) -> BTreeMap<String, String> {
    serde_json::from_value(container["environment"].clone()).unwrap()
}

/// A pod whose `istio-init` has run on a bundle from the CA.
struct Started {
    pod: Pod,
    bundle: Bundle,
    /// Whether the files could really be given to the proxy's user.
    handed_over: bool,
}

impl Started {
    fn new() -> Self {
        let container = istio_init();
        let pod = Pod::before_the_fetcher(environment(&container), "");
        let artifact = &container["artifacts"][0];
        let archive = pod.sandbox.join(artifact["destPath"].as_str().unwrap());
        citadel(&pod, &["init"]);
        citadel(&pod, &["bundle", "-o", archive.to_str().unwrap()]);
        let bundle = read_archive(&fs::read(&archive).unwrap()).unwrap();
        if artifact["extract"] == true {
            extract(&archive, &pod.sandbox);
        }
        let handed_over = may_give_to_the_proxy(&pod.path("a file"));
        if handed_over {
            pod.watch("chown");
        }
        pod.succeed(container["exec"]["command"]["shell"].as_str().unwrap());
        Self { pod, bundle, handed_over }
    }
}

/// Runs `citadel`.
fn citadel(pod: &Pod, args: &[&str]) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_citadel"));
    succeeds(command.args(args).env_clear().env("CITADEL_DIR", pod.path("ca")));
}

/// As Mesos does it (src/launcher/fetcher.cpp).
fn extract(archive: &Path, sandbox: &Path) {
    succeeds(Command::new("tar").arg("-C").arg(sandbox).arg("-xf").arg(archive));
}

fn succeeds(command: &mut Command) {
    let output = start(command).wait_with_output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", stderr(&output));
}

/// Whether this user may give files away, as root may.
fn may_give_to_the_proxy(file: &Path) -> bool {
    fs::write(file, "").unwrap();
    chown(file, Some(PROXY), Some(PROXY)).is_ok()
}

#[test]
fn istio_init_looks_for_the_bundle_where_the_fetcher_puts_it() {
    let container = istio_init();
    let environment = environment(&container);
    assert_eq!(container["artifacts"][0]["destPath"], environment["ISTIO_BUNDLE"]);
    assert_eq!(container["volumeMounts"][0]["mountPath"], environment["ISTIO_CERTS_DIR"]);
}

#[test]
fn the_volume_holds_the_archives_files_byte_for_byte() {
    let Started { pod, bundle, .. } = Started::new();
    assert_eq!(pod.in_certs(), ["cert-chain.pem", "key.pem", "root-cert.pem"]);
    for (name, content, _) in bundle.files() {
        assert!(fs::read(pod.certs.join(name)).unwrap() == content, "{name}");
    }
}

#[test]
fn the_files_are_the_proxys_and_the_key_its_alone() {
    let Started { pod, handed_over, .. } = Started::new();
    for (name, expected) in
        [("root-cert.pem", 0o444), ("cert-chain.pem", 0o444), ("key.pem", 0o400)]
    {
        let file = pod.certs.join(name);
        assert_eq!(mode(&file), expected, "{name}");
        if handed_over {
            let owner = fs::metadata(&file).unwrap();
            assert_eq!((owner.uid(), owner.gid()), (PROXY, PROXY), "{name}");
        }
    }
    let chowned = pod.calls_of("chown");
    let owners: Vec<_> = chowned.iter().map(|call| call[1].as_str()).collect();
    assert_eq!(owners, ["1337:1337"; 3]);
}

#[test]
fn nothing_of_the_bundle_stays_in_the_sandbox() {
    assert_eq!(list(&Started::new().pod.sandbox), [""; 0]);
}

#[test]
fn what_the_proxy_finds_is_verified() {
    let pod = Started::new().pod;
    let identity = "spiffe://cluster.local/ns/default/sa/default";
    citadel(&pod, &["verify", pod.certs.to_str().unwrap(), "--identity", identity]);
}
