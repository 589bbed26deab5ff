//! Pods with a node agent: submission gives them the tokens with which they join the mesh.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::slice;

use marathon_inject::identity::{Claim, JoinKey, JoinToken};
use serde_json::{Value, json};

use crate::marathon::{Fault, Trouble};
use crate::scratch::{Run, Told, container, labels, pod, pod_with, pretty};
use crate::site::Site;

const PIN: &str = "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a";

/// What makes pods have a node agent.
const AGENT: [&str; 4] = ["--certs", "agent", "--ca-root-sha256", PIN];

/// A site with the file `join.key`, which only its owner can read.
struct Mesh {
    site: Site,
    key: JoinKey,
}

impl Mesh {
    fn with(text: &str) -> Self {
        let key = JoinKey::generate().unwrap();
        let site = keyed(Site::with(text), "join.key", &key.to_text());
        Self { site, key }
    }

    /// Another text of `pod.json`.
    fn then(self, text: &str) -> Self {
        Self { site: self.site.file("pod.json", text), ..self }
    }

    fn submit(&self, arguments: &[&str]) -> Run {
        let fixed = [&AGENT[..], &["--join-key", "join.key"]].concat();
        self.site.submit(&[&fixed, arguments].concat())
    }

    /// What the token of a definition says to whoever has the key.
    fn claim(&self, pod: &Value) -> Option<Claim> {
        JoinToken::new(token(pod)).check(slice::from_ref(&self.key)).ok()
    }

    fn running(&self) -> Value {
        self.site.marathon.pod("/a").unwrap()
    }
}

/// A file that only its owner can read.
fn keyed(site: Site, name: &str, text: &str) -> Site {
    let site = site.file(name, text);
    fs::set_permissions(site.scratch.path(name), fs::Permissions::from_mode(0o600)).unwrap();
    site
}

fn token(pod: &Value) -> &str {
    container(pod, "istio-agent")["environment"]["MESH_JOIN_TOKEN"].as_str().unwrap()
}

fn nonce(pod: &Value) -> &str {
    pod["labels"]["mesh/join-nonce"].as_str().unwrap()
}

fn changed() -> String {
    pod_with("/a", labels(json!({"tier": "2"})))
}

#[test]
fn a_pod_is_sent_with_a_token_that_says_whose_it_is() {
    let mesh = Mesh::with(&pod("/a"));
    mesh.submit(&["pod.json"]).done();
    let running = mesh.running();
    let claim = mesh.claim(&running).unwrap();
    assert_eq!((claim.pod.as_str(), claim.nonce.as_str()), ("/a", nonce(&running)));
}

#[test]
fn the_token_and_its_nonce_are_all_that_is_filled_in() {
    let mesh = Mesh::with(&pod("/a"));
    mesh.submit(&["pod.json"]).done();
    let sent = mesh.site.marathon.writes().remove(0).body;
    let running = mesh.running();
    let printed = mesh.site.scratch.inject(&[&AGENT[..], &["pod.json"]].concat()).done().out;
    let empty = sent.replace(token(&running), "").replace(nonce(&running), "");
    assert_eq!(empty.trim_end(), printed.trim_end());
}

#[test]
fn a_pod_that_runs_with_a_good_token_is_left_alone() {
    let mesh = Mesh::with(&pod("/a"));
    mesh.submit(&["pod.json"]).done();
    let told = mesh.submit(&["pod.json"]).done();
    assert!(told.out.contains("unchanged"), "{}", told.out);
    assert_eq!(mesh.site.writes(), ["POST /v2/pods"]);
    let told = mesh.submit(&["--dry-run", "pod.json"]).done();
    assert!(told.out.contains("unchanged"), "{}", told.out);
}

#[test]
fn a_pod_that_changes_gets_another_token() {
    let mesh = Mesh::with(&pod("/a"));
    mesh.submit(&["pod.json"]).done();
    let before = mesh.running();
    let mesh = mesh.then(&changed());
    mesh.submit(&["pod.json"]).done();
    let after = mesh.running();
    assert_ne!((token(&before), nonce(&before)), (token(&after), nonce(&after)));
    assert_eq!(mesh.claim(&after).unwrap().nonce.as_str(), nonce(&after));
}

#[test]
fn a_token_of_another_key_is_replaced() {
    let mesh = Mesh::with(&pod("/a"));
    mesh.submit(&["pod.json"]).done();
    let key = JoinKey::generate().unwrap();
    let site = keyed(mesh.site, "join.key", &key.to_text());
    let mesh = Mesh { site, key };
    assert_eq!(mesh.claim(&mesh.running()), None);
    mesh.submit(&["pod.json"]).done();
    assert!(mesh.claim(&mesh.running()).is_some());
}

