//! A pod that is kept running: Marathon's part. An instance that ends is followed by a new one,
//! after a delay that grows.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::agent::Agent;
use super::definition;
use super::instance::Instance;
use super::task::Tasks;
use super::{PATIENCE, uuid};

/// A pod with one instance, until it is dropped.
pub(crate) struct Pod {
    kept: Arc<Kept>,
    keeper: Option<JoinHandle<()>>,
}

struct Kept {
    agent: Arc<Agent>,
    pod: Arc<definition::Pod>,
    history: Mutex<History>,
    changed: Condvar,
}

#[derive(Default)]
struct History {
    /// The last is the one that runs, or is about to be followed by another.
    instances: Vec<Arc<Instance>>,
    is_over: bool,
}

impl Pod {
    /// Runs a pod as Marathon would that was given this JSON. The pod has a network of its own: what
    /// a sidecar does to the agent's is not to be tried.
    pub(crate) fn run(agent: &Arc<Agent>, definition: &str) -> Self {
        let pod: definition::Pod = serde_json::from_str(definition).expect("a pod");
        assert!(pod.is_on_a_network_of_its_own(), "{} is on the network of its agent", pod.id);
        let kept = Arc::new(Kept {
            agent: Arc::clone(agent),
            pod: Arc::new(pod),
            history: Mutex::default(),
            changed: Condvar::new(),
        });
        let first = kept.launch();
        kept.history().instances.push(first);
        let keeper = Arc::clone(&kept);
        Self { kept, keeper: Some(thread::spawn(move || keeper.keep())) }
    }

    /// The latest instance.
    pub(crate) fn instance(&self) -> Arc<Instance> {
        let history = self.kept.history();
        Arc::clone(history.instances.last().expect("the first was started at once"))
    }

    /// The instance of this number, counted from 0, once it was started.
    pub(crate) fn instance_number(&self, number: usize) -> Arc<Instance> {
        let history = self.kept.history();
        let lacks = |history: &mut History| history.instances.len() <= number;
        let waited = self.kept.changed.wait_timeout_while(history, PATIENCE, lacks).unwrap();
        let instance = waited.0.instances.get(number).cloned();
        // A panic with the lock held would be another one when the pod is dropped.
        drop(waited);
        instance.unwrap_or_else(|| panic!("instance {number} did not come"))
    }

    /// The latest instance, once it is STABLE.
    pub(crate) fn stable(&self) -> Arc<Instance> {
        let instance = self.instance();
        instance.wait_until("it is stable", Tasks::are_stable);
        instance
    }
}

impl Kept {
    /// A test may panic while it looks; the pod has to end all the same.
    fn history(&self) -> MutexGuard<'_, History> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn launch(&self) -> Arc<Instance> {
        let path = self.pod.id.trim_start_matches('/').replace('/', "_");
        let id = format!("{path}.instance-{}", uuid());
        Instance::start(&self.agent, &self.pod, id)
    }

    fn keep(&self) {
        for failures in 1.. {
            let instance = Arc::clone(self.history().instances.last().unwrap());
            instance.wait_for_the_end();
            let delay = self.pod.scheduling.backoff.after(failures);
            let history = self.history();
            let waited = self.changed.wait_timeout_while(history, delay, |kept| !kept.is_over);
            let mut history = waited.unwrap().0;
            if history.is_over {
                return;
            }
            // With the lock held: nobody may end the pod and miss this instance.
            history.instances.push(self.launch());
            self.changed.notify_all();
        }
    }
}

impl Drop for Pod {
    fn drop(&mut self) {
        self.kept.history().is_over = true;
        self.kept.changed.notify_all();
        self.instance().kill(|_| Duration::ZERO);
        if let Some(keeper) = self.keeper.take() {
            let ended = keeper.join();
            assert!(ended.is_ok() || thread::panicking(), "the pod could not be kept running");
        }
    }
}
