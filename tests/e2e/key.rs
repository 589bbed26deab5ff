//! Who can read a pod's private key: its sidecar, and whom the pod gives it to.

use std::sync::Arc;

use crate::calls::Caller;
use crate::mesh::Mesh;
use crate::mesos::{Inside, Instance, Pod, State, Tasks};
use crate::pilot::Policy;

const CONTAINERS: [&str; 3] = ["sleep", "istio-init", "istio-proxy"];

/// Lists what leads to the certificates: directories, keys, mounts of theirs or of other
/// containers' sandboxes.
const SEARCH: &str = "
    ls -d /etc/certs /var/lib/mesos /proc/[0-9]*/root/etc/certs
    grep -rl 'PRIVATE KEY' /etc/certs /mnt /proc/[0-9]*/root/mnt
    grep -ho 'volumes/istio-certs' /proc/[0-9]*/mountinfo
    grep -ho 'containers/istio-[a-z]*' /proc/[0-9]*/mountinfo";

/// `sleep`, with its sidecar at work.
fn sleep(mesh: &Mesh) -> (Pod, Arc<Instance>) {
    let pod = mesh.run("pods/sleep.json");
    let mut instances = mesh.settle(&[&pod]);
    (pod, instances.remove(0))
}

/// What a script prints that root runs in a container.
fn output(inside: Inside<'_>, script: &str) -> String {
    String::from_utf8_lossy(&inside.run(&["sh", "-c", script]).stdout).into_owned()
}

fn applications_find_nothing_of_the_certificates() {
    let mesh = Mesh::start();
    let (_pod, instance) = sleep(&mesh);
    assert_eq!(output(instance.inside("sleep"), SEARCH), "");

    let found = output(instance.inside("istio-proxy"), SEARCH);
    for trace in ["root/etc/certs", "/etc/certs/key.pem", "volumes/istio-certs", "istio-proxy"] {
        assert!(found.contains(trace), "{trace} is not found: {found}");
    }
}

/// A pod decides for itself to whom of its containers it gives the volume; only root gets more than
/// the certificates.
fn an_application_that_mounts_the_certificates_needs_root_to_read_the_key() {
    const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\n";
    let mesh = Mesh::start();
    let pod = mesh.run("tests/e2e/pods/mounts-certs.json");
    let instance = pod.instance();
    let finished = |tasks: &Tasks, container| *tasks.state(container) == State::Finished;
    instance.wait_until("both have looked", |tasks| {
        finished(tasks, "as-nobody") && finished(tasks, "as-root")
    });
    assert_eq!(instance.sandbox_file("as-nobody", "stdout"), CERTIFICATE);
    let refusal = "head: cannot open 'key.pem' for reading: Permission denied\n";
    assert_eq!(instance.sandbox_file("as-nobody", "stderr"), refusal);
    let both = format!("{CERTIFICATE}-----BEGIN PRIVATE KEY-----\n");
    assert_eq!(instance.sandbox_file("as-root", "stdout"), both);
}

fn the_key_is_for_its_owner_alone_and_the_certificates_are_for_all() {
    const LIST: &str = r"find /etc/certs -type f -printf '%m %U:%G %P\n' | sort";
    let mesh = Mesh::start();
    let (_pod, instance) = sleep(&mesh);
    let files = output(instance.inside("istio-proxy"), LIST);
    let expected =
        ["400 1337:1337 key.pem", "444 1337:1337 cert-chain.pem", "444 1337:1337 root-cert.pem"];
    assert_eq!(files.lines().collect::<Vec<_>>(), expected);
}

fn even_root_cannot_change_the_certificates_in_istio_proxy() {
    const ATTEMPTS: &str = "{ rm /etc/certs/key.pem; touch /etc/certs/cert-chain.pem;
        mv /etc/certs/root-cert.pem /etc/certs/cert-chain.pem; mkdir /etc/certs/new; } 2>&1";
    let mesh = Mesh::start();
    let (_pod, instance) = sleep(&mesh);
    let refusals = output(instance.inside("istio-proxy"), ATTEMPTS);
    let is_refused = |line: &str| line.ends_with(": Read-only file system");
    assert_eq!(refusals.lines().filter(|line| is_refused(line)).count(), 4, "{refusals}");
}

