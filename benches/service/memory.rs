//! The memory of services whose clients only listen: what a process has resident, before and after.

use std::fs;

use marathon_inject::citadel::MIN_LEAF_TTL;
use rustix::process::Pid;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::client::{Client, Dial, next};
use crate::envoys::{Agent, Envoy};
use crate::site::{DEFAULT, Site};

/// Agents of a large mesh.
const AGENTS: usize = 10_000;
/// Connections that are made at once.
const LANES: usize = 32;
/// Envoys of one agent, nearly as many as it lets in: far more than there ever are, to see what one
/// costs.
const ENVOYS: usize = 60;

/// What a connection of an agent costs Citadel, and what its stream of roots.
pub(crate) fn of_idle_agents(runtime: &Runtime) {
    let site = Site::new();
    let service = site.serve("--max-connections-per-address 0");
    let dial = service.dial().showing(&site.identity(DEFAULT, None, 60 * MIN_LEAF_TTL));
    // What is only made once is there before.
    let first = runtime.block_on(connected(&dial, LANES));
    let before = resident(service.pid());
    let clients = runtime.block_on(connected(&dial, AGENTS));
    let connected = resident(service.pid());
    let streams = runtime.block_on(async {
        let mut streams = Vec::new();
        for client in &clients {
            let mut stream = client.roots().await;
            next(&mut stream).await.unwrap();
            streams.push(stream);
        }
        streams
    });
    let listening = resident(service.pid());
    told(&format!("citadel with {AGENTS} idle connections"), before, connected, AGENTS);
    told("their streams of roots besides", connected, listening, streams.len());
    drop(first);
}

async fn connected(dial: &Dial, count: usize) -> Vec<Client> {
    let mut lanes = JoinSet::new();
    for _ in 0..LANES {
        let dial = dial.clone();
        lanes.spawn(async move {
            let mut clients = Vec::new();
            for _ in 0..count.div_ceil(LANES) {
                clients.push(dial.client().await);
            }
            clients
        });
    }
    lanes.join_all().await.into_iter().flatten().collect()
}

/// What an Envoy costs its agent: a connection with two streams, for its certificate and the roots.
pub(crate) fn of_secret_streams(runtime: &Runtime) {
    let site = Site::new();
    let service = site.serve("");
    let agent = Agent::start(&site, &service);
    let _first = runtime.block_on(Envoy::connect(agent.socket()));
    let before = resident(agent.pid());
    let envoys = runtime.block_on(async {
        let mut envoys = Vec::new();
        for _ in 0..ENVOYS {
            envoys.push(Envoy::connect(agent.socket()).await);
        }
        envoys
    });
    let after = resident(agent.pid());
    told(&format!("node-agent with {ENVOYS} Envoys"), before, after, 2 * envoys.len());
}

/// What a process has in memory, in bytes.
fn resident(process: Pid) -> u64 {
    let process = process.as_raw_nonzero();
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    1024 * line.trim().trim_end_matches(" kB").parse::<u64>().unwrap()
}

#[expect(clippy::print_stdout, reason = "a benchmark's result")]
fn told(what: &str, before: u64, after: u64, count: usize) {
    let each = after.saturating_sub(before) / count as u64;
    let (before, after) = (before / 1024, after / 1024);
    println!("{what}: {before} kB to {after} kB, {each} bytes for each of {count}");
}
