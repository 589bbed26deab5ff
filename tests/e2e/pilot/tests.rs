//! That Pilot's double tells what Pilot would, and that the real Envoy takes it.

mod draining;
mod envoy;
mod http;
mod machine;
mod sidecar;
mod telling;
mod traffic;

use std::net::{Ipv4Addr, TcpListener};

use super::{Pilot, Workload};

const DOMAIN: &str = "marathon.l4lb.thisdcos.directory";

pub(super) fn all() -> Vec<crate::Test> {
    [telling::tests(), envoy::tests(), traffic::tests(), draining::tests()].concat()
}

/// A Pilot of these workloads on the loopback interface, and where it is.
fn pilot(workloads: Vec<Workload>) -> (Pilot, String) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let pilot = Pilot::serve(listener);
    pilot.workloads(workloads);
    (pilot, address)
}

/// A workload of one service, on port 8000.
fn workload(instance: &str, service: &str, address: [u8; 4]) -> Workload {
    Workload {
        instance: instance.to_owned(),
        services: vec![service.to_owned()],
        address: address.into(),
        ports: vec![8000],
    }
}
