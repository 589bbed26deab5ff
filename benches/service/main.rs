//! What the signing service and the node agent cost beyond what cannot be saved: certificates over
//! one connection against the same signatures in one process, handshakes against those of a bare
//! server, and the memory of whoever only listens.
//!
//! The services are the programs themselves, each a process of its own on loopback. The two sides
//! of a ratio take turns, and the best of each counts.
#![allow(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

#[path = "../../tests/citadel_serve/client.rs"]
#[allow(dead_code, reason = "the tests take more of it")]
mod client;
mod echo;
mod envoys;
mod memory;
#[path = "../../tests/citadel_serve/requests.rs"]
#[allow(dead_code, reason = "the tests take more of it")]
mod requests;
#[path = "../../tests/citadel_serve/site.rs"]
#[allow(dead_code, reason = "the tests take more of it")]
mod site;
#[path = "../turns/mod.rs"]
mod turns;

use std::hint::black_box;
use std::time::Duration;

use marathon_inject::citadel::MIN_LEAF_TTL;
use marathon_inject::identity::x509::{KeyKind, LeafProfile, PrivateKey, SigningRequest};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use time::OffsetDateTime;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use client::{Client, Dial, Proof};
use echo::Echo;
use site::{DEFAULT, Site};
use turns::{best_of, report};

/// Requests that are under way at once.
const AT_ONCE: usize = 16;
/// What each of them asks for, one after the other.
const EACH: usize = 100;
/// Handshakes in a turn, so many of them at once.
const HANDSHAKES: usize = 200;
const LANES: usize = 2;

const ROUNDS: usize = 10;

fn main() {
    let files = getrlimit(Resource::Nofile);
    // Of all those who listen each has a connection.
    setrlimit(Resource::Nofile, Rlimit { current: files.maximum, ..files }).unwrap();
    let runtime = Runtime::new().unwrap();
    for key in [KeyKind::P256, KeyKind::Rsa2048] {
        issuance(&runtime, key);
    }
    handshakes(&runtime);
    memory::of_idle_agents(&runtime);
    memory::of_secret_streams(&runtime);
}

/// Certificates over one connection with mutual TLS, and what the service does for each in a loop:
/// read the request, sign.
fn issuance(runtime: &Runtime, key: KeyKind) {
    let site = Site::with(key);
    let service = site.serve("--sign-rate 0 --audit-log audit.jsonl");
    let dial = service.dial().showing(&site.identity(DEFAULT, None, 60 * MIN_LEAF_TTL));
    let client = runtime.block_on(dial.client());
    let csr = PrivateKey::generate(KeyKind::P256).unwrap().request(None).unwrap();
    // Another CA: whoever has opened one keeps the service from writing down what it promises.
    let (own, identity) = (Site::with(key), DEFAULT.parse().unwrap());
    let citadel = own.opened();
    let ttl = Duration::from_secs(3600);
    let profile = LeafProfile { identity: &identity, organization: None, task: None, ttl };
    let sign = || {
        let request = SigningRequest::from_pem(black_box(csr.as_bytes())).unwrap();
        let now = OffsetDateTime::now_utc();
        citadel.active().authority.sign(&profile, request.public_key(), now).unwrap()
    };
    let (served, signed) = best_of(
        ROUNDS,
        || runtime.block_on(ask(&client, &csr)),
        || (0..AT_ONCE * EACH).for_each(|_| drop(black_box(sign()))),
    );
    rate(&format!("{key}, issued over one connection"), AT_ONCE * EACH, served);
    rate(&format!("{key}, signed in a loop"), AT_ONCE * EACH, signed);
    let what = format!("{key}, rate of certificates over a connection / in a loop");
    report(&what, signed, served, "at least 0.4");
}

async fn ask(client: &Client, csr: &str) {
    let mut all = JoinSet::new();
    for _ in 0..AT_ONCE {
        let (client, csr) = (client.clone(), csr.to_owned());
        all.spawn(async move {
            for _ in 0..EACH {
                client.create(&csr, 0, Proof::NONE).await.unwrap();
            }
        });
    }
    while let Some(done) = all.join_next().await {
        done.unwrap();
    }
}

/// Whole handshakes with mutual TLS, with the service and with a server that does nothing else.
fn handshakes(runtime: &Runtime) {
    let site = Site::new();
    let service = site.serve("");
    let identity = site.identity(DEFAULT, None, 60 * MIN_LEAF_TTL);
    let echo = Echo::start(&site);
    let ours = service.dial().showing(&identity);
    let bare = Dial::new(echo.address, &site.roots()).showing(&identity);
    let (ours, bare) =
        best_of(ROUNDS, || runtime.block_on(shake(&ours)), || runtime.block_on(shake(&bare)));
    rate("handshakes with the service", HANDSHAKES, ours);
    rate("handshakes with a bare server", HANDSHAKES, bare);
    report("handshakes, the service's / a bare server's", ours, bare, "1.5");
}

async fn shake(dial: &Dial) {
    let mut all = JoinSet::new();
    for _ in 0..LANES {
        let dial = dial.clone();
        all.spawn(async move {
            for _ in 0..HANDSHAKES / LANES {
                echo::hear(&mut dial.shake().await.unwrap()).await;
            }
        });
    }
    while let Some(done) = all.join_next().await {
        done.unwrap();
    }
}

#[expect(clippy::print_stdout, reason = "a benchmark's result")]
fn rate(what: &str, count: usize, time: Duration) {
    #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
    let rate = count as f64 / time.as_secs_f64();
    println!("{what}: {rate:.0} a second");
}
