//! The laws of injection, over generated pods in every layout.

mod support;

use marathon_inject::document::Source;
use marathon_inject::plan::{Change, Injector, Joining, Outcome};
use marathon_inject::settings::Key;
use proptest::prelude::*;
use serde_json::Value;
use support::pods::{group, pod};
use support::written::{Style, beginning, ending, style, written};
use support::{changed, errors, injected, removed};

fn injector(settings: &[(Key, &str)]) -> Injector {
    support::injector(settings, &[])
}

/// Overlays that touch what pods and injection have in common.
fn overlaid() -> Injector {
    support::injector(
        &[],
        &[
            r#"{"containers": [{"name": "istio-proxy", "resources": {"cpus": 1}, "volumeMounts": [
                {"name": "data", "mountPath": "/a"}, {"name": "data", "mountPath": "/b"}]}],
                "volumes": [{"name": "data"}], "environment": {"A": "2", "B": "3"}}"#,
            r#"{"labels": {"team": "mesh", "istio": null}, "secrets": null,
                "containers": [{"name": "logger", "resources": {"cpus": 0.1, "mem": 32},
                "image": {"kind": "DOCKER", "id": "logger"}, "endpoints": [
                {"name": "logs", "containerPort": 9901, "hostPort": 0, "protocol": ["tcp"]}]}]}"#,
        ],
    )
}

fn other_settings() -> Injector {
    injector(&[
        (Key::ProxyImage, "registry.example.com/proxyv2:1.0.9"),
        (Key::StatusPort, "15020"),
        (Key::ImagePullPolicy, "Always"),
    ])
}

fn with_agent() -> Injector {
    let pin = "0a".repeat(32);
    injector(&[(Key::Certs, "agent"), (Key::CaRootSha256, &pin)])
}

#[test]
fn a_setting_for_certificates_of_the_other_kind_changes_nothing() {
    let text = include_str!("../fixtures/one-container.json");
    let agent = injector(&[(Key::CaAddress, "ca:1"), (Key::AgentMemory, "128")]);
    assert_eq!(injected(text, &agent), injected(text, &injector(&[])));
    let pin = "0a".repeat(32);
    let bundle = injector(&[
        (Key::Certs, "agent"),
        (Key::CaRootSha256, &pin),
        (Key::BundleUri, "https://ca.example.com/b.tgz"),
        (Key::ServiceAccount, "web"),
    ]);
    assert_eq!(injected(text, &bundle), injected(text, &with_agent()));
}

#[test]
fn without_a_node_agent_a_container_called_istio_agent_is_an_application() {
    let text = include_str!("../fixtures/one-container.json");
    let named = text.replace("\"name\": \"hello\"", "\"name\": \"istio-agent\"");
    assert_ne!(named, text);
    let pod: Value = serde_json::from_str(&injected(&named, &injector(&[]))).unwrap();
    assert_eq!(pod["containers"][1]["environment"]["ISTIO_INBOUND_PORTS"], "80");
    let proxy = named.replace("google-samples/hello-go-gke:1.0", "envoy:1");
    assert_ne!(proxy, named);
    assert_eq!(injected(&proxy, &injector(&[])), proxy, "somebody else's sidecar");
    assert_ne!(injected(&proxy, &with_agent()), proxy, "a wish about ours");
}

fn text(value: &Value, style: &Style, ending: &str) -> String {
    written(value, style) + ending
}

