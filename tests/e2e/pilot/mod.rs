//! Pilot, as far as the sidecars see it: what that of Istio 1.0.5 with the Mesos registry tells
//! them, in the API of today's Envoy and over its REST variant.
#![allow(dead_code, reason = "each program takes what it needs")]

mod acks;
mod clusters;
mod listeners;
mod node;
mod registry;
mod server;
mod tests;
mod tls;

use std::net::TcpListener;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Runtime;

use acks::Acks;
use registry::Registry;
pub(crate) use registry::{ClientTls, Policy, ServerTls, Workload};
pub(crate) use tls::{AGENT, Certificates};

/// How long [`Pilot::settled`] waits before it gives up: only a broken test waits so long.
const PATIENCE: Duration = Duration::from_secs(60);

/// A Pilot that serves until it is dropped.
pub(crate) struct Pilot {
    shared: Arc<Shared>,
    _runtime: Runtime,
}

/// What the server and the test share.
#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    /// A sidecar has asked.
    asked: Condvar,
}

/// What there is to tell, and who has heard it.
#[derive(Default)]
struct State {
    registry: Registry,
    acks: Acks,
}

impl Pilot {
    /// Serves on a listener that somebody else has bound, in whatever network namespace.
    pub(crate) fn serve(listener: TcpListener) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime can be made");
        let shared = Arc::default();
        runtime.spawn(server::serve(listener, Arc::clone(&shared)));
        Self { shared, _runtime: runtime }
    }

    /// The workloads that Marathon runs; they replace those before.
    pub(crate) fn workloads(&self, workloads: Vec<Workload>) {
        self.shared.change(|registry| registry.replace(workloads));
    }

    /// Workloads that are about to come: their proxies are told what they serve, and nobody else is
    /// told of them.
    pub(crate) fn introduce(&self, workloads: Vec<Workload>) {
        self.shared.change(|registry| registry.introduce(workloads));
    }

    /// `MeshPolicy` and `DestinationRule`, as `kubectl apply` would set them.
    pub(crate) fn apply(&self, policy: Policy) {
        self.shared.change(|registry| registry.policy = policy);
    }

    /// Where proxies are to have their certificates from.
    pub(crate) fn certificates(&self, certificates: Certificates) {
        self.shared.change(|registry| registry.certificates = certificates);
    }

    /// Waits until the sidecars of these instances have accepted all that they are now given; the
    /// error says who has not accepted what in a minute.
    pub(crate) fn settled(&self, instances: &[&str]) -> Result<(), String> {
        self.settled_within(instances, PATIENCE)
    }

    /// Waits no longer than `patience`; the error says who has not accepted what.
    fn settled_within(&self, instances: &[&str], patience: Duration) -> Result<(), String> {
        let state = self.shared.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (state, _) = self
            .shared
            .asked
            .wait_timeout_while(state, patience, |state| !state.acks.missing(instances).is_empty())
            .unwrap_or_else(PoisonError::into_inner);
        let missing = state.acks.missing(instances);
        if missing.is_empty() { Ok(()) } else { Err(missing.join("; ")) }
    }
}

impl Shared {
    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes what there is to tell, which makes a new version of it.
    fn change(&self, act: impl FnOnce(&mut Registry)) {
        self.with(|state| {
            act(&mut state.registry);
            state.acks.renew();
        });
    }
}

pub(crate) fn tests() -> Vec<crate::Test> {
    tests::all()
}
