//! What was seen of a pod, in the words of a progress line.

use std::collections::BTreeMap;
use std::fmt::Write;

use marathon_inject::marathon::{PodStatus, Seen, State, Watch};

/// The instances, their containers, where the deployment is, and what failed so far, on one line.
pub(crate) fn look(seen: &Seen, watch: &Watch) -> String {
    let Some(status) = &seen.status else {
        return "not there".to_owned();
    };
    let mut words = instances(status);
    let containers = containers(status);
    if !containers.is_empty() {
        write!(words, ": {containers}").expect("a String takes all");
    }
    if let Some(deployment) = watch.deployment(seen).filter(|it| it.total_steps > 0) {
        let (step, all) = (deployment.current_step, deployment.total_steps);
        write!(words, "; step {step} of {all}").expect("a String takes all");
    }
    match watch.failures() {
        0 => words,
        1 => words + "; 1 instance failed",
        count => format!("{words}; {count} instances failed"),
    }
}

fn instances(status: &PodStatus) -> String {
    let stable = status.instances.iter().filter(|it| it.status == State::Stable).count();
    format!("{stable} of {} stable", status.spec.scaling.instances)
}

/// The containers of the instances that are not about to end, as `web running, istio-init 1
/// running 1 finished`.
fn containers(status: &PodStatus) -> String {
    let mut names = Vec::new();
    let mut states: BTreeMap<&str, BTreeMap<String, usize>> = BTreeMap::new();
    let alive = status.instances.iter().filter(|it| it.status != State::Terminal);
    for container in alive.flat_map(|instance| &instance.containers) {
        if !states.contains_key(container.name.as_str()) {
            names.push(container.name.as_str());
        }
        let state = container.status.trim_start_matches("TASK_").to_lowercase();
        *states.entry(&container.name).or_default().entry(state).or_default() += 1;
    }
    let words = names.into_iter().map(|name| format!("{name} {}", counted(&states[name])));
    words.collect::<Vec<_>>().join(", ")
}

fn counted(states: &BTreeMap<String, usize>) -> String {
    let alone = states.len() == 1;
    let words = states.iter().map(|(state, count)| match alone {
        true => state.clone(),
        false => format!("{count} {state}"),
    });
    words.collect::<Vec<_>>().join(" ")
}
