//! Deployments: what Marathon is at, until what runs is what was asked for.

use serde::Deserialize;

/// A deployment that is under way. One that has ended is told by its absence, whether it succeeded
/// or not (Marathon DeploymentsResource).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Deployment {
    /// Its id.
    pub id: String,
    /// The pods that it changes.
    pub affected_pods: Vec<String>,
    /// The step that it is at, counted from 1.
    pub current_step: u32,
    /// How many steps it has; 0 where that is not said.
    pub total_steps: u32,
}

impl Deployment {
    /// Whether it changes a pod.
    pub fn affects(&self, pod: &str) -> bool {
        self.affected_pods.iter().any(|id| id == pod)
    }
}
