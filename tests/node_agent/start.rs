//! How the agent starts and ends, and what the next start finds.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use std::time::Duration;

use marathon_inject::identity::x509::{KeyKind, LeafProfile, PrivateKey};
use rustix::process::Signal;
use serde_json::json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::agent::Place;
use crate::citadel::{Answer, Citadel, HOUR, IDENTITY};
use crate::envoy::{Stream, pair};
use crate::eventually;

#[tokio::test]
async fn the_next_start_serves_what_there_is_without_citadel_and_renews_it_with_it() {
    let citadel = Citadel::start(Answer::Certificate(HOUR)).await;
    let place = Place::new(&citadel);
    let agent = place.start();
    let first = Stream::open(&place.socket(), &["default"]).await.take().await;
    drop(agent);
    citadel.down(true);
    // Its pins may have had their time: the roots that came vouch for Citadel now.
    let place = place.with("--ca-root-sha256", &"0".repeat(64)).without_token();
    let agent = place.start();
    agent.answers("/ready", 200).await;
    let mut envoy = Stream::open(&place.socket(), &["default"]).await;
    assert_eq!(pair(&envoy.take().await.resources).leaf, pair(&first.resources).leaf);
    citadel.down(false);
    agent.signal(Signal::HUP);
    assert_ne!(pair(&envoy.take().await.resources).leaf, pair(&first.resources).leaf);
    let last = citadel.asked().pop().unwrap();
    assert_eq!(last.shown.unwrap().to_string(), IDENTITY);
}

#[tokio::test]
async fn a_certificate_that_cannot_be_kept_is_used_and_the_next_start_asks_with_the_same_key() {
    let citadel = Citadel::start(Answer::Certificate(HOUR)).await;
    let place = Place::new(&citadel);
    // In the way of the file.
    fs::create_dir_all(place.path("state/credential.json")).unwrap();
    let key = place.path("state/enrolment-key.pem");
    let agent = place.start();
    agent.says("the certificate is not kept for the next start").await;
    agent.answers("/ready", 200).await;
    drop(agent);
    let agent = place.start();
    agent.answers("/ready", 200).await;
    let asked = citadel.asked();
    assert!(asked.len() == 2 && asked[0].key == asked[1].key, "{asked:#?}");
    assert!(key.exists());

    fs::remove_dir(place.path("state/credential.json")).unwrap();
    agent.signal(Signal::HUP);
    eventually("the key to be forgotten", || (!key.exists()).then_some(())).await;
    assert!(place.path("state/credential.json").is_file());
}

#[tokio::test]
async fn what_is_kept_can_be_read_by_nobody_else() {
    let citadel = Citadel::start(Answer::Certificate(HOUR)).await;
    let place = Place::new(&citadel);
    place.start().answers("/ready", 200).await;
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(place.path("state")), 0o700);
    let files: Vec<_> = fs::read_dir(place.path("state")).unwrap().map(|it| it.unwrap()).collect();
    assert_eq!(files.len(), 1);
    assert_eq!(mode(files[0].path()), 0o600);
}

#[tokio::test]
async fn what_cannot_be_read_of_an_earlier_run_is_told_and_left_alone() {
    let citadel = Citadel::start(Answer::Certificate(HOUR)).await;
    let place = Place::new(&citadel);
    let agent = place.start();
    agent.answers("/ready", 200).await;
    drop(agent);
    let kept = place.path("state/credential.json");
    let whole = fs::read_to_string(&kept).unwrap();
    let other_task = Place::new(&citadel);
    let task = "MESOS_TASK_ID";
    for broken in ["", "{}", &whole[..whole.len() / 2], &whole.replace("BEGIN CERT", "BEGIN C")] {
        fs::write(&kept, broken).unwrap();
        let agent = place.start();
        agent.says("what an earlier run left is not used").await;
        agent.answers("/ready", 200).await;
        assert!(citadel.asked().last().unwrap().authorization.is_some());
    }
    fs::create_dir(other_task.path("state")).unwrap();
    fs::write(other_task.path("state/credential.json"), whole).unwrap();
    let mut command = other_task.command();
    command.env(task, "another.instance-1.istio-agent.1").env_remove("MESH_JOIN_TOKEN");
    let output = command.arg("--allow-root").output().unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(words.contains("of another Mesos task"), "{words}");
    assert_eq!(output.status.code(), Some(2), "{words}");
}

