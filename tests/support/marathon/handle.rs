//! What a test holds: starts a Marathon, meddles with it, looks at it, stops it.

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::runtime::Runtime;

use super::access::Access;
use super::answer::Refusal;
use super::builder::Builder;
use super::changes::Force;
use super::cluster::Cluster;
use super::faults::Fault;
use super::leader::{Leaderless, Leadership};
use super::records::Request;
use super::script::Trouble;
use super::server;
use super::tls::{Authority, Identity, Tls};

/// How long [`Marathon::wait_until`] waits before it gives up: only a broken test waits so long.
const PATIENCE: Duration = Duration::from_secs(20);

/// The state that nodes, ticks and the test share.
#[derive(Debug)]
pub(super) struct Shared {
    cluster: Mutex<Cluster>,
    changed: Condvar,
}

impl Shared {
    /// Does something with the state, and tells who waits for it.
    pub(super) fn with<T>(&self, act: impl FnOnce(&mut Cluster) -> T) -> T {
        let mut cluster = self.cluster.lock().unwrap_or_else(PoisonError::into_inner);
        let done = act(&mut cluster);
        self.changed.notify_all();
        done
    }
}

/// A Marathon that runs until it is dropped.
pub(crate) struct Marathon {
    shared: Arc<Shared>,
    authority: Authority,
    runtime: Option<Runtime>,
}

impl Marathon {
    /// One node, open to all, over plain HTTP.
    pub(crate) fn start() -> Self {
        Self::builder().start()
    }

    /// One that is made to measure.
    pub(crate) fn builder() -> Builder {
        Builder::default()
    }

    pub(super) fn launch(builder: Builder) -> Self {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let addresses = std::iter::once(builder.address).chain(std::iter::repeat(any));
        let listeners: Vec<TcpListener> = addresses
            .take(builder.nodes)
            .map(|address| TcpListener::bind(address).expect("the address is free"))
            .collect();
        let address = |it: &TcpListener| it.local_addr().expect("it listens").to_string();
        let scheme = if builder.tls == Tls::None { "http" } else { "https" };
        let leadership = Leadership::new(listeners.iter().map(address).collect(), scheme);
        let cluster = Cluster::new(builder.settings, leadership);
        let shared = Arc::new(Shared { cluster: Mutex::new(cluster), changed: Condvar::new() });
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime can be made");
        let authority = Authority::new();
        let acceptor = authority.acceptor(builder.tls);
        for (node, listener) in listeners.into_iter().enumerate() {
            let serving = server::serve(node, listener, acceptor.clone(), Arc::clone(&shared));
            runtime.spawn(serving);
        }
        if let Some(tick) = builder.tick {
            runtime.spawn(server::pass_time(tick, Arc::clone(&shared)));
        }
        Self { shared, authority, runtime: Some(runtime) }
    }

    /// Where Marathon is: behind DC/OS, below the cluster's URL.
    pub(crate) fn url(&self) -> String {
        self.url_of(0)
    }

    /// Where one of the nodes is, counted from 0.
    pub(crate) fn url_of(&self, node: usize) -> String {
        let root = self.shared.with(|cluster| cluster.leadership.url_of(node));
        let behind_dcos =
            |cluster: &mut Cluster| matches!(cluster.sessions.access(), Access::DcOs(_));
        let path = if self.shared.with(behind_dcos) { server::BELOW_DCOS } else { "" };
        format!("{root}{path}")
    }

    /// Where the DC/OS cluster is.
    pub(crate) fn dcos_url(&self) -> String {
        self.shared.with(|cluster| cluster.leadership.url_of(0))
    }

    /// The certificate of the CA that vouches for the server, in PEM.
    pub(crate) fn ca(&self) -> String {
        self.authority.pem()
    }

    /// A certificate that the server accepts of a client.
    pub(crate) fn client_identity(&self) -> Identity {
        self.authority.client()
    }

    /// Lets so many ticks pass.
    pub(crate) fn tick(&self, ticks: usize) {
        for _ in 0..ticks {
            self.shared.with(Cluster::tick);
        }
    }

    /// Looks at the state.
    pub(crate) fn see<T>(&self, look: impl FnOnce(&Cluster) -> T) -> T {
        self.shared.with(|cluster| look(cluster))
    }