#[test]
fn a_token_that_does_not_fit_the_nonce_or_the_pod_is_replaced() {
    type Spoil = fn(&mut Value, &JoinKey);
    let spoils: [Spoil; 3] = [
        |pod, _| pod["labels"]["mesh/join-nonce"] = json!("AAAAAAAAAAAAAAAAAAAAAA"),
        |pod, key| {
            let nonce = JoinToken::new(token(pod)).claim().unwrap().nonce;
            let of_another = key.token("/b", &nonce);
            agent(pod)["environment"]["MESH_JOIN_TOKEN"] = json!(of_another.expose());
        },
        |pod, _| agent(pod)["environment"]["MESH_JOIN_TOKEN"] = json!(""),
    ];
    for spoil in spoils {
        let mesh = Mesh::with(&pod("/a"));
        mesh.submit(&["pod.json"]).done();
        let mut spoilt = mesh.running();
        spoil(&mut spoilt, &mesh.key);
        mesh.site.marathon.put("/a", &spoilt).unwrap();
        mesh.submit(&["pod.json"]).done();
        let running = mesh.running();
        assert_eq!(mesh.claim(&running).unwrap().nonce.as_str(), nonce(&running));
    }
}

fn agent(pod: &mut Value) -> &mut Value {
    let containers = pod["containers"].as_array_mut().unwrap();
    containers.iter_mut().find(|container| container["name"] == "istio-agent").unwrap()
}

#[test]
fn a_definition_that_was_injected_before_gets_a_token_too() {
    let mesh = Mesh::with(&pod("/a"));
    let injected = mesh.site.scratch.inject(&[&AGENT[..], &["pod.json"]].concat()).done().out;
    let mesh = mesh.then(&injected);
    mesh.submit(&["--no-inject", "pod.json"]).done();
    assert!(mesh.claim(&mesh.running()).is_some());
    let mut copied = mesh.running();
    copied["id"] = json!("/b");
    let mesh = mesh.then(&pretty(&copied));
    mesh.submit(&["--no-inject", "pod.json"]).done();
    let claim = mesh.claim(&mesh.site.marathon.pod("/b").unwrap()).unwrap();
    assert_eq!(claim.pod, "/b", "the token of one pod is never sent as that of another");
}

#[test]
fn without_a_key_nothing_of_the_input_is_submitted() {
    let mesh = Mesh::with(&pod("/a"));
    let site = mesh.site.file("b.json", &pod("/b"));
    let told = site.submit(&[&AGENT[..], &["pod.json", "b.json"]].concat()).refused();
    let told = told.says("error[I28]: /a joins by a token, and no key makes it\n --> pod.json:1:1");
    told.says("--join-key FILE").says("2 faults; nothing was submitted");
    assert!(site.marathon.requests().is_empty());
}

#[test]
fn a_pod_that_lost_a_place_of_its_token_is_not_submitted() {
    let mesh = Mesh::with(&pod("/a"));
    let injected = mesh.site.scratch.inject(&[&AGENT[..], &["pod.json"]].concat()).done().json();
    let (mut no_nonce, mut no_token) = (injected.clone(), injected);
    no_nonce["labels"].as_object_mut().unwrap().remove("mesh/join-nonce").unwrap();
    agent(&mut no_token)["environment"].as_object_mut().unwrap().remove("MESH_JOIN_TOKEN").unwrap();
    let lost = [
        (no_nonce, "its label \"mesh/join-nonce\" is gone"),
        (no_token, "the variable MESH_JOIN_TOKEN of its container istio-agent is gone"),
    ];
    let mut mesh = mesh;
    for (injected, words) in lost {
        mesh = mesh.then(&pretty(&injected));
        let told = mesh.submit(&["--no-inject", "pod.json"]).refused();
        told.says(&format!("error[I29]: /a joins by a token, and {words}\n --> pod.json:1:1"));
    }
    let overlay = r#"{"labels": {"mesh/join-nonce": null}}"#;
    let site = mesh.site.file("pod.json", &pod("/a")).file("overlay.json", overlay);
    let mesh = Mesh { site, ..mesh };
    mesh.submit(&["--overlay", "overlay.json", "pod.json"]).refused().says("error[I29]");
    assert!(mesh.site.marathon.requests().is_empty());
}

#[test]
fn a_pod_with_a_bundle_needs_no_key() {
    let mesh = Mesh::with(&pod_with("/a", labels(json!({"sidecar.istio.io/certs": "bundle"}))));
    mesh.site.submit(&[&AGENT[..], &["pod.json"]].concat()).done();
    assert!(mesh.running()["labels"].get("mesh/join-nonce").is_none());
}

#[test]
fn the_key_can_be_named_by_the_environment() {
    let mesh = Mesh::with(&pod("/a"));
    let run = mesh.site.submit(&[&AGENT[..], &["pod.json"]].concat());
    let told = run.env("INJECT_JOIN_KEY", "join.key").done();
    assert!(!told.err.contains("INJECT_JOIN_KEY"), "{}", told.err);
    assert!(mesh.claim(&mesh.running()).is_some());
    let run = mesh.site.submit(&[&AGENT[..], &["pod.json"]].concat());
    run.env("INJECT_JOIN_KEY", "").refused().says("I28");
}

