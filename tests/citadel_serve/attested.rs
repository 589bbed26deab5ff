//! Pods of Marathon: who joins, who stays, and what an outage or a kill changes about it.

use std::time::Duration;

use marathon_inject::identity::x509::{Certificate, KeyKind, PrivateKey};
use marathon_inject::identity::{JoinKey, JoinToken, Nonce};
use serde_json::json;
use tonic::{Code, Status};

use crate::client::{Identity, Proof};
use crate::marathon::{Fault, Marathon};
use crate::requests::{csr, request};
use crate::site::{DEFAULT, Service, Site, eventually};

const HOUR: Duration = Duration::from_secs(3600);
const POD: &str = "/shop/cart";
const CART: &str = "spiffe://cluster.local/ns/shop/sa/cart";

/// A mesh: a CA, a Marathon, and the key that both sides of it share.
struct Mesh {
    site: Site,
    marathon: Marathon,
    key: JoinKey,
}

/// A pod that runs, and what its agent has.
struct Joining {
    token: JoinToken,
    task: String,
}

impl Joining {
    fn proof(&self) -> Proof<'_> {
        Proof { token: Some(self.token.expose()), task: Some(&self.task) }
    }
}

impl Mesh {
    fn new() -> Self {
        let (site, key) = (Site::new(), JoinKey::generate().unwrap());
        site.write("join.key", &key.to_text());
        Self { site, marathon: Marathon::start(), key }
    }

    /// The service, that lets pods come from anywhere: here all come from loopback.
    fn serve(&self, more: &str) -> Service {
        self.serve_strictly(&format!("--source-address any {more}"))
    }

    fn serve_strictly(&self, more: &str) -> Service {
        let url = self.marathon.url();
        self.site.serve_as(&format!("--join-key join.key --marathon {url} --enrol-rate 0 {more}"))
    }

    /// Submits a pod and waits until it runs.
    fn submit(&self, pod: &str) -> Joining {
        let nonce = Nonce::random().unwrap();
        let spec = json!({
            "id": pod,
            "labels": {"mesh/join-nonce": nonce.as_str()},
            "containers": [{
                "name": "istio-agent",
                "resources": {"cpus": 0.1, "mem": 32},
                "image": {"kind": "DOCKER", "id": "example/app:1"},
            }],
            "networks": [{"mode": "container", "name": "dcos"}],
        });
        self.marathon.put(pod, &spec).map_err(|_| "it is refused").unwrap();
        self.marathon.wait_until(|cluster| cluster.is_settled());
        let instance = self.marathon.instances(pod).pop().unwrap();
        let token = self.key.token(pod, &nonce);
        Joining { token, task: format!("{instance}.istio-agent") }
    }

    /// Nobody reaches Marathon.
    fn cut_off(&self) {
        self.marathon.fault(usize::MAX, "GET", "/", Fault::Reset);
    }
}

/// Enrols with a key.
async fn enrol(
    service: &Service,
    joining: &Joining,
    key: &PrivateKey,
) -> Result<Certificate, Status> {
    service.dial().client().await.leaf(&request(key, None), joining.proof()).await
}

/// Enrols with a new key; what the agent has then.
async fn enrolled(service: &Service, joining: &Joining) -> Identity {
    let key = PrivateKey::generate(KeyKind::P256).unwrap();
    let leaf = enrol(service, joining, &key).await.unwrap();
    Identity { chain: vec![leaf], key: key.to_pem() }
}

async fn renew(service: &Service, identity: &Identity) -> Result<Certificate, Status> {
    service.dial().showing(identity).client().await.leaf(&csr(None), Proof::NONE).await
}

#[tokio::test]
async fn a_pod_joins_as_itself_and_its_certificate_is_bound_to_its_task() {
    let mesh = Mesh::new();
    let (service, joining) = (mesh.serve(""), mesh.submit(POD));
    let identity = enrolled(&service, &joining).await;
    let leaf = &identity.chain[0];
    assert_eq!(leaf.identity().unwrap().to_string(), CART);
    let task = leaf.task().unwrap();
    assert_eq!((task.pod(), task.id()), (POD, joining.task.as_str()));
    let line = mesh.site.audited().pop().unwrap();
    assert_eq!(line["identity"], CART);
    assert_eq!(line["pod"], POD);
    assert_eq!(line["task"], joining.task);
    let renewed = renew(&service, &identity).await.unwrap();
    assert_eq!(renewed.identity().unwrap().to_string(), CART);
    assert_eq!(renewed.task(), Some(task));
}

