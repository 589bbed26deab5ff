//! What the executor does while its containers run: it keeps in touch with the agent, and makes the
//! health checks, both from within the pod's network (mesos, `checks_types.hpp`: on 127.0.0.1).

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::agent::{AGENT_PORT, HOST};
use super::definition::{Command, Container, HealthCheck};
use super::instance::Instance;
use super::task::{State, Tasks};
use super::{A_CALL, MOMENT};

/// Between two calls to the agent.
const CALLS: Duration = Duration::from_millis(300);
/// So many calls in a row that the agent does not answer are the end of an executor.
const LOST: u32 = 3;

/// Until all containers of the instance have ended.
pub(super) fn start(instance: &Arc<Instance>) {
    let executor = Arc::clone(instance);
    thread::spawn(move || keep_in_touch(&executor));
    for number in 0..instance.pod.containers.len() {
        if instance.pod.containers[number].health_check.is_some() {
            let instance = Arc::clone(instance);
            thread::spawn(move || check_health(&instance, number));
        }
    }
}

fn keep_in_touch(instance: &Instance) {
    let agent = SocketAddr::from((HOST, AGENT_PORT));
    let mut failures = 0;
    while !instance.see(Tasks::have_ended) {
        match get(instance, agent, "/api/v1", A_CALL) {
            Ok(200) => failures = 0,
            _ => failures += 1,
        }
        if failures == LOST {
            let why = format!("the executor cannot reach its agent at {agent}");
            instance.fail(instance.pod.containers.iter().map(|one| &*one.name), &why);
        }
        thread::sleep(CALLS);
    }
}

/// Failures do not count in the grace period, as long as no check has passed (mesos,
/// `health_checker.cpp`).
fn check_health(instance: &Instance, number: usize) {
    let container = &instance.pod.containers[number];
    let check = container.health_check.as_ref().expect("it has one");
    while !instance.see(Tasks::have_started) {
        thread::sleep(MOMENT);
    }
    let mut grace_ends = Some(Instant::now() + seconds(check.grace_period_seconds));
    let mut failures = 0;
    pause(instance, container, check.delay_seconds);
    while lives(instance, container) {
        if passes(instance, container, check) {
            (grace_ends, failures) = (None, 0);
            instance.checked(&container.name, true);
        } else if grace_ends.is_none_or(|end| end <= Instant::now()) {
            failures += 1;
            instance.checked(&container.name, false);
            if failures >= check.max_consecutive_failures {
                return instance.fail([&*container.name].into_iter(), "its health check failed");
            }
        }
        pause(instance, container, check.interval_seconds);
    }
}

/// Not longer than the container lives.
fn pause(instance: &Instance, container: &Container, length: f64) {
    let end = Instant::now() + seconds(length);
    while Instant::now() < end && lives(instance, container) {
        thread::sleep(MOMENT);
    }
}

fn lives(instance: &Instance, container: &Container) -> bool {
    instance.see(|tasks| *tasks.state(&container.name) == State::Running)
}

fn seconds(length: f64) -> Duration {
    Duration::from_secs_f64(length)
}

fn passes(instance: &Instance, container: &Container, check: &HealthCheck) -> bool {
    let port = |name: &str| {
        let endpoint = container.endpoints.iter().find(|endpoint| endpoint.name == name);
        endpoint.expect("Marathon refuses checks of other endpoints").container_port
    };
    let local = |name: &str| SocketAddr::from((Ipv4Addr::LOCALHOST, port(name)));
    if let Some(http) = &check.http {
        let path = if http.path.is_empty() { "/" } else { &http.path };
        let answer = get(instance, local(&http.endpoint), path, seconds(check.timeout_seconds));
        answer.is_ok_and(|code| (200..400).contains(&code))
    } else if let Some(tcp) = &check.tcp {
        instance.connect(local(&tcp.endpoint)).is_ok()
    } else {
        let exec = check.exec.as_ref().expect("Marathon refuses checks of no kind");
        let timeout = check.timeout_seconds.to_string();
        let mut command = vec!["timeout", &timeout];
        match &exec.command {
            Command::Shell(line) => command.extend(["/bin/sh", "-c", line]),
            Command::Argv(words) => command.extend(words.iter().map(String::as_str)),
        }
        instance.inside(&container.name).exec(&command).status.success()
    }
}

/// The status of an answer.
fn get(instance: &Instance, address: SocketAddr, path: &str, timeout: Duration) -> io::Result<u16> {
    let mut stream: TcpStream = instance.connect(address)?;
    stream.set_read_timeout(Some(timeout))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.take(64).read_to_string(&mut answer)?;
    let code = answer.split(' ').nth(1).and_then(|code| code.parse().ok());
    code.ok_or_else(|| io::Error::other("no HTTP"))
}
