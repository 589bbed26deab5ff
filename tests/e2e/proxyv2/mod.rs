//! What stands in for Istio's image `proxyv2:1.0.5`: `root/` is laid over the image's files, and
//! this binary itself is its pilot-agent.
#![allow(dead_code, reason = "the example that runs a mesh has no tests")]

mod agent;
mod iptables;
mod pilot_agent;
mod sidecar;

use std::path::Path;
use std::process::ExitCode;

/// Runs this binary as pilot-agent, if that is what it was started as.
pub(crate) fn program() -> Option<ExitCode> {
    let started_as = std::env::args_os().next()?;
    let is_agent = Path::new(&started_as).file_name()? == "pilot-agent";
    is_agent.then(pilot_agent::run)
}

pub(crate) fn tests() -> Vec<crate::Test> {
    [iptables::tests(), pilot_agent::tests(), agent::tests()].concat()
}
