//! Keys that never leave their pod: node agents have certificates from Citadel's service, and Envoy
//! has them from its agent, also while they change.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;

use crate::calls::Caller;
use crate::load::Load;
use crate::mesh::{HTTPBIN, HTTPBIN_HOST};
use crate::mesos::{Instance, Pod};
use crate::pilot::{Certificates, ClientTls, Policy, ServerTls};
use crate::secured::{Secured, roots_in_envoy, serial_in_envoy};
use crate::wait;

/// How long a new certificate or root may take from Citadel to Envoy.
const PATIENCE: Duration = Duration::from_secs(60);
/// Requests that see what comes after a change.
const ENOUGH: u64 = 200;
/// The same, where there are many changes.
const SOME: u64 = 20;
const WORKERS: usize = 4;
const ROTATIONS: usize = 40;
/// The exit status of an agent that Citadel denies its certificate.
const DENIED: i32 = 3;

/// `httpbin` and `sleep`, each with an agent of its own.
struct Pair {
    _kept: [Arc<Pod>; 2],
    instances: Vec<Arc<Instance>>,
}

impl Pair {
    fn submit(secured: &Secured, flags: &[&str]) -> Self {
        let submit = |file| secured.submit(file, flags);
        let pods = [submit("pods/httpbin.json"), submit("pods/sleep.json")];
        let instances = secured.mesh.settle(&[&pods[0], &pods[1]]);
        Self { _kept: pods, instances }
    }

    /// Under mutual TLS, once it works.
    fn mutual(secured: &Secured, flags: &[&str]) -> Self {
        let pair = Self::submit(secured, flags);
        secured.mesh.apply(Policy::MUTUAL, &pair.instances);
        pair.sleep().inside("sleep").becomes("200", HTTPBIN);
        pair
    }

    fn httpbin(&self) -> &Arc<Instance> {
        &self.instances[0]
    }

    fn sleep(&self) -> &Arc<Instance> {
        &self.instances[1]
    }

    /// From now on, whether each request takes a new connection between the two Envoys, with a
    /// handshake: an Envoy that was told to fail its health checks closes each after its answer.
    fn connect_anew(&self, each_time: bool) {
        let word = if each_time { "fail" } else { "ok" };
        let path = format!("http://127.0.0.1:15000/healthcheck/{word}");
        assert_eq!(self.httpbin().inside("istio-proxy").curl(&["-X", "POST", &path]), "OK\n");
    }

    /// How many handshakes of mutual TLS httpbin's Envoy has seen.
    fn handshakes(&self) -> u64 {
        const STATS: &str = "http://127.0.0.1:15000/stats?filter=%5Elistener.*%5C.ssl%5C.handshake";
        let stats = self.httpbin().inside("istio-proxy").curl(&[STATS]);
        stats.lines().filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
    }

    /// Requests from the one to the other, each worker's on one connection.
    fn under_load(&self) -> UnderLoad {
        let (from, connections) = (Arc::clone(self.sleep()), Arc::new(AtomicUsize::new(0)));
        let counted = Arc::clone(&connections);
        let connect = move || {
            counted.fetch_add(1, Ordering::Relaxed);
            from.connect(([11, 0, 0, 1], 8000).into())
        };
        let load = Load::start(connect, WORKERS, HTTPBIN_HOST, "/ip");
        load.wait_for(ENOUGH);
        UnderLoad { load, connections }
    }

    /// Has both agents renew their certificates at once, and waits until both Envoys have them.
    fn renew(&self) {
        let before: Vec<_> = self.instances.iter().map(|one| serial_in_envoy(one)).collect();
        for instance in &self.instances {
            instance.inside("istio-agent").signal(Signal::HUP);
        }
        for (instance, before) in self.instances.iter().zip(before) {
            wait_until(instance, "with a new certificate", || {
                serial_in_envoy(instance).is_some_and(|now| Some(now) != before)
            });
        }
    }

    fn wait_for_roots(&self, count: usize) {
        for instance in &self.instances {
            let has_them = || roots_in_envoy(instance) == count;
            wait_until(instance, &format!("with {count} roots"), has_them);
        }
    }
}

struct UnderLoad {
    load: Load,
    connections: Arc<AtomicUsize>,
}