    /// Waits until the state is as it should be.
    ///
    /// # Panics
    /// It does not become so.
    pub(crate) fn wait_until(&self, mut is_so: impl FnMut(&Cluster) -> bool) {
        let cluster = self.shared.cluster.lock().unwrap_or_else(PoisonError::into_inner);
        let waits = |cluster: &mut Cluster| !is_so(cluster);
        let waited = self.shared.changed.wait_timeout_while(cluster, PATIENCE, waits);
        let (cluster, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        let pods: Vec<_> = cluster.pods.iter().map(|(id, pod)| (id, pod.status)).collect();
        assert!(!timeout.timed_out(), "it did not become so in {PATIENCE:?}; pods: {pods:?}");
    }

    /// The definition of a pod.
    pub(crate) fn pod(&self, id: &str) -> Option<Value> {
        self.see(|cluster| cluster.spec(id).cloned())
    }

    /// Whether there is such a pod.
    pub(crate) fn has(&self, id: &str) -> bool {
        self.see(|cluster| cluster.has(id))
    }

    /// The ids of a pod's instances.
    pub(crate) fn instances(&self, id: &str) -> Vec<String> {
        self.see(|cluster| cluster.instances(id).iter().map(|it| it.id.clone()).collect())
    }

    /// All requests so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.see(|cluster| cluster.log().requests().to_vec())
    }

    /// The requests that were meant to change something.
    pub(crate) fn writes(&self) -> Vec<Request> {
        self.see(|cluster| cluster.log().writes().into_iter().cloned().collect())
    }

    /// Who signed in, in their order.
    pub(crate) fn sign_ins(&self) -> Vec<String> {
        self.see(|cluster| cluster.sessions.sign_ins().to_vec())
    }

    /// What shall happen to the instances of a pod.
    pub(crate) fn script(&self, pod: &str, trouble: Trouble) {
        self.shared.with(|cluster| cluster.script.add(pod, trouble));
    }

    /// Nothing goes wrong with the next instances of a pod.
    pub(crate) fn mend(&self, pod: &str) {
        self.shared.with(|cluster| cluster.script.clear(pod));
    }

    /// A container of all running instances of a pod ends with an exit code now.
    pub(crate) fn crash(&self, pod: &str, container: &str, code: i32, message: &str) {
        self.shared.with(|cluster| cluster.crash(pod, container, code, message));
    }

    /// What goes wrong with the next requests of a method to paths that begin so.
    pub(crate) fn fault(&self, times: usize, method: &str, prefix: &str, fault: Fault) {
        self.shared.with(|cluster| cluster.faults.plan(times, method, prefix, fault));
    }

    /// No request meets trouble any more.
    pub(crate) fn clear_faults(&self) {
        self.shared.with(|cluster| cluster.faults.clear());
    }

    /// Somebody else writes a pod.
    pub(crate) fn put(&self, id: &str, spec: &Value) -> Result<(), Refusal> {
        let body = spec.to_string();
        let put = |cluster: &mut Cluster| cluster.replace(id, body.as_bytes(), Force::Yes);
        self.shared.with(put).map(|_| ())
    }

    /// Somebody else deletes a pod.
    pub(crate) fn delete(&self, id: &str) -> Result<(), Refusal> {
        self.shared.with(|cluster| cluster.delete(id, Force::Yes)).map(|_| ())
    }

    /// An app takes an id.
    pub(crate) fn app(&self, id: &str) {
        self.shared.with(|cluster| cluster.apps.insert(id.to_owned()));
    }

    /// A deployment holds a pod until it is unlocked or overridden; the answer is its id.
    pub(crate) fn lock(&self, pod: &str) -> String {
        self.shared.with(|cluster| cluster.hold(pod))
    }

    /// The deployments that hold a pod end.
    pub(crate) fn unlock(&self, pod: &str) {
        self.shared.with(|cluster| cluster.deployments.retain(|it| it.pod != pod));
    }

    /// Somebody cancels all deployments, without a way back.
    pub(crate) fn cancel_deployments(&self) {
        self.shared.with(|cluster| {
            for deployment in cluster.deployments.split_off(0) {
                cluster.bus.failed(&deployment, "cancelled");
            }
        });
    }

    /// Another node leads; event streams break.
    pub(crate) fn lead(&self, node: usize) {
        self.shared.with(|cluster| cluster.leadership.change(Ok(node)));
    }

    /// Nobody leads.
    pub(crate) fn depose(&self, answer: Leaderless) {
        self.shared.with(|cluster| cluster.leadership.change(Err(answer)));
    }

    /// Makes a token valid, as if somebody had signed in elsewhere.
    pub(crate) fn admit(&self, token: &str) {
        self.shared.with(|cluster| cluster.sessions.admit(token.to_owned()));
    }

    /// No token is valid any more.
    pub(crate) fn revoke_tokens(&self) {
        self.shared.with(|cluster| cluster.sessions.revoke());
    }
}

impl Drop for Marathon {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
