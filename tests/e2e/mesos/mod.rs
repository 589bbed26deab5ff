//! A Mesos agent with Marathon's pods on it: a network namespace for each pod, mount and PID
//! namespaces for each container, the rules of the fetcher, of volumes and of restarts.
//!
//! It does what Mesos 1.x and Marathon 1.5 to 1.11 do as far as an injected pod can tell. Nothing of
//! it is to be seen on the machine itself, and nothing is left when the tests end.

mod agent;
mod checks;
mod container;
mod definition;
mod endpoint;
mod environment;
mod fetcher;
mod instance;
mod launch;
mod namespaces;
mod pod;
mod task;

use std::process::ExitCode;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

pub(crate) use agent::{AGENT_PORT, Agent, HOST, Image, Images};
pub(crate) use definition::{Backoff, Pod as Definition};
pub(crate) use instance::{Inside, Instance};
pub(crate) use pod::Pod;
pub(crate) use task::{State, Tasks};

/// How long anything may take that a test waits for.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a connection or an answer may take.
const A_CALL: Duration = Duration::from_secs(2);
/// Between two looks at something that does not tell when it changes.
const MOMENT: Duration = Duration::from_millis(20);

/// Runs this binary as a process of the agent, if that is what it was started as.
pub(crate) fn program() -> Option<ExitCode> {
    let mut arguments = std::env::args().skip(1);
    match &*arguments.next()? {
        namespaces::HOLD => Some(namespaces::hold()),
        launch::LAUNCH => Some(launch::launch(&arguments.next()?)),
        _ => None,
    }
}

/// In the form of Marathon's.
fn uuid() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("{number:08x}-26dd-11e9-8e21-0a358f970c47")
}
