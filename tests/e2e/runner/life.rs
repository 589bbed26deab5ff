//! How containers end, and what follows.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use serde_json::json;

use super::{LASTS, agent, container, pod, run};
use crate::mesos::{Backoff, Instance, State, Tasks};

/// It ends with 3 when it is told to.
const FAILS_WHEN_TOLD: &str = "until [ -e /tmp/now ]; do sleep 0.02; done; exit 3";
/// It does not end by SIGTERM.
const STUBBORN: &str = "trap '' TERM; echo ready; while :; do sleep 0.1; done";

fn tell(instance: &Instance, container: &str) {
    assert!(instance.inside(container).exec(&["touch", "/tmp/now"]).status.success());
}

fn wait_for_ready(instance: &Instance, container: &str) {
    instance.wait_for_line(container, "ready");
}

fn state(instance: &Instance, container: &str) -> State {
    instance.see(|tasks| tasks.state(container).clone())
}

fn a_container_that_exits_with_0_leaves_the_others_running() {
    let agent = agent();
    let pod = run(&agent, &pod([container("once", "exit 0"), container("app", LASTS)]));
    let instance = pod.stable();
    instance.wait_until("once has finished", |tasks| *tasks.state("once") == State::Finished);
    assert!(instance.see(Tasks::are_stable), "{}", instance.account());
    assert!(instance.inside("app").exec(&["true"]).status.success());
    assert_eq!(pod.instance().id, instance.id);
}

fn when_all_containers_have_finished_the_pod_is_started_again() {
    let agent = agent();
    let pod = run(&agent, &pod([container("one", "exit 0"), container("two", "exit 0")]));
    let first = pod.instance_number(0);
    assert_ne!(pod.instance_number(1).id, first.id);
    assert!(!first.see(Tasks::have_failed));
}

fn a_container_that_fails_takes_the_others_with_it_and_an_empty_instance_follows_after_the_backoff()
{
    let agent = agent();
    let mut app = container("app", "ls -A . shared; touch mine shared/ours; exec sleep 1000");
    app["volumeMounts"] = json!([{"name": "shared", "mountPath": "shared"}]);
    let mut definition = pod([container("fails", FAILS_WHEN_TOLD), app]);
    definition["volumes"] = json!([{"name": "shared"}]);
    definition["scheduling"]["backoff"] = json!({"backoff": 1.5});
    let pod = run(&agent, &definition);
    let first = pod.stable();
    first.wait_for_line("app", "shared:");

    let told = Instant::now();
    tell(&first, "fails");
    let second = pod.instance_number(1);
    assert!(told.elapsed() >= Duration::from_millis(1500), "{:?}", told.elapsed());
    assert_eq!(state(&first, "fails"), State::Failed("exited with 3".to_owned()));
    assert_eq!(state(&first, "app"), State::Stopped(143));

    assert_ne!(second.id, first.id);
    second.wait_for_line("app", "shared:");
    assert_eq!(second.sandbox_file("app", "stdout"), ".:\nshared\nstderr\nstdout\n\nshared:\n");
}

fn the_backoff_grows_by_its_factor_up_to_the_longest_delay() {
    let backoff = json!({"backoff": 2.0, "backoffFactor": 1.5, "maxLaunchDelay": 4.0});
    let backoff: Backoff = serde_json::from_value(backoff).unwrap();
    let delays: Vec<f64> = (1..5).map(|failures| backoff.after(failures).as_secs_f64()).collect();
    assert_eq!(delays, [2.0, 3.0, 4.0, 4.0]);
}

fn when_another_container_fails_one_that_ignores_sigterm_has_3_seconds() {
    let agent = agent();
    let mut stubborn = container("stubborn", STUBBORN);
    stubborn["lifecycle"] = json!({"killGracePeriodSeconds": 60});
    let pod = run(&agent, &pod([container("fails", FAILS_WHEN_TOLD), stubborn]));
    let instance = pod.stable();
    wait_for_ready(&instance, "stubborn");

    let told = Instant::now();
    tell(&instance, "fails");
    instance.wait_until("all have ended", Tasks::have_ended);
    assert!(told.elapsed() >= Duration::from_secs(3), "{:?}", told.elapsed());
    assert!(told.elapsed() < Duration::from_secs(30), "{:?}", told.elapsed());
    assert_eq!(state(&instance, "stubborn"), State::Killed);
}

fn when_a_pod_is_stopped_sigterm_reaches_each_command_which_has_its_own_grace_period() {
    let agent = agent();
    let mut stubborn = container("stubborn", STUBBORN);
    stubborn["lifecycle"] = json!({"killGracePeriodSeconds": 0.5});
    let trap = "trap 'sleep 1.5; echo told; exit 7' TERM; echo ready; while :; do sleep 0.1; done";
    let mut slow = container("slow", trap);
    slow["lifecycle"] = json!({"killGracePeriodSeconds": 60});
    let pod = run(&agent, &pod([stubborn, slow]));
    let instance = pod.stable();
    wait_for_ready(&instance, "stubborn");
    wait_for_ready(&instance, "slow");

    let stopped = Instant::now();
    let states = instance.stop();
    assert!(stopped.elapsed() >= Duration::from_millis(500), "{:?}", stopped.elapsed());
    assert!(stopped.elapsed() < Duration::from_secs(30), "{:?}", stopped.elapsed());
    assert_eq!(states["stubborn"], State::Killed);
    assert_eq!(states["slow"], State::Stopped(7));
    assert_eq!(instance.sandbox_file("slow", "stdout"), "ready\ntold\n");
}

fn a_container_that_starts_when_its_pod_is_being_stopped_is_killed_at_once() {
    let agent = agent();
    let silent = agent.listen(8070);
    let mut late = container("late", LASTS);
    late["artifacts"] = json!([{"uri": "http://10.0.3.2:8070/file"}]);
    late["lifecycle"] = json!({"killGracePeriodSeconds": 60});
    let pod = run(&agent, &pod([late]));
    let instance = pod.instance();
    let (mut request, _) = silent.accept().unwrap();

    let stopped = Instant::now();
    let states = std::thread::scope(|scope| {
        let stopping = scope.spawn(|| instance.stop());
        instance.wait_until("it is being stopped", Tasks::are_ending);
        assert!(request.read(&mut [0; 1024]).unwrap() > 0);
        request.write_all(b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n").unwrap();
        stopping.join().unwrap()
    });
    assert!(stopped.elapsed() < Duration::from_secs(30), "{:?}", stopped.elapsed());
    assert_eq!(states["late"], State::Killed);
}

crate::tests!(
    a_container_that_exits_with_0_leaves_the_others_running,
    when_all_containers_have_finished_the_pod_is_started_again,
    a_container_that_fails_takes_the_others_with_it_and_an_empty_instance_follows_after_the_backoff,
    the_backoff_grows_by_its_factor_up_to_the_longest_delay,
    when_another_container_fails_one_that_ignores_sigterm_has_3_seconds,
    when_a_pod_is_stopped_sigterm_reaches_each_command_which_has_its_own_grace_period,
    a_container_that_starts_when_its_pod_is_being_stopped_is_killed_at_once,
);