/// What an agent keeps whose certificate came at that moment.
fn kept(citadel: &Citadel, received: OffsetDateTime) -> String {
    let key = PrivateKey::generate(KeyKind::P256).unwrap();
    let identity = IDENTITY.parse().unwrap();
    let profile = LeafProfile { identity: &identity, organization: None, task: None, ttl: HOUR };
    let mesh = citadel.mesh();
    let leaf = mesh.signer.sign(&profile, &key.public_key(), received).unwrap();
    let (root_cert, cert_chain, key) = (mesh.pem(), leaf.to_pem(), key.to_pem());
    let received = received.format(&Rfc3339).unwrap();
    json!({
        "received": received,
        "rootCert": root_cert,
        "certChain": cert_chain,
        "key": key.as_str(),
    })
    .to_string()
}

#[tokio::test]
async fn a_clock_that_was_set_back_before_the_start_does_not_cost_the_task_its_certificate() {
    let citadel = Citadel::start(Answer::Certificate(HOUR)).await;
    let place = Place::new(&citadel);
    fs::create_dir(place.path("state")).unwrap();
    let begins = OffsetDateTime::now_utc() + Duration::from_secs(6);
    // A certificate begins two minutes before it comes.
    let kept = kept(&citadel, begins + Duration::from_secs(120));
    fs::write(place.path("state/credential.json"), kept).unwrap();
    let agent = place.start();
    agent.says("THE CLOCK IS BEHIND THE CERTIFICATE").await;
    let why = agent.answers("/ready", 503).await;
    assert!(why.starts_with("the certificate begins at 20"), "{why}");
    let mut envoy = Stream::open(&place.socket(), &["default"]).await;
    assert!(envoy.is_quiet().await);
    // In time the clock gets there, and Citadel, by whose clock it is late, takes it.
    pair(&envoy.take().await.resources);
    let asked = citadel.asked();
    assert_eq!(asked[0].shown.as_ref().unwrap().to_string(), IDENTITY, "{asked:#?}");
    assert_eq!(asked[0].authorization, None);
}

/// The system gives root what it has on a process that leaves no core files (proc(5)).
#[tokio::test]
async fn its_own_user_can_read_neither_its_environment_nor_its_memory() {
    let citadel = Citadel::start(Answer::Certificate(HOUR)).await;
    let place = Place::new(&citadel);
    let agent = match rustix::process::getuid().is_root() {
        true => place.start_as(1337),
        false => place.start(),
    };
    agent.answers("/ready", 200).await;
    assert_eq!(agent.owner(), 0);
}

#[tokio::test]
async fn a_termination_signal_ends_it_well() {
    let citadel = Citadel::start(Answer::Certificate(HOUR)).await;
    let place = Place::new(&citadel);
    let mut agent = place.start();
    let mut envoy = Stream::open(agent.socket(), &["default"]).await;
    envoy.take().await;
    agent.signal(Signal::TERM);
    assert_eq!(agent.ends().await.code(), Some(0));
}

#[tokio::test]
async fn it_is_alive_before_it_is_ready() {
    let citadel = Citadel::start(Answer::Silence).await;
    let agent = Place::new(&citadel).start();
    agent.answers("/healthz", 200).await;
    let why = agent.answers("/ready", 503).await;
    assert_eq!(why, "there is no certificate yet\n");
}

#[tokio::test]
async fn metrics_tell_when_the_certificate_ends_and_what_was_done() {
    let citadel = Citadel::start(Answer::Certificate(HOUR)).await;
    let place = Place::new(&citadel);
    let agent = place.start();
    agent.answers("/ready", 200).await;
    let leaf = pair(&Stream::open(&place.socket(), &["default"]).await.take().await.resources).leaf;
    let ends = agent.metric("node_agent_certificate_expiry_timestamp_seconds").await;
    let exact = leaf.facts().not_after.unix_timestamp();
    assert_eq!(format!("{ends}"), exact.to_string());
    eventually("the files", || place.path("certs/key.pem").exists().then_some(())).await;
    for name in ["renewals_total", "roots", "sds_pushes_total{name=\"default\"}"] {
        assert!(agent.metric(&format!("node_agent_{name}")).await > 0.5, "{name}");
    }
}