impl UnderLoad {
    /// Ends it: every request was answered with 200, and no connection broke.
    fn all_went_well(self) {
        self.load.wait_for(ENOUGH);
        let outcome = self.load.stop();
        assert_eq!(outcome.by_status, BTreeMap::from([(200, outcome.requests)]), "{outcome:?}");
        assert_eq!(outcome.failures, [""; 0]);
        assert_eq!(self.connections.load(Ordering::Relaxed), WORKERS);
    }
}

/// Waits for something of an instance.
fn wait_until(instance: &Instance, what: &str, reached: impl Fn() -> bool) {
    let account = || format!("not {what}\n{}", instance.account());
    wait::until(PATIENCE, account, || reached().then_some(()));
}

/// The serial numbers of the certificates that Citadel gave to who showed this.
fn issued_by(audit: &[Value], method: &str) -> Vec<String> {
    let issued = audit.iter().filter(|line| line["result"] == "issued" && line["method"] == method);
    issued.map(|line| line["serial"].as_str().unwrap().to_owned()).collect()
}

fn from_sleep_to_httpbin_200_then_503_then_200_with_keys_that_never_left_their_pods() {
    let secured = Secured::start(&[]);
    let pair = Pair::submit(&secured, &[]);
    let sleep = pair.sleep().inside("sleep");
    sleep.becomes("200", HTTPBIN);

    let strict = Policy { server: ServerTls::Strict, client: ClientTls::Disabled };
    secured.mesh.apply(strict, &pair.instances);
    sleep.becomes("503", HTTPBIN);

    secured.mesh.apply(Policy::MUTUAL, &pair.instances);
    sleep.becomes("200", HTTPBIN);

    let mut enrolled = issued_by(&secured.citadel.audit(), "token");
    let mut shown: Vec<_> =
        pair.instances.iter().map(|one| serial_in_envoy(one).unwrap()).collect();
    enrolled.sort_unstable();
    shown.sort_unstable();
    assert_eq!(shown, enrolled);
    assert_ne!(shown[0], shown[1]);
}

fn forty_rotations_under_load_fail_no_request_and_drop_no_connection() {
    let secured = Secured::start(&[]);
    let pair = Pair::mutual(&secured, &[]);
    let under_load = pair.under_load();
    let before = pair.handshakes();
    for rotation in 0..ROTATIONS {
        // In turn, on connections that outlive it, and on such as shake hands with what is new.
        pair.connect_anew(rotation % 2 == 1);
        pair.renew();
        under_load.load.wait_for(SOME);
    }
    let handshakes = pair.handshakes() - before;
    under_load.all_went_well();
    assert!(handshakes >= ROTATIONS as u64 / 2 * SOME, "{handshakes}");
    let renewed = issued_by(&secured.citadel.audit(), "certificate");
    assert!(renewed.len() >= ROTATIONS * 2, "{}", renewed.len());
}

fn a_new_root_in_three_steps_fails_no_request_and_drops_no_connection() {
    let secured = Secured::start(&[]);
    let pair = Pair::mutual(&secured, &[]);
    let rotate = |step: &[&str]| {
        let step = [&["rotate-root"], step].concat();
        secured.citadel.notices(|| secured.mesh.authority.citadel(&step));
    };
    pair.wait_for_roots(1);
    let under_load = pair.under_load();
    // A certificate that the other does not trust shows in the next handshake.
    pair.connect_anew(true);

    rotate(&["prepare"]);
    pair.wait_for_roots(2);
    // Each pod was just seen to have both roots; nobody needs the time that this would wait.
    rotate(&["activate", "--force"]);
    pair.renew();
    // And now a certificate of the new root.
    rotate(&["retire", "--force"]);
    pair.wait_for_roots(1);
    let handshakes = pair.handshakes();
    pair.renew();
    under_load.all_went_well();
    assert!(pair.handshakes() >= handshakes + ENOUGH);
}