#[test]
fn a_key_that_others_can_read_is_refused() {
    let mesh = Mesh::with(&pod("/a"));
    for mode in [0o640, 0o604, 0o620] {
        let path = mesh.site.scratch.path("join.key");
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        let told = mesh.submit(&["pod.json"]).refused();
        let words = format!("join.key holds a secret and is open to others (mode {mode:04o})");
        told.says(&words).says("chmod 600 join.key");
    }
    assert!(mesh.site.marathon.requests().is_empty());
}

#[test]
fn what_is_no_key_is_refused_and_not_repeated() {
    for text in ["v1.AAAAAAAA.hunter2\n", "", "hunter2"] {
        let mesh = Mesh::with(&pod("/a"));
        let mesh = Mesh { site: keyed(mesh.site, "join.key", text), ..mesh };
        let told = mesh.submit(&["pod.json"]).refused().says("join.key: is no join key");
        assert!(!told.err.contains("hunter2"), "{}", told.err);
    }
}

/// Expects that neither result nor report has a token in it.
fn keeps_tokens(told: &Told) {
    let said = format!("{}{}", told.out, told.err);
    assert!(!said.contains("v1."), "{said}");
}

#[test]
fn no_token_is_shown_by_what_is_printed() {
    let mesh = Mesh::with(&pod("/a"));
    keeps_tokens(&mesh.submit(&["--dry-run", "pod.json"]).done());
    keeps_tokens(&mesh.submit(&["--output", "json", "pod.json"]).done());
    let mesh = mesh.then(&changed());
    keeps_tokens(&mesh.submit(&["--dry-run", "--output", "json", "pod.json"]).done());
    let diff = mesh.site.diff_live(&[&AGENT[..], &["pod.json"]].concat()).done();
    assert!(diff.out.contains("+    \"tier\": \"2\""), "{}", diff.out);
    keeps_tokens(&diff);
    let diff = mesh.site.diff_live(&["pod.json"]).done();
    assert!(diff.out.contains("\"MESH_JOIN_TOKEN\": \"<join token>\""), "{}", diff.out);
    keeps_tokens(&diff);
}

#[test]
fn no_token_is_shown_by_the_diff_of_a_file_that_has_one() {
    let mesh = Mesh::with(&pod("/a"));
    mesh.submit(&["pod.json"]).done();
    let text = pretty(&mesh.running());
    let mesh = mesh.then(&text);
    for command in [&AGENT[..], &["remove"]] {
        for form in ["diff", "patch"] {
            let run = mesh.site.scratch.inject(&[command, &["--emit", form, "pod.json"]].concat());
            let told = run.done();
            assert!(!told.out.is_empty());
            keeps_tokens(&told);
        }
    }
    let diff = mesh.site.scratch.inject(&[&["diff"], &AGENT[..], &["pod.json"]].concat()).done();
    assert!(diff.out.contains("-        \"MESH_JOIN_TOKEN\": \"<join token>\""), "{}", diff.out);
}

#[test]
fn a_token_alone_is_no_difference_to_what_runs() {
    let mesh = Mesh::with(&pod("/a"));
    mesh.submit(&["pod.json"]).done();
    let diff = mesh.site.diff_live(&[&AGENT[..], &["--exit-code", "pod.json"]].concat());
    assert_eq!(diff.done().out, "");
}

#[test]
fn no_token_is_shown_by_what_marathon_refuses() {
    let mesh = Mesh::with(&pod("/a"));
    mesh.submit(&["pod.json"]).done();
    let running = mesh.running();
    let token = token(&running);
    let details = json!([{"path": format!("/labels({token})"), "errors": [format!("is {token}")]}]);
    for answer in [
        json!({"message": format!("refused: {token}"), "details": details}),
        json!({"message": "refused", "details": token}),
    ] {
        for output in ["text", "json"] {
            let mesh = Mesh::with(&pod("/a"));
            let fault = Fault::Answer(422, answer.to_string());
            mesh.site.marathon.fault(1, "POST", "/v2/pods", fault);
            let told = mesh.submit(&["--output", output, "pod.json"]).ends(3);
            assert!(told.err.contains("<join token>"), "{}", told.err);
            keeps_tokens(&told);
        }
    }
}

#[test]
fn what_is_brought_back_has_the_token_that_it_had() {
    let mesh = Mesh::with(&pod("/a"));
    mesh.submit(&["pod.json"]).done();
    let before = mesh.running();
    let mesh = mesh.then(&changed());
    mesh.site.marathon.script("/a", Trouble::exits("istio-agent", 1).after(20).times(1));
    let rollback = ["--settle", "5s", "--max-failures", "1", "--rollback-on-failure", "pod.json"];
    let told = mesh.submit(&rollback).ends(3);
    told.says("what was before is back").says("Citadel refused it");
    let after = mesh.running();
    assert_eq!((token(&after), nonce(&after)), (token(&before), nonce(&before)));
}
