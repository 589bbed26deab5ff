//! A root that is renewed while the service serves, by it or by others.

use std::fs::read;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use marathon_inject::identity::x509::{Certificate, check_path};
use rustix::process::{Resource, Rlimit, prlimit};
use time::OffsetDateTime;
use tokio::runtime::Handle;
use tokio::task::block_in_place;

use crate::client::{Proof, next};
use crate::requests::csr;
use crate::site::{DEFAULT, Service, Site, eventually};
use crate::tls::shown;

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn agents_hear_of_a_renewed_root_and_go_on_with_what_the_old_one_signed() {
    let site = Site::new();
    let service = site.serve("");
    let old = site.roots();
    let identity = site.identity(DEFAULT, None, HOUR);
    let client = service.dial().showing(&identity).client().await;
    let mut stream = client.roots().await;
    assert_eq!(next(&mut stream).await, Some(old.clone()));
    site.done("rotate-root renew --dir ca");
    let new = site.roots();
    assert_eq!(next(&mut stream).await, Some(new.clone()));
    assert!(new.len() == 1 && new != old);
    for roots in [&old, &new] {
        let client = service.dial().trusting(roots).showing(&identity).client().await;
        let leaf = client.leaf(&csr(None), Proof::NONE).await.unwrap();
        for roots in [&old, &new] {
            check_path(&leaf, &[], roots, OffsetDateTime::now_utc()).unwrap();
        }
    }
    client.leaf(&csr(None), Proof::NONE).await.unwrap();
}

/// The node agent, the program itself, until it is dropped.
struct Agent(Child);

impl Agent {
    /// One that knows Citadel by the digest of a root, and has a token of the list.
    fn start(site: &Site, service: &Service, root: &Certificate, name: &str) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_node-agent"))
            .env_clear()
            .env("MESH_JOIN_TOKEN", name)
            .args(["--ca-address", &service.address.to_string()])
            .args(["--ca-root-sha256", &root.facts().sha256])
            .args(["--output-dir", site.path(name).as_str()])
            .args(["--state-dir", site.path(&format!("{name}.state")).as_str()])
            .args(["--status-listen", "127.0.0.1:0", "--allow-root"])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self(child)
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_knows_the_root_by_the_digest_of_before_joins() {
    let site = Site::new();
    let old = site.roots();
    let service = site.serve("");
    site.done("rotate-root renew --dir ca");
    let both = [site.roots(), old.clone()].concat();
    // While there is a new root that not all know, too, the service is known by the one of before.
    for (token, steps) in [("token-0", &[][..]), ("token-1", &["prepare", "activate --force"])] {
        for step in steps {
            site.done(&format!("rotate-root {step} --dir ca"));
        }
        eventually("the service shows both certificates of the root", || {
            let dial = service.dial();
            let chain = block_in_place(|| Handle::current().block_on(shown(&dial)));
            (chain[1..] == both).then_some(())
        });
        let _agent = Agent::start(&site, &service, &old[0], token);
        eventually("it has a certificate, and the roots of now", || {
            let roots = read(site.path(&format!("{token}/root-cert.pem"))).ok()?;
            let chain = read(site.path(&format!("{token}/cert-chain.pem"))).ok()?;
            let (roots, chain) = (certificates(&roots)?, certificates(&chain)?);
            check_path(&chain[0], &[], &roots, OffsetDateTime::now_utc()).ok()?;
            (roots == site.roots()).then_some(())
        });
    }
}

fn certificates(pem: &[u8]) -> Option<Vec<Certificate>> {
    Certificate::all_from_pem(pem).ok()
}

#[tokio::test]
async fn a_root_in_the_last_fifth_of_its_life_is_renewed() {
    let site = Site::late();
    let old = site.roots();
    let service = site.serve("");
    let mut stream = service.dial().client().await.roots().await;
    let mut told = next(&mut stream).await.unwrap();
    if told == old {
        told = next(&mut stream).await.unwrap();
    }
    assert_eq!(told, site.roots());
    let left = told[0].facts().not_after - OffsetDateTime::now_utc();
    assert!(left > 9 * HOUR && left <= 10 * HOUR, "{left}");
    eventually("the service shows the new root, and the old one behind it", || {
        let end = told[0].facts().not_after.unix_timestamp() as f64;
        (service.metric("citadel_server_root_cert_expiry_timestamp") == Some(end)).then_some(())
    });
    assert_eq!(shown(&service.dial()).await[1..], [told, old].concat());
    assert!(service.log().contains("the root is renewed"), "{}", service.log());
}

#[tokio::test]
async fn a_root_is_left_alone_that_is_not_to_be_renewed_or_has_a_successor_on_its_way() {
    for (steps, flag) in [(&[][..], "--no-renew-root"), (&["prepare"], "")] {
        let site = Site::late();
        for step in steps {
            site.done(&format!("rotate-root {step} --dir ca"));
        }
        let before = site.roots();
        let service = site.serve(flag);
        // One that began later has done it.
        let other = Site::late();
        let (late, _service) = (other.roots(), other.serve(""));
        eventually("another root is renewed", || (other.roots() != late).then_some(()));
        assert_eq!(site.roots(), before);
        assert!(!service.log().contains("cannot be renewed"), "{}", service.log());
    }
}

#[tokio::test]
async fn a_renewal_that_fails_is_told_and_tried_again_while_the_service_goes_on() {
    let site = Site::late();
    let identity = site.identity(DEFAULT, None, HOUR / 4);
    let old = site.roots();
    // What it needs for itself is there then.
    drop(site.serve("--no-renew-root"));
    let service = site.serve_after("trap '' XFSZ; ulimit -S -f 0");
    eventually("it is told", || service.log().contains("cannot be renewed").then_some(()));
    assert_eq!(service.watch("/ready").0, 200);
    service.dial().showing(&identity).client().await;
    assert_eq!(site.roots(), old);
    let any = Rlimit { current: None, maximum: None };
    prlimit(Some(service.pid()), Resource::Fsize, any).unwrap();
    eventually("it is renewed all the same", || (site.roots() != old).then_some(()));
}