/// Certificates live a minute here, and are renewed after some six seconds of it.
fn a_citadel_that_is_down_for_longer_than_a_renewal_is_not_missed() {
    let mut secured = Secured::start(&["--workload-cert-ttl", "1m"]);
    let scratch = tempfile::tempdir().unwrap();
    let early = scratch.path().join("early.json");
    fs::write(
        &early,
        r#"{"containers": [{"name": "istio-agent",
            "environment": {"ISTIO_AGENT_GRACE_PERIOD_RATIO": "0.9"}}]}"#,
    )
    .unwrap();
    let pair = Pair::mutual(&secured, &["--overlay", early.to_str().unwrap()]);
    let under_load = pair.under_load();

    secured.citadel.stop();
    let since: Vec<_> = pair.instances.iter().map(|one| failures(one)).collect();
    for (instance, since) in pair.instances.iter().zip(since) {
        wait_until(instance, "in vain after a renewal", || failures(instance) >= since + 2);
    }
    pair.connect_anew(true);
    let handshakes = pair.handshakes();
    under_load.load.wait_for(ENOUGH);
    assert!(pair.handshakes() >= handshakes + ENOUGH);
    let before: Vec<_> = pair.instances.iter().map(|one| serial_in_envoy(one)).collect();
    secured.citadel.restart();
    for (instance, before) in pair.instances.iter().zip(before) {
        wait_until(instance, "with a new certificate", || serial_in_envoy(instance) != before);
    }
    under_load.all_went_well();
}

/// How many renewals have failed, as the agent's metrics tell.
fn failures(instance: &Instance) -> u64 {
    let metrics = instance.inside("istio-agent").curl(&["http://127.0.0.1:15021/metrics"]);
    let counts = metrics.lines().filter(|it| it.starts_with("node_agent_renewal_failures_total"));
    counts.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
}

/// As with the Pilot of Istio 1.0.5; its pilot-agent collects changes for 10 s.
fn what_the_agent_keeps_in_files_reaches_envoy_by_pilot_agent() {
    let secured = Secured::with(Certificates::Files, &[]);
    let pair = Pair::mutual(&secured, &[]);
    pair.renew();
    pair.sleep().inside("sleep").becomes("200", HTTPBIN);
}

/// As somebody in the pod who has read the token tries it, with a key of his own.
fn a_citadel_that_was_killed_enrols_no_task_for_a_second_time() {
    let mut secured = Secured::start(&[]);
    let pair = Pair::mutual(&secured, &[]);
    secured.citadel.kill();
    secured.citadel.restart();

    let again = pair.sleep().inside("istio-agent").exec(&[
        "sh",
        "-c",
        "mkdir /tmp/own && chown 1337:1337 /tmp/own && cd /tmp/own &&
         export ISTIO_AGENT_STATE_DIR=/tmp/own ISTIO_AGENT_OUTPUT_DIR=/tmp/own/certs &&
         export ISTIO_AGENT_SDS_SOCKET=/tmp/own/sds.sock ISTIO_AGENT_STATUS_LISTEN=127.0.0.1:0 &&
         export ISTIO_AGENT_DENIED_FOR=1ms &&
         exec timeout 60 chroot --userspec=1337:1337 --skip-chdir / node-agent",
    ]);
    assert_eq!(again.status.code(), Some(DENIED), "{again:?}");
    let audit = secured.citadel.audit();
    let refused: Vec<_> = audit.iter().filter(|line| line["result"] == "refused").collect();
    assert!(!refused.is_empty(), "{audit:?}");
    for line in refused {
        assert_eq!(line["claimedTask"], pair.sleep().task_id("istio-agent"), "{line}");
        assert!(line["reason"].as_str().unwrap().contains("enrolled"), "{line}");
    }
    assert_eq!(issued_by(&audit, "token").len(), 2);
    // Whom it has enrolled goes on.
    pair.renew();
    pair.sleep().inside("sleep").becomes("200", HTTPBIN);
}

crate::tests!(
    forty_rotations_under_load_fail_no_request_and_drop_no_connection,
    a_citadel_that_is_down_for_longer_than_a_renewal_is_not_missed,
    a_new_root_in_three_steps_fails_no_request_and_drops_no_connection,
    what_the_agent_keeps_in_files_reaches_envoy_by_pilot_agent,
    a_citadel_that_was_killed_enrols_no_task_for_a_second_time,
    from_sleep_to_httpbin_200_then_503_then_200_with_keys_that_never_left_their_pods,
);
