//! The policies do to the real Envoy's traffic what they say.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use super::super::{ClientTls, Pilot, Policy, ServerTls};
use super::http::{PATIENCE, get, serve};
use super::machine::{ADDRESS, INSTANCE, Machine, VIRTUAL};
use super::{DOMAIN, workload};
use crate::pilot::tls::SERVER;

crate::tests! {
    calls_go_through_if_both_ends_agree,
    a_server_of_another_account_is_not_called,
    a_service_that_does_not_exist_is_not_found,
}

fn calls_go_through_if_both_ends_agree() {
    use ClientTls::{Disabled as InTheClear, IstioMutual};
    use ServerTls::{Disabled, Permissive, Strict};
    Machine::new(SERVER).run(|pilot| {
        pilot.workloads(vec![workload(INSTANCE, "httpbin", ADDRESS)]);
        let last = application();
        let expected = [
            (Disabled, InTheClear, 200),
            (Strict, InTheClear, 503),
            (Strict, IstioMutual, 200),
            (Permissive, IstioMutual, 200),
            (Permissive, InTheClear, 200),
            (Disabled, IstioMutual, 503),
        ];
        for (server, client, status) in expected {
            let policy = Policy { server, client };
            comes_to(status, pilot, policy);
            let shown = last.lock().unwrap().contains(&format!("URI={SERVER}"));
            let mutual = matches!((status, client), (200, IstioMutual));
            assert!(status == 503 || shown == mutual, "{policy:?}: {:?}", last.lock().unwrap());
        }
    });
}

fn a_server_of_another_account_is_not_called() {
    Machine::new("spiffe://cluster.local/ns/default/sa/httpbin").run(|pilot| {
        pilot.workloads(vec![workload(INSTANCE, "httpbin", ADDRESS)]);
        application();
        let server = ServerTls::Permissive;
        comes_to(200, pilot, Policy { server, client: ClientTls::Disabled });
        comes_to(503, pilot, Policy { server, client: ClientTls::IstioMutual });
    });
}

fn a_service_that_does_not_exist_is_not_found() {
    Machine::new(SERVER).run(|pilot| {
        pilot.workloads(vec![workload(INSTANCE, "httpbin", ADDRESS)]);
        pilot.settled(&[INSTANCE]).unwrap();
        assert_eq!(get(VIRTUAL, &format!("another.{DOMAIN}")), 404);
    });
}

/// The workload itself: the head of the request that it saw last.
fn application() -> Arc<Mutex<String>> {
    let last = Arc::new(Mutex::new(String::new()));
    let seen = Arc::clone(&last);
    serve(Ipv4Addr::LOCALHOST, move |head| head.clone_into(&mut seen.lock().unwrap()));
    last
}

/// Calls the service under a policy until this is the answer: a connection that the client has
/// from before lives until the server has drained it.
fn comes_to(status: u16, pilot: &Pilot, policy: Policy) {
    pilot.apply(policy);
    pilot.settled(&[INSTANCE]).unwrap();
    let host = format!("httpbin.{DOMAIN}:8000");
    let begin = Instant::now();
    let mut answer = get(VIRTUAL, &host);
    while answer != status && begin.elapsed() < PATIENCE {
        answer = get(VIRTUAL, &host);
    }
    assert_eq!(answer, status, "{policy:?}");
}
