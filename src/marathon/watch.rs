//! Judging a deployment by what was read, time after time. Pure: it gets what was seen and when.
//!
//! `STABLE` alone proves nothing: a pod may be so between two crashes, or in another version. And a
//! deployment never fails because tasks crash (Marathon DeploymentsResource), so that has to be
//! seen from the instances.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use super::deployment::Deployment;
use super::status::{Container, Ended, Instance, PodStatus, State};

/// What is to come about.
#[derive(Clone, Debug)]
pub struct Goal {
    /// The pod.
    pub id: String,
    /// The version of the definition that is to run.
    pub version: String,
    /// The deployment that brings it about, where it is known.
    pub deployment: Option<String>,
    /// The containers that run once: an instance is not done before they have finished.
    pub run_once: Vec<String>,
    /// What the instances have behind them.
    pub standing: Standing,
    /// How long the same instances have to be fine.
    pub settle: Duration,
    /// How many instances may fail; by default two more than there are to be.
    pub most_failures: Option<usize>,
}

/// What instances have behind them when the watch begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// They are to be launched.
    New,
    /// They were left alone: if none failed of late, they have stood the test of time.
    Proven,
}

/// What was read at one time.
#[derive(Clone, Debug)]
pub struct Seen {
    /// How the pod is; none if there is no such pod.
    pub status: Option<PodStatus>,
    /// The deployments that are under way.
    pub deployments: Vec<Deployment>,
}

/// How it ended.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// All instances run that version, and go on doing so.
    Stable,
    /// It will not come about.
    Failed(Why),
}

/// Why something will not come about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// Somebody removed the pod.
    Removed,
    /// Somebody gave the pod another definition.
    Replaced,
    /// Somebody ended the deployment, or another one took its place.
    Cancelled,
    /// So many instances failed, one after the other.
    CrashLoop(usize),
    /// It took too long.
    TimedOut,
}

/// Whether the instances of another version are what those of ours would be. They stay where only
/// their number was changed (Marathon PodDefinition.isOnlyScaleChange).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Likeness {
    Same,
    Other,
}

/// An instance that failed.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Its id.
    pub instance: String,
    /// The agent that it ran on.
    pub agent: Option<String>,
    /// What Marathon says of it.
    pub message: Option<String>,
    /// Its containers that failed.
    pub containers: Vec<Container>,
}

/// The judge of one pod's way.
#[derive(Debug)]
pub struct Watch {
    goal: Goal,
    /// Whether the version was seen to be the pod's, or the deployment to be under way.
    begun: bool,
    /// What is known of other versions.
    versions: BTreeMap<String, Likeness>,
    /// The instances of the version that were seen.
    instances: BTreeSet<String>,
    /// Those of them that failed.
    failed: BTreeSet<String>,
    /// The instances of other versions, and those that had ended before.
    others: BTreeSet<String>,
    last_failure: Option<Failure>,
    /// Since when these instances are all that there are to be, and fine.
    stable: Option<(Instant, BTreeSet<String>)>,
}

impl Watch {
    /// A judge who has seen nothing yet.
    pub fn new(goal: Goal) -> Self {
        Self {
            goal,
            begun: false,
            versions: BTreeMap::new(),
            instances: BTreeSet::new(),
            failed: BTreeSet::new(),
            others: BTreeSet::new(),
            last_failure: None,
            stable: None,
        }
    }

    /// The instance that failed last, with its reasons.
    pub fn last_failure(&self) -> Option<&Failure> {
        self.last_failure.as_ref()
    }

    /// How many instances have failed.
    pub fn failures(&self) -> usize {
        self.failed.len()
    }

    /// The version that is to run.
    pub(super) fn version(&self) -> &str {
        &self.goal.version
    }

    /// The versions of which it is to be known whether their instances may stay: those that run
    /// although the deployment is over.
    pub(super) fn to_compare(&self, seen: &Seen) -> BTreeSet<String> {
        if self.deployment(seen).is_some() {
            return BTreeSet::new();
        }
        let instances = seen.status.iter().flat_map(|status| &status.instances);
        let stable = instances.filter(|it| it.status == State::Stable);
        let others =
            stable.filter(|it| !it.is_of(&self.goal.version)).filter_map(Instance::version);
        others.filter(|version| !self.versions.contains_key(*version)).map(str::to_owned).collect()
    }

    /// Takes note of what another version is.
    pub(super) fn compared(&mut self, version: String, likeness: Likeness) {
        self.versions.insert(version, likeness);
    }

    /// How long the instances still have to be fine; none where they are not.
    pub fn settles_in(&self, now: Instant) -> Option<Duration> {
        let (since, _) = self.stable.as_ref()?;
        Some(self.goal.settle.saturating_sub(now - *since))
    }

