//! What validation is told beside the pod: what is known of Marathon, and what will still come.

/// What is known of the Marathon that will get the pod; what is not known is assumed to be fine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marathon {
    /// The feature `secrets` is enabled (`--enable_features secrets`).
    pub secrets: bool,
    /// A network of mode `container` may go without a name (`--default_network_name` is set).
    pub default_network_name: bool,
}

impl Default for Marathon {
    fn default() -> Self {
        Self { secrets: true, default_network_name: true }
    }
}

/// What injection will still complete: faults that it mends are none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unfinished<'u> {
    /// The containers that get their missing members; they may mount the volumes below. What such
    /// a container does have must be complete in itself.
    pub containers: &'u [String],
    /// The volumes that will be declared and mounted.
    pub volumes: &'u [String],
    /// The volumes that were declared and will be so again: any container may mount them.
    pub returning: &'u [String],
}