fn istio_init_leaves_nothing_in_its_sandbox() {
    let mesh = Mesh::start();
    let (_pod, instance) = sleep(&mesh);
    assert_eq!(instance.sandbox_files("istio-init"), ["stderr", "stdout"]);
}

fn the_sidecar_runs_as_its_own_user_without_capabilities() {
    const STATUS: &str = r#"for process in /proc/[0-9]*; do
        [ "$(cat $process/comm)" != NAME ] || grep -E '^(Uid|Gid|CapEff):' $process/status
    done"#;
    let mesh = Mesh::start();
    let (_pod, instance) = sleep(&mesh);
    for name in ["envoy", "pilot-agent"] {
        let status = output(instance.inside("istio-proxy"), &STATUS.replace("NAME", name));
        let expected = "Uid:\t1337\t1337\t1337\t1337\n\
                        Gid:\t1337\t1337\t1337\t1337\n\
                        CapEff:\t0000000000000000\n";
        assert_eq!(status, expected, "{name}");
    }
}

/// The lines of the key's own PEM.
fn key(instance: &Instance) -> Vec<String> {
    let pem = output(instance.inside("istio-proxy"), "cat /etc/certs/key.pem");
    let lines: Vec<_> = pem.lines().filter(|line| !line.starts_with('-')).collect();
    assert!(!lines.is_empty(), "{}", instance.account());
    lines.into_iter().map(str::to_owned).collect()
}

fn the_key_is_in_no_argument_environment_or_log() {
    let mesh = Mesh::start();
    let (_pod, instance) = sleep(&mesh);
    let key = key(&instance);
    let logs = CONTAINERS.map(|container| {
        ["stdout", "stderr"].map(|log| instance.sandbox_file(container, log)).concat()
    });
    let processes = ["sleep", "istio-proxy"].map(|container| {
        output(instance.inside(container), "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ")
    });
    let told = [logs.concat(), processes.concat()].concat();
    for known in ["-A ISTIO_REDIRECT", "Epoch 0 starting", "--serviceCluster", "ISTIO_CERTS_DIR="] {
        assert!(told.contains(known), "{known} is not in {told}");
    }
    assert!(!told.contains("PRIVATE KEY"));
    assert!(key.iter().all(|line| !told.contains(line)));
}

/// Any container of the pod can ask it.
fn envoys_admin_knows_the_certificates_and_does_not_tell_the_key() {
    let mesh = Mesh::start();
    let (_pod, instance) = sleep(&mesh);
    mesh.apply(Policy::MUTUAL, &[Arc::clone(&instance)]);
    let ask = |path| instance.inside("sleep").curl(&[&format!("http://127.0.0.1:15000/{path}")]);
    let told = ["config_dump", "certs"].map(ask).concat();
    for known in ["/etc/certs/cert-chain.pem", "spiffe://cluster.local/ns/default/sa/default"] {
        assert!(told.contains(known), "{known} is not in {told}");
    }
    assert!(!told.contains("PRIVATE KEY"));
    assert!(key(&instance).iter().all(|line| !told.contains(line)));
}

crate::tests! {
    applications_find_nothing_of_the_certificates,
    an_application_that_mounts_the_certificates_needs_root_to_read_the_key,
    the_key_is_for_its_owner_alone_and_the_certificates_are_for_all,
    even_root_cannot_change_the_certificates_in_istio_proxy,
    istio_init_leaves_nothing_in_its_sandbox,
    the_sidecar_runs_as_its_own_user_without_capabilities,
    the_key_is_in_no_argument_environment_or_log,
    envoys_admin_knows_the_certificates_and_does_not_tell_the_key,
}