#[tokio::test]
async fn who_comes_from_elsewhere_than_the_pod_does_not_join() {
    let mesh = Mesh::new();
    let (service, joining) = (mesh.serve_strictly(""), mesh.submit(POD));
    let key = PrivateKey::generate(KeyKind::P256).unwrap();
    let status = enrol(&service, &joining, &key).await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
    let line = mesh.site.audited().pop().unwrap();
    assert!(line["reason"].as_str().unwrap().contains("not at 127.0.0.1"), "{line}");
    assert_eq!((&line["claimedPod"], &line["claimedTask"]), (&json!(POD), &json!(joining.task)));
}

#[tokio::test]
async fn a_token_joins_no_other_task_and_no_later_submission() {
    let mesh = Mesh::new();
    let (service, cart) = (mesh.serve(""), mesh.submit(POD));
    let other = mesh.submit("/shop/other");
    let key = PrivateKey::generate(KeyKind::P256).unwrap();
    let Joining { token, .. } = &cart;
    for task in [other.task.as_str(), "shop_cart.instance-0.istio-agent", "no task"] {
        let joining = Joining { token: token.clone(), task: task.to_owned() };
        assert!(enrol(&service, &joining, &key).await.is_err(), "{task}");
    }
    let again = mesh.submit(POD);
    let stale = Joining { token: token.clone(), task: again.task.clone() };
    let status = enrol(&service, &stale, &key).await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
    enrol(&service, &again, &key).await.unwrap();
}

#[tokio::test]
async fn a_token_of_another_key_is_none() {
    let mesh = Mesh::new();
    let (service, joining) = (mesh.serve(""), mesh.submit(POD));
    let nonce = joining.token.claim().unwrap().nonce;
    let forged = JoinKey::generate().unwrap().token(POD, &nonce);
    let key = PrivateKey::generate(KeyKind::P256).unwrap();
    let joining = Joining { token: forged, task: joining.task };
    let status = enrol(&service, &joining, &key).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
    assert_eq!(status.message(), "request authenticate failure");
}

#[tokio::test]
async fn while_one_join_key_follows_another_both_count() {
    let mesh = Mesh::new();
    mesh.site.write("next.key", &JoinKey::generate().unwrap().to_text());
    let (service, joining) = (mesh.serve("--join-key next.key"), mesh.submit(POD));
    enrolled(&service, &joining).await;
}

#[tokio::test]
async fn a_pod_that_is_gone_renews_no_more() {
    let mesh = Mesh::new();
    let (service, joining) = (mesh.serve(""), mesh.submit(POD));
    let identity = enrolled(&service, &joining).await;
    let client = service.dial().showing(&identity).client().await;
    client.leaf(&csr(None), Proof::NONE).await.unwrap();
    mesh.marathon.delete(POD).map_err(|_| "it is refused").unwrap();
    mesh.marathon.wait_until(|cluster| !cluster.has(POD));
    // What Marathon said is believed for a second.
    let refused = client.refused().await;
    assert_eq!(refused.code(), Code::PermissionDenied);
}

