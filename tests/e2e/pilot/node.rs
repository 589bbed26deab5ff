//! Who asks: a proxy by its node id.

use std::net::IpAddr;

/// A sidecar, as its id says: `sidecar~IP~INSTANCE~DOMAIN` (Istio 1.0.5, `ParseServiceNode`).
#[derive(Debug)]
pub(super) struct Node {
    /// What `--id` was: that which the registry knows a workload by.
    pub(super) instance: String,
    /// What `--domain` was: the end of the hosts that this node calls.
    pub(super) domain: String,
}

impl Node {
    /// Reads an id; the error says what is wrong with it.
    pub(super) fn parse(id: &str) -> Result<Self, String> {
        let parts: Vec<_> = id.split('~').collect();
        let [kind, ip, instance, domain] = parts[..] else {
            return Err(format!("the node id {id:?} does not have four parts"));
        };
        if kind != "sidecar" {
            return Err(format!("the node id {id:?} is not that of a sidecar"));
        }
        if ip.parse::<IpAddr>().is_err() {
            return Err(format!("the node id {id:?} has no IP address"));
        }
        Ok(Self { instance: instance.to_owned(), domain: domain.to_owned() })
    }

    /// The name by which this node calls a service.
    pub(super) fn host(&self, service: &str) -> String {
        format!("{service}.{}", self.domain)
    }
}
