//! The stage: an agent, Pilot, a CA, and the pods that injection has made.

use std::net::Ipv4Addr;
use std::process::Command;
use std::slice;
use std::sync::Arc;
use std::time::Duration;

use crate::bundles::{Authority, Shelf};
use crate::calls::Caller;
use crate::mesos::{Agent, HOST, Image, Images, Instance, Pod};
use crate::parts;
use crate::pilot::{Pilot, Policy, Workload};
use crate::secured::AGENT_IMAGE;
use crate::wait;

/// The name of the bundle at its address, and in the sandbox.
pub(crate) const BUNDLE: &str = "bundle-certs.tgz";
/// What the walk-through's `sleep` calls.
pub(crate) const HTTPBIN: &str = "http://httpbin.marathon.l4lb.thisdcos.directory:8000/ip";
pub(crate) const HTTPBIN_HOST: &str = "httpbin.marathon.l4lb.thisdcos.directory:8000";

const PILOT: (&str, u16) = ("pilot.marathon.containerip.dcos.thisdcos.directory", 15010);
const SHELF_PORT: u16 = 8070;
/// What Envoy has that is on its way out.
const DRAINING: &str = "http://127.0.0.1:15000/stats?filter=draining";
/// How long that may take: several times `--drainDuration`.
const DRAIN: Duration = Duration::from_secs(30);
/// Services that pods may call. Nobody routes their virtual addresses: only Envoy can tell where
/// they are.
const SERVICES: [&str; 6] = ["httpbin", "sleep", "two-ports", "mixed", "two-containers", "ailing"];

pub(crate) struct Mesh {
    pub(crate) authority: Arc<Authority>,
    pub(crate) shelf: Shelf,
    pub(crate) pilot: Pilot,
    pub(crate) agent: Arc<Agent>,
}

impl Mesh {
    /// Without pods and without a policy; the bundle of the mesh's one identity lies on the shelf.
    pub(crate) fn start() -> Self {
        let agent = Agent::start(images(), names());
        let authority = Arc::new(Authority::new());
        let shelf = Shelf::serve(agent.listen(SHELF_PORT));
        shelf.put(BUNDLE, authority.bundle(&[]));
        let pilot = Pilot::serve(agent.listen(PILOT.1));
        Self { authority, shelf, pilot, agent: Arc::new(agent) }
    }

    /// Where pods fetch what lies on the shelf.
    pub(crate) fn uri(name: &str) -> String {
        format!("http://{HOST}:{SHELF_PORT}/{name}")
    }

    /// What `inject` makes of a pod's file, with the bundle from the shelf if no flag says another.
    pub(crate) fn inject(file: &str, flags: &[&str]) -> String {
        let output = Command::new(parts::inject())
            .arg(file)
            .args(flags)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .env_clear()
            .env("INJECT_BUNDLE_URI", Self::uri(BUNDLE))
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{stderr}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Injects and runs a pod.
    pub(crate) fn run(&self, file: &str) -> Pod {
        self.run_with(file, &[])
    }

    /// Injects, with these flags, and runs a pod.
    pub(crate) fn run_with(&self, file: &str, flags: &[&str]) -> Pod {
        Pod::run(&self.agent, &Self::inject(file, flags))
    }

    /// Waits until the pods are stable, tells Pilot of them, and waits until all of their sidecars
    /// have what Pilot gives.
    pub(crate) fn settle(&self, pods: &[&Pod]) -> Vec<Arc<Instance>> {
        let instances: Vec<_> = pods.iter().map(|pod| pod.stable()).collect();
        self.publish(&instances);
        instances
    }

    /// Tells Pilot which instances there are.
    pub(crate) fn publish(&self, instances: &[Arc<Instance>]) {
        self.pilot.workloads(instances.iter().map(|instance| workload(instance)).collect());
        self.accepted(instances);
    }

    /// Lets Pilot prepare the sidecar of an instance that nobody calls yet.
    pub(crate) fn introduce(&self, instance: &Arc<Instance>) {
        self.pilot.introduce(vec![workload(instance)]);
        self.accepted(slice::from_ref(instance));
    }

    /// Applies a policy, and waits until all sidecars have it and are done with what was before.
    pub(crate) fn apply(&self, policy: Policy, instances: &[Arc<Instance>]) {
        self.pilot.apply(policy);
        self.accepted(instances);
        instances.iter().for_each(|instance| drained(instance));
    }

    fn accepted(&self, instances: &[Arc<Instance>]) {
        let nodes: Vec<&str> = instances.iter().map(|instance| &*instance.id).collect();
        if let Err(missing) = self.pilot.settled(&nodes) {
            let accounts = instances.iter().map(|instance| instance.account());
            panic!("{missing}\n{}", accounts.collect::<String>());
        }
    }
}

/// Waits until Envoy has closed the connections from before: a caller's Envoy keeps them, and what
/// goes over them goes on as it did.
fn drained(instance: &Instance) {
    let gauges = || instance.inside("istio-proxy").curl(&[DRAINING]);
    let are_zero = |all: String| !all.is_empty() && all.lines().all(|gauge| gauge.ends_with(": 0"));
    let account = || format!("{}{}", gauges(), instance.account());
    wait::until(DRAIN, account, || are_zero(gauges()).then_some(()));
}

/// What Mesos's registry in Pilot makes of an instance.
fn workload(instance: &Instance) -> Workload {
    let services = instance.pod.labels.get("istio").map_or("", String::as_str);
    Workload {
        instance: instance.id.clone(),
        services: services.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect(),
        address: instance.address,
        ports: instance.pod.tcp_ports().collect(),
    }
}

fn images() -> Images {
    let proxy = Image {
        layers: vec![parts::own_layer(), parts::images().join("proxyv2")],
        programs: vec![(std::env::current_exe().unwrap(), "/usr/local/bin/pilot-agent".to_owned())],
    };
    let httpbin = Image { layers: vec![parts::images().join("httpbin")], programs: Vec::new() };
    let mut agent = proxy.clone();
    let program = |path| (path, "/usr/local/bin/node-agent".to_owned());
    agent.programs.extend(parts::node_agent().map(program));
    [
        (AGENT_IMAGE, agent),
        ("docker.io/istio/proxyv2:1.0.5", proxy),
        ("citizenstig/httpbin", httpbin),
        ("pstauffer/curl", Image::default()),
    ]
    .into_iter()
    .map(|(name, image)| (name.to_owned(), image))
    .collect()
}

fn names() -> Vec<(String, Ipv4Addr)> {
    let virtual_address =
        |number: usize| Ipv4Addr::new(11, 0, 0, u8::try_from(number + 1).expect("few services"));
    let service = |(number, service): (usize, &&str)| {
        (format!("{service}.marathon.l4lb.thisdcos.directory"), virtual_address(number))
    };
    let mut names: Vec<_> = SERVICES.iter().enumerate().map(service).collect();
    names.push((PILOT.0.to_owned(), HOST));
    names
}
