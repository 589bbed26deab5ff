//! The volumes that a hand-written sidecar mounts. Marathon refuses a volume that nothing mounts
//! (V30), so one that only the sidecar did goes with it.

use std::collections::BTreeSet;

use super::reading::Place;
use super::rest::Walk;
use crate::document::{Diagnostic, Node};
use crate::plan::route::name_in;
use crate::pod::Container;

impl Walk<'_, '_, '_> {
    /// Ours mount the volume of the certificates only.
    pub(super) fn mounts(&mut self) {
        for (index, mount) in self.items("volumeMounts") {
            let what = format!("the mount of volume {}", name_in(mount).unwrap_or_default());
            self.dropped(mount, &format!("volumeMounts/{index}"), &what);
        }
        let own = mounted(&self.container);
        let used: BTreeSet<_> = self.old.others().flat_map(|(_, other)| mounted(&other)).collect();
        let volumes = self.old.pod.node().get("volumes").map_or(&[][..], Node::items);
        for (index, volume) in volumes.iter().enumerate() {
            let name = name_in(volume).unwrap_or_default();
            if own.contains(name) && !used.contains(name) {
                self.rest.volumes.push(index);
                let words = format!("volume {name} goes, for nothing else mounts it");
                let place = Place::of(volume, format!("{}/volumes/{index}", self.old.at));
                self.reading.find(&place, Diagnostic::warning(words).rule("A11"));
            }
        }
    }
}

fn mounted<'t>(container: &Container<'t, '_>) -> BTreeSet<&'t str> {
    let mounts = container.node().get("volumeMounts").map_or(&[][..], Node::items);
    mounts.iter().filter_map(name_in).collect()
}