    /// Takes note of what was seen; the verdict, if there is one.
    pub fn see(&mut self, seen: &Seen, now: Instant) -> Option<Verdict> {
        let deployed = self.deployment(seen).is_some();
        let status = seen.status.as_ref().filter(|status| status.status != State::Terminal);
        let Some(status) = status else {
            let to_come = !self.begun && deployed && seen.status.is_none();
            return (!to_come).then_some(Verdict::Failed(Why::Removed));
        };
        let version = status.spec.version.as_deref();
        if version.is_some_and(|version| version != self.goal.version) {
            return self.other_version(version.unwrap_or_default(), deployed);
        }
        self.note_failures(status);
        self.begun = true;
        let most = self.goal.most_failures.unwrap_or(status.spec.scaling.instances as usize + 2);
        if self.failed.len() >= most {
            return Some(Verdict::Failed(Why::CrashLoop(self.failed.len())));
        }
        self.settled(status, deployed, now).then_some(Verdict::Stable)
    }

    /// The deployment, if it has not ended; where it is not known, any that changes the pod.
    pub fn deployment<'s>(&self, seen: &'s Seen) -> Option<&'s Deployment> {
        seen.deployments.iter().find(|deployment| match &self.goal.deployment {
            Some(id) => deployment.id == *id,
            None => deployment.affects(&self.goal.id),
        })
    }

    /// What another version than ours means. Versions are times (Marathon PodsResource): a later
    /// one took our place, an earlier one came back, or ours is not there yet.
    fn other_version(&self, version: &str, deployed: bool) -> Option<Verdict> {
        let later = version > self.goal.version.as_str();
        if later {
            Some(Verdict::Failed(Why::Replaced))
        } else if self.begun || !deployed {
            Some(Verdict::Failed(Why::Cancelled))
        } else {
            None
        }
    }

    fn note_failures(&mut self, status: &PodStatus) {
        let (ours, others): (Vec<_>, Vec<_>) =
            status.instances.iter().partition(|it| it.is_of(&self.goal.version));
        self.others.extend(others.into_iter().map(|it| it.id.clone()));
        let ended = status.termination_history.iter();
        if !self.begun {
            // What is over when the watch begins was of others.
            self.others.extend(ended.clone().map(|it| it.instance.clone()));
        }
        let listed: BTreeSet<_> = ours.iter().map(|it| it.id.clone()).collect();
        // An instance that is gone has ended between two looks.
        self.failed.extend(self.instances.difference(&listed).cloned());
        self.instances.extend(listed);
        let ended = ended.filter_map(|it| self.failure_of_ended(it));
        let failures: Vec<_> = ended.chain(ours.into_iter().filter_map(failure)).collect();
        for failure in failures {
            self.failed.insert(failure.instance.clone());
            self.remember(failure);
        }
    }

    /// The failure of an instance that has ended, unless it was none of ours.
    fn failure_of_ended(&self, ended: &Ended) -> Option<Failure> {
        let containers = failed(ended.containers());
        let is_ours = self.instances.contains(&ended.instance)
            || !containers.is_empty() && !self.others.contains(&ended.instance);
        is_ours.then(|| Failure {
            instance: ended.instance.clone(),
            agent: None,
            message: ended.message.clone(),
            containers,
        })
    }

    /// What says more of the same instance stays.
    fn remember(&mut self, failure: Failure) {
        let known = self.last_failure.as_ref();
        let poorer = known.is_some_and(|known| {
            known.instance == failure.instance && known.containers.len() >= failure.containers.len()
        });
        if !poorer {
            self.last_failure = Some(failure);
        }
    }

    fn settled(&mut self, status: &PodStatus, deployed: bool, now: Instant) -> bool {
        let done = |it: &&Instance| {
            it.status == State::Stable && self.may_stay(it) && self.has_run_once(it)
        };
        let fine: BTreeSet<String> =
            status.instances.iter().filter(done).map(|it| it.id.clone()).collect();
        let enough = fine.len() >= status.spec.scaling.instances as usize;
        if deployed || !enough || status.status != State::Stable {
            self.stable = None;
            return false;
        }
        let untroubled = status.termination_history.is_empty();
        if self.goal.standing == Standing::Proven && untroubled {
            return true;
        }
        match &self.stable {
            Some((since, instances)) if *instances == fine => now - *since >= self.goal.settle,
            _ => {
                self.stable = Some((now, fine));
                self.goal.settle.is_zero()
            }
        }
    }

    /// Whether an instance is one of those that are to be.
    fn may_stay(&self, instance: &Instance) -> bool {
        let version = instance.version().and_then(|version| self.versions.get(version));
        instance.is_of(&self.goal.version) || version == Some(&Likeness::Same)
    }

    fn has_run_once(&self, instance: &Instance) -> bool {
        let once = instance.containers.iter().filter(|it| self.goal.run_once.contains(&it.name));
        once.into_iter().all(Container::has_finished)
    }
}

/// The failure of an instance that is about to end.
fn failure(instance: &Instance) -> Option<Failure> {
    let containers = failed(instance.containers.clone());
    let has_failed = instance.status == State::Terminal && !containers.is_empty();
    has_failed.then(|| Failure {
        instance: instance.id.clone(),
        agent: instance.agent_hostname.clone(),
        message: instance.message.clone(),
        containers,
    })
}

/// Those that failed, the ones that failed by themselves first.
fn failed(containers: Vec<Container>) -> Vec<Container> {
    let mut failed: Vec<_> = containers.into_iter().filter(Container::has_failed).collect();
    failed.sort_by_key(Container::was_killed);
    failed
}

#[cfg(test)]
mod tests;