/// A document: mostly a pod, sometimes a group or an array.
fn document() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        4 => pod(),
        1 => group(),
        1 => prop::collection::vec(pod(), 0..3).prop_map(Value::Array),
    ];
    (beginning(), value, style(), ending()).prop_map(|(beginning, value, style, ending)| {
        beginning.to_owned() + &text(&value, &style, ending)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn injecting_twice_is_injecting_once(text in document()) {
        let once = injected(&text, &injector(&[]));
        prop_assert_eq!(&injected(&once, &injector(&[])), &once);
    }

    #[test]
    fn removing_gives_the_original_back(text in document()) {
        let injected = injected(&text, &injector(&[]));
        prop_assert_eq!(removed(&injected), text);
    }

    #[test]
    fn injecting_what_was_removed_gives_the_injection_back(text in document()) {
        let once = injected(&text, &injector(&[]));
        prop_assert_eq!(injected(&removed(&once), &injector(&[])), once);
    }

    #[test]
    fn a_changed_setting_gives_what_a_fresh_injection_gives(text in document()) {
        let fresh = injected(&text, &other_settings());
        let old = injected(&text, &injector(&[]));
        prop_assert_eq!(injected(&old, &other_settings()), fresh);
    }

    #[test]
    fn overlays_keep_the_laws(text in document()) {
        let (once, entries) = changed(&text, Change::Inject(&overlaid()));
        // On the host's network the overlay's endpoint is rightly refused, and pods may have its names.
        prop_assume!(errors(&entries).is_empty());
        prop_assert_eq!(&injected(&once, &overlaid()), &once);
        prop_assert_eq!(&removed(&once), &text);
        prop_assert_eq!(injected(&injected(&text, &injector(&[])), &overlaid()), once);
    }

    #[test]
    fn a_node_agent_keeps_the_laws(text in document()) {
        let once = injected(&text, &with_agent());
        prop_assert_eq!(&injected(&once, &with_agent()), &once);
        prop_assert_eq!(&removed(&once), &text);
        prop_assert_eq!(&injected(&injected(&text, &injector(&[])), &with_agent()), &once);
        prop_assert_eq!(injected(&once, &injector(&[])), injected(&text, &injector(&[])));
    }

    #[test]
    fn a_token_is_nobodys_edit(pod in pod(), style in style(), token in "[A-Za-z0-9._-]{1,200}") {
        let text = written(&pod, &style);
        let once = injected(&text, &with_agent());
        let Some(joining) = Joining::of(&once).unwrap() else {
            prop_assert_eq!(once, text, "injected, and no place for a token");
            return Ok(());
        };
        let submitted = joining.fill(&once, &token, "n");
        prop_assert_eq!(&injected(&submitted, &with_agent()), &once);
        prop_assert_eq!(&removed(&submitted), &text);
        let filled = Joining::of(&submitted).unwrap().unwrap();
        prop_assert_eq!((filled.token(), filled.nonce()), (&*token, "n"));
        prop_assert_eq!(filled.fill(&submitted, "", ""), once);
    }

    #[test]
    fn an_injected_pod_that_was_rearranged_settles(pod in pod(), style in style()) {
        let injected_pod = injected(&written(&pod, &style), &injector(&[]));
        let mut value: Value = serde_json::from_str(&injected_pod).unwrap();
        let containers = value["containers"].as_array_mut().unwrap();
        containers.rotate_right(1);
        let text = written(&value, &style);
        let (once, entries) = changed(&text, Change::Inject(&injector(&[])));
        prop_assume!(errors(&entries).is_empty());
        prop_assert_eq!(&injected(&once, &injector(&[])), &once);
    }

    #[test]
    fn a_pod_that_is_injected_again_keeps_its_identity(text in document()) {
        let (once, first) = changed(&text, Change::Inject(&injector(&[])));
        for entry in &first {
            prop_assert_eq!(entry.identity.is_some(), entry.outcome == Outcome::Injected);
        }
        let (_, again) = changed(&once, Change::Inject(&other_settings()));
        for (entry, before) in again.iter().zip(&first) {
            prop_assert_eq!(&entry.identity, &before.identity);
        }
    }

    #[test]
    fn turning_injection_off_takes_the_sidecar_out(text in document()) {
        let off = injector(&[(Key::Policy, "disabled")]);
        let (fresh, entries) = changed(&text, Change::Inject(&off));
        // A partial container that nobody completes is rightly refused.
        prop_assume!(errors(&entries).is_empty());
        prop_assert_eq!(injected(&injected(&text, &injector(&[])), &off), fresh);
    }

    #[test]
    fn the_patch_and_the_text_say_the_same(text in document()) {
        let text = text.trim_start_matches('\u{feff}');
        let mut value: Value = serde_json::from_str(text).unwrap();
        let mut old_value: Value = value.clone();
        let first = injector(&[]);
        for injector in [&first, &other_settings()] {
            let document = serde_json::to_string(&old_value).unwrap();
            let (out, _) = changed(&document, Change::Inject(injector));
            patch_all(&document, injector, &mut value);
            old_value = serde_json::from_str(&out).unwrap();
            prop_assert_eq!(&value, &old_value);
        }
    }

    #[test]
    fn what_is_no_pod_passes_through_untouched(style in style(), ending in ending()) {
        let app = serde_json::json!({"id": "/a", "cmd": "sleep 1", "container": {"type": "DOCKER"}});
        let text = text(&app, &style, ending);
        prop_assert_eq!(injected(&text, &injector(&[])), text);
    }
}

/// Applies the patches of a document's entries with json-patch, which knows nothing of text.
fn patch_all(text: &str, injector: &Injector, value: &mut Value) {
    let source = Source::new("x", text);
    marathon_inject::plan::rewrite(&source, Change::Inject(injector), |rewritten| {
        let entry = value.pointer_mut(&rewritten.pointer).unwrap();
        json_patch::patch(entry, &rewritten.patch).unwrap();
        Ok(())
    })
    .unwrap()
    .unwrap();
}
