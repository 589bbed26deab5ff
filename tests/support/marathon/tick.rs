//! Time passes: a tick moves every instance one step, then every deployment as far as it can go.

use super::clock::Clock;
use super::cluster::Cluster;
use super::deployment::{Action, Deployment, Pace};
use super::instance::{Instance, Phase};
use super::pod::{Failure, Pod};
use super::status;

impl Cluster {
    /// Lets one tick pass.
    pub(super) fn tick(&mut self) {
        let ids: Vec<String> = self.pods.keys().cloned().collect();
        for id in &ids {
            self.step_instances(id);
            self.bury(id);
            self.reconcile(id);
        }
        self.step_deployments();
        for id in &ids {
            self.refresh_status(id);
        }
    }

    /// Kills an instance; a new one will take its place.
    pub(super) fn kill(&mut self, pod: &str, instance: &str) -> Option<Instance> {
        let instances = &mut self.pods.get_mut(pod)?.instances;
        let killed = instances.iter_mut().find(|it| it.id == instance)?;
        killed.kill();
        self.bus.instance(pod, killed);
        Some(killed.clone())
    }

    /// Lets a container of every running instance end with an exit code.
    pub(super) fn crash(&mut self, pod: &str, container: &str, code: i32, message: &str) {
        let Some(crashing) = self.pods.get_mut(pod) else { return };
        crashing.backoff = self.settings.backoff;
        for instance in crashing.instances.iter_mut().filter(|it| !it.is_ending()) {
            instance.crash(container, code, message);
            self.bus.instance(pod, instance);
            self.log.saw_failure(pod);
        }
    }

    fn step_instances(&mut self, id: &str) {
        let Some(pod) = self.pods.get_mut(id) else { return };
        for instance in &mut pod.instances {
            let before = instance.clone();
            instance.step();
            if before.condition() != instance.condition() {
                self.bus.instance(id, instance);
                if instance.has_failed() {
                    pod.backoff = self.settings.backoff;
                    self.log.saw_failure(id);
                }
            }
            for (now, before) in instance.containers.iter().zip(&before.containers) {
                if now.task != before.task {
                    self.bus.task(id, instance, now);
                }
            }
        }
    }

    /// Of the instances that are gone, the last one that failed leaves a trace.
    fn bury(&mut self, id: &str) {
        let Some(pod) = self.pods.get_mut(id) else { return };
        let gone = pod.instances.extract_if(.., |it| it.phase == Phase::Gone);
        let failed = gone.filter(|it| it.ended_by_failure()).last();
        if let Some(failed) = failed {
            pod.last_failure = Some(Failure {
                instance: failed.id,
                started: failed.started,
                ended: failed.since,
                containers: failed.containers,
            });
        }
    }

    /// Launches or kills what brings the pod nearer to what is wanted.
    fn reconcile(&mut self, id: &str) {
        let action = self.action_on(id);
        let Some(pod) = self.pods.get_mut(id) else { return };
        let stops = matches!(action, Some(Action::Start | Action::Stop));
        let wanted = if stops { 0 } else { pod.wanted() };
        let restarts = action == Some(Action::Restart);
        match Need::of(pod, wanted, restarts) {
            Need::Nothing => pod.backoff = pod.backoff.saturating_sub(1),
            Need::Another => self.launch(id),
            Need::Fewer(instance) => {
                self.kill(id, &instance);
            }
        }
    }

    fn launch(&mut self, id: &str) {
        let troubles = self.script.next(id);
        let uuid = self.clock.uuid();
        let number = self.log.next_instance();
        let Some(pod) = self.pods.get_mut(id) else { return };
        let name = id.trim_start_matches('/').replace('/', "_");
        let spec = pod.spec().clone();
        let id = format!("{name}.instance-{uuid}");
        pod.instances.push(Instance::new(id, number, &spec, troubles));
    }

    fn action_on(&self, pod: &str) -> Option<Action> {
        let moving = |it: &&Deployment| it.pod == pod && it.pace == Pace::Instances;
        self.deployments.iter().find(moving).map(Deployment::action)
    }

    fn step_deployments(&mut self) {
        for mut deployment in std::mem::take(&mut self.deployments) {
            if deployment.pace == Pace::Held || !self.is_reached(&deployment) {
                self.deployments.push(deployment);
                continue;
            }
            self.bus.step("deployment_step_success", &deployment);
            if deployment.current < deployment.steps.len() {
                deployment.current += 1;
                self.bus.step("deployment_info", &deployment);
                self.deployments.push(deployment);
            } else {
                self.finish(&deployment);
            }
        }
    }

    fn finish(&mut self, deployment: &Deployment) {
        if deployment.action() == Action::Stop {
            self.pods.remove(&deployment.pod);
        }
        self.bus.succeeded(deployment);
        self.log.saw_end(deployment);
    }

    /// Whether a deployment's step is done. That tasks crash is no reason to fail, only to wait.
    fn is_reached(&self, deployment: &Deployment) -> bool {
        let Some(pod) = self.pods.get(&deployment.pod) else { return true };
        let (_, old) = pod.generations();
        let complete = pod.stable() == pod.wanted() && pod.instances.len() == pod.wanted();
        match deployment.action() {
            Action::Start => true,
            Action::Scale => complete,
            Action::Restart => complete && old.is_empty(),
            Action::Stop => pod.instances.is_empty(),
        }
    }

    /// Notes when a pod's state changes.
    pub(super) fn refresh_status(&mut self, id: &str) {
        let status = self.pods.get(id).map(|pod| status::of_pod(pod, self.action_on(id)));
        if let (Some(pod), Some(status)) = (self.pods.get_mut(id), status)
            && pod.status != status
        {
            pod.status = status;
            pod.since = Clock::now();
        }
    }
}

/// What a pod's instances lack.
enum Need {
    Nothing,
    Another,
    Fewer(String),
}

impl Need {
    /// An update replaces the old instances one by one: one more is launched, and once it is
    /// stable, one old goes (`maximumOverCapacity` and `minimumHealthCapacity` 1).
    fn of(pod: &Pod, wanted: usize, restarts: bool) -> Self {
        let (current, old) = pod.generations();
        let stable = current.iter().filter(|it| it.status() == "STABLE").count();
        let alive = current.len() + old.len();
        let (count, capacity) =
            if restarts { (current.len(), stable + old.len()) } else { (alive, alive) };
        let youngest = |instances: &[&Instance]| instances.last().map(|it| it.id.clone());
        let settled = !restarts || old.is_empty() || stable == current.len();
        if capacity > wanted || count > wanted {
            let victim = if restarts || wanted == 0 { youngest(&old) } else { None };
            let victim = victim.or_else(|| youngest(&current)).or_else(|| youngest(&old));
            victim.map_or(Self::Nothing, Self::Fewer)
        } else if count < wanted && settled && pod.backoff == 0 {
            Self::Another
        } else {
            Self::Nothing
        }
    }
}
