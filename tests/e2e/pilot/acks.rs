//! Who has been given what, and who has accepted it.

use std::collections::{BTreeMap, BTreeSet};

/// The kinds of resources that a node asks for, each at its own address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// CDS.
    Clusters,
    /// LDS.
    Listeners,
}

/// The version of what there is to tell, and how far each node is with each kind.
#[derive(Debug, Default)]
pub(super) struct Acks {
    version: u64,
    /// By instance and kind.
    nodes: BTreeMap<(String, Kind), Progress>,
}

/// How far a node is with a kind. Over REST a node sends the version that it has accepted and no
/// word of an error: that it did not accept what it was given shows in what it asks next.
#[derive(Debug, Default)]
struct Progress {
    accepted: Option<u64>,
    given: Option<u64>,
    /// How often in a row it came back without having accepted.
    refused: u32,
}

impl Acks {
    /// There is something new to tell.
    pub(super) fn renew(&mut self) {
        self.version += 1;
    }

    /// Takes down that a node asks, having accepted this version so far. Gives what it is given.
    pub(super) fn ask(&mut self, instance: &str, kind: Kind, accepted: &str) -> u64 {
        let progress = self.nodes.entry((instance.to_owned(), kind)).or_default();
        progress.accepted = accepted.parse().ok();
        let came_back = progress.given.is_some() && progress.given != progress.accepted;
        progress.refused = if came_back { progress.refused + 1 } else { 0 };
        progress.given = Some(self.version);
        self.version
    }

    /// What these instances have still to accept, one line for each kind; none if they are done.
    pub(super) fn missing(&self, instances: &[&str]) -> Vec<String> {
        let pairs = instances
            .iter()
            .flat_map(|instance| [Kind::Clusters, Kind::Listeners].map(|kind| (*instance, kind)));
        pairs.filter_map(|(instance, kind)| self.lacks(instance, kind)).collect()
    }

    fn lacks(&self, instance: &str, kind: Kind) -> Option<String> {
        let Some(progress) = self.nodes.get(&(instance.to_owned(), kind)) else {
            let others: BTreeSet<_> = self.nodes.keys().map(|(instance, _)| instance).collect();
            return Some(format!("{instance} never asked for {kind:?}; who asked: {others:?}"));
        };
        (progress.accepted != Some(self.version)).then(|| {
            format!(
                "{instance} has not accepted version {} of {kind:?}: {progress:?}",
                self.version
            )
        })
    }
}