#[tokio::test]
async fn while_marathon_is_away_who_is_in_stays_and_nobody_joins() {
    let mesh = Mesh::new();
    let (service, joining) = (mesh.serve(""), mesh.submit(POD));
    let other = mesh.submit("/shop/other");
    let identity = enrolled(&service, &joining).await;
    eventually("it is seen that Marathon is there", || {
        (service.metric("citadel_marathon_reachable") == Some(1.0)).then_some(())
    });
    mesh.cut_off();
    let key = PrivateKey::generate(KeyKind::P256).unwrap();
    let status = enrol(&service, &other, &key).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    renew(&service, &identity).await.unwrap();
    assert!(service.metric("citadel_undecided_total").unwrap() >= 1.0);
    eventually("it is seen that Marathon is away", || {
        (service.metric("citadel_marathon_reachable") == Some(0.0)).then_some(())
    });
    mesh.marathon.clear_faults();
    // That Marathon did not answer is believed for a moment.
    while let Err(status) = enrol(&service, &other, &key).await {
        assert_eq!(status.code(), Code::Unavailable);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let said = |words: &str| service.log().matches(words).count();
    eventually("it is said that it is there again", || {
        (said("Marathon answers again") > 0).then_some(())
    });
    assert_eq!((said("Marathon does not answer"), said("Marathon answers again")), (1, 1));
    assert!(!service.log().contains(other.token.expose()));
}

#[tokio::test]
async fn a_kill_makes_no_room_for_a_second_enrolment_but_for_the_same_key() {
    let mesh = Mesh::new();
    let (service, joining) = (mesh.serve(""), mesh.submit(POD));
    let key = PrivateKey::generate(KeyKind::P256).unwrap();
    enrol(&service, &joining, &key).await.unwrap();
    // A drop is a kill.
    drop(service);
    let service = mesh.serve("");
    let other = PrivateKey::generate(KeyKind::P256).unwrap();
    let status = enrol(&service, &joining, &other).await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
    enrol(&service, &joining, &key).await.unwrap();
}

#[tokio::test]
async fn of_several_who_enrol_one_task_at_once_one_succeeds() {
    let mesh = Mesh::new();
    let (service, joining) = (mesh.serve(""), mesh.submit(POD));
    let (client, mut racing) = (service.dial().client().await, tokio::task::JoinSet::new());
    for _ in 0..16 {
        let (client, token, task) =
            (client.clone(), joining.token.expose().to_owned(), joining.task.clone());
        racing.spawn(async move {
            let proof = Proof { token: Some(&token), task: Some(&task) };
            client.leaf(&csr(None), proof).await.map_err(|status| status.code())
        });
    }
    let ends = racing.join_all().await;
    assert_eq!(ends.iter().filter(|end| end.is_ok()).count(), 1);
    assert_eq!(ends.iter().filter(|end| **end == Err(Code::PermissionDenied)).count(), 15);
}

#[tokio::test]
async fn a_bundles_certificate_renews_itself_only_if_the_policy_says_so() {
    let mesh = Mesh::new();
    let service = mesh.serve("");
    let identity = mesh.site.identity(DEFAULT, None, HOUR);
    let status = renew(&service, &identity).await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
    drop(service);
    mesh.site.write("policy.toml", "renew-bundles = true\n");
    renew(&mesh.serve("--policy policy.toml"), &identity).await.unwrap();
}

#[tokio::test]
async fn the_administrators_can_lay_down_another_identity() {
    let mesh = Mesh::new();
    let laid_down = "spiffe://cluster.local/ns/shop/sa/all";
    mesh.site.write("policy.toml", &format!("[identities]\n\"/shop\" = \"{laid_down}\"\n"));
    let (service, joining) = (mesh.serve("--policy policy.toml"), mesh.submit(POD));
    let identity = enrolled(&service, &joining).await;
    assert_eq!(identity.chain[0].identity().unwrap().to_string(), laid_down);
}

#[tokio::test]
async fn all_pods_can_have_the_identity_that_the_mesos_pilot_expects() {
    let mesh = Mesh::new();
    let (service, joining) = (mesh.serve("--identities shared"), mesh.submit(POD));
    let identity = enrolled(&service, &joining).await;
    assert_eq!(identity.chain[0].identity().unwrap().to_string(), DEFAULT);
}

#[tokio::test]
async fn while_too_many_are_being_decided_the_next_are_turned_away() {
    let mesh = Mesh::new();
    let (service, joining) = (mesh.serve("--max-in-flight 1"), mesh.submit(POD));
    let asked = mesh.marathon.requests().len();
    mesh.marathon.fault(usize::MAX, "GET", "/v2/pods", Fault::Hang);
    let client = service.dial().client().await;
    let (waiting, token, task) =
        (client.clone(), joining.token.expose().to_owned(), joining.task.clone());
    let first = tokio::spawn(async move {
        let proof = Proof { token: Some(&token), task: Some(&task) };
        waiting.leaf(&csr(None), proof).await.unwrap_err().code()
    });
    while mesh.marathon.requests().len() == asked {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let status = client.leaf(&csr(None), joining.proof()).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert_eq!(status.message(), "too many requests at a time");
    assert_eq!(first.await.unwrap(), Code::Unavailable);
    mesh.marathon.clear_faults();
    // That Marathon did not answer is believed for a moment.
    while let Err(status) = client.leaf(&csr(None), joining.proof()).await {
        assert_eq!(status.code(), Code::Unavailable);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
