//! Work in the network of another process.

use std::fs::File;
use std::os::fd::AsFd;
use std::panic::resume_unwind;
use std::thread;

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// The network of a process.
pub(crate) fn of(pid: u32) -> File {
    File::open(format!("/proc/{pid}/ns/net")).unwrap()
}

/// Does something in a network. Sockets stay there for good.
pub(crate) fn within<T: Send>(network: &File, work: impl FnOnce() -> T + Send) -> T {
    let enter = || {
        move_into_link_name_space(network.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
        work()
    };
    // A thread of its own, for it cannot be trusted with another network afterwards.
    let outcome = thread::scope(|scope| scope.spawn(enter).join());
    outcome.unwrap_or_else(|panic| resume_unwind(panic))
}
