//! What is under way when the workloads change is not lost.

use std::net::Ipv4Addr;
use std::sync::mpsc;

use super::http::{PATIENCE, get, serve};
use super::machine::{INSTANCE, Machine, VIRTUAL};
use super::{DOMAIN, workload};
use crate::pilot::tls::SERVER;

crate::tests! {
    a_request_ends_well_whose_server_leaves_meanwhile,
}

fn a_request_ends_well_whose_server_leaves_meanwhile() {
    let [slow, quick] = [[127, 0, 0, 11], [127, 0, 0, 12]];
    let own = workload(INSTANCE, "httpbin", [9, 0, 0, 2]);
    let host = format!("slow.{DOMAIN}");
    Machine::new(SERVER).run(|pilot| {
        let (arrive, arrived) = mpsc::channel();
        let (go_on, told) = mpsc::channel::<()>();
        serve(Ipv4Addr::from(slow), move |_| {
            arrive.send(()).unwrap();
            let _ = told.recv();
        });
        serve(Ipv4Addr::from(quick), |_| ());
        pilot.workloads(vec![own.clone(), workload("slow.1", "slow", slow)]);
        pilot.settled(&[INSTANCE]).unwrap();

        let called = host.clone();
        let under_way = std::thread::spawn(move || get(VIRTUAL, &called));
        arrived.recv_timeout(PATIENCE).unwrap();
        pilot.workloads(vec![own, workload("slow.2", "slow", quick)]);
        pilot.settled(&[INSTANCE]).unwrap();

        assert_eq!(get(VIRTUAL, &host), 200);
        assert!(arrived.try_recv().is_err(), "one that left was called");
        assert!(!under_way.is_finished());
        go_on.send(()).unwrap();
        assert_eq!(under_way.join().unwrap(), 200);
    });
}