#[tokio::test]
async fn the_environment_alone_can_say_all() {
    let citadel = Citadel::start(Answer::Certificate(HOUR)).await;
    let place = Place::new(&citadel)
        .with("--key", "rsa2048")
        .with("--ttl", "21h")
        .with("--grace-period-ratio", "0.3")
        .with("--call-timeout", "5s")
        .with("--denied-for", "2m")
        .with("--sds-uid", "1337,0")
        .with("--ca-server-name", "istio-citadel");
    let agent = place.start_by_environment();
    agent.answers("/ready", 200).await;
    let pair = pair(&Stream::open(&place.socket(), &["default"]).await.take().await.resources);
    assert_eq!(pair.leaf.facts().key, "RSA-2048");
    assert_eq!(citadel.asked()[0].seconds, 21 * 3600);
}

#[tokio::test]
async fn the_token_can_be_in_a_file() {
    let citadel = Citadel::start(Answer::Certificate(HOUR)).await;
    let place = Place::new(&citadel).without_token();
    let file = place.path("token");
    fs::write(&file, "v1.of-a-file\n").unwrap();
    let place = place.with("--token-file", file.to_str().unwrap());
    place.start().answers("/ready", 200).await;
    assert_eq!(citadel.asked()[0].authorization.as_deref(), Some("Bearer v1.of-a-file"));
}

#[tokio::test]
async fn bad_usage_ends_it_before_anything_is_done() {
    let citadel = Citadel::start(Answer::Certificate(HOUR)).await;
    let place = || Place::new(&citadel);
    let long = format!("/tmp/{}/sds.sock", "a".repeat(100));
    let occupied = place();
    fs::write(occupied.socket(), "a file").unwrap();
    let cases = [
        (place().without("--ca-address"), "--ca-address"),
        (place().without("--ca-root-sha256"), "--ca-root-sha256"),
        (place().with("--ca-root-sha256", "abc"), "64 hexadecimal digits"),
        (place().with("--ca-address", "citadel"), "expected HOST:PORT"),
        (place().with("--ca-server-name", "a b"), "is no server's name"),
        (place().with("--grace-period-ratio", "1.5"), "from 0.05 to 0.95"),
        (place().with("--ttl", "0s"), "some time"),
        (place().with("--log", "a=b=c"), "--log"),
        (place().without("--sds-socket").without("--output-dir"), "--sds-socket"),
        (place().with("--sds-socket", "").with("--output-dir", ""), "nobody would get"),
        (place().without("--state-dir"), "MESOS_SANDBOX"),
        (place().with("--sds-socket", &long), "106 bytes at most"),
        (occupied, "is no socket"),
        (place().with("--ca-root-cert", "/no/such/file"), "/no/such/file: No such file"),
        (place().with("--token-file", "/no/such/file"), "/no/such/file: No such file"),
        (place().without_token(), "there is no join token"),
    ];
    for (place, words) in cases {
        let output = place.command().arg("--allow-root").output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{words}: {said}");
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(citadel.asked().is_empty());
}

#[tokio::test]
async fn root_is_refused_for_its_traffic_would_wait_for_itself() {
    let citadel = Citadel::start(Answer::Certificate(HOUR)).await;
    let place = Place::new(&citadel).without("--status-listen").with("--status-listen", "x");
    let output = place.command().output().unwrap();
    // Whoever is not root gets to the argument that is wrong.
    assert_eq!(output.status.code(), Some(2));
    if rustix::process::getuid().is_root() {
        let place = Place::new(&citadel);
        let output = place.command().output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("runs as root, whose traffic Envoy captures"), "{said}");
        assert_eq!(output.status.code(), Some(2));
    }
}
