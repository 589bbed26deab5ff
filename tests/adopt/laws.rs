//! The laws of adoption, over generated sidecars in pods of every layout.

use marathon_inject::document::{Path, Snippets, Source};
use marathon_inject::plan::{Change, Outcome};
use marathon_inject::pod::Pod;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::sidecars::pod_with_sidecar;
use super::{adopted, adopting, keeps_the_laws, plain};
use crate::support::pods::pod;
use crate::support::written::{Style, ending, style, written};
use crate::support::{changed, errors, injected};

fn is_adopted(outcome: &Outcome) -> bool {
    *outcome == Outcome::Adopted { container: "proxy".to_owned() }
}

#[test]
fn without_a_node_agent_a_container_called_istio_agent_is_the_application() {
    let text = include_str!("../../fixtures/adopt/everything-else.json");
    let named = text.replace("\"name\": \"cart\"", "\"name\": \"istio-agent\"");
    assert_ne!(named, text);
    let (once, entries) = adopted(&named);
    assert!(is_adopted(&entries[0].outcome), "{:?}", entries[0].findings);
    let pod: Value = serde_json::from_str(&once).unwrap();
    assert_eq!(pod["containers"][0]["endpoints"][1]["name"], "admin", "it moves to it");
}

/// What start lines are made of, well or badly put together.
fn line() -> impl Strategy<Value = String> {
    let words = [
        "pilot-agent",
        "pilot-agent proxy",
        "sidecar",
        "exec",
        "su istio-proxy -c",
        "sh",
        "start.sh",
        "set -e",
        "istio-iptables.sh",
        "-b",
        "-u1337",
        "--domain",
        "--domain=",
        "mesh.example.com",
        "A=$A$A",
        "${A}",
        "$(a)",
        "`",
        "'",
        "\"",
        "\\",
        ";",
        "&&",
        "|",
        "\n",
        "#",
        "é",
        "$",
        "(",
        "cp ./certs/*.pem /etc/certs",
    ];
    let joined = |words: Vec<&str>| words.join(" ");
    prop::collection::vec(select(words.to_vec()), 0..12)
        .prop_map(joined)
        .prop_map(|line| format!("pilot-agent proxy; {line}"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn what_is_adopted_keeps_the_laws(pod in pod_with_sidecar(), style in style(), ending in ending()) {
        let text = written(&pod, &style) + ending;
        let (_, entries) = adopted(&text);
        prop_assert!(errors(&entries).is_empty(), "{:#?}", entries[0].findings);
        keeps_the_laws(&text);
    }

    #[test]
    fn a_sidecar_gives_way_and_the_rest_stays(pod in pod_with_sidecar(), style in style()) {
        let (out, entries) = adopted(&written(&pod, &style));
        prop_assume!(is_adopted(&entries[0].outcome));
        let out: Value = serde_json::from_str(&out).unwrap();
        let containers = out["containers"].as_array().unwrap();
        let named = |name: &str| containers.iter().filter(|one| one["name"] == name).count();
        prop_assert_eq!([named("proxy"), named("istio-proxy"), named("istio-init")], [0, 1, 1]);
        for container in pod["containers"].as_array().unwrap() {
            let name = container["name"].as_str().unwrap();
            if name.starts_with("app-") {
                prop_assert!(containers.contains(container), "{name}");
            }
        }
    }

    #[test]
    fn a_pod_without_a_hand_written_sidecar_is_injected_as_ever(pod in pod(), style in style()) {
        let text = written(&pod, &style);
        prop_assert_eq!(injected(&text, &adopting()), injected(&text, &plain()));
    }

    #[test]
    fn what_is_not_adopted_keeps_its_text(pod in pod_with_sidecar(), style in style()) {
        let text = written(&pod, &style);
        let (out, entries) = adopted(&text);
        prop_assume!(is_adopted(&entries[0].outcome));
        let source = Source::new("pod.json", text);
        let tree = source.root().unwrap().tree(&Path::root("")).unwrap();
        for container in Pod::new(&tree).containers().filter(|one| one.name().starts_with("app-")) {
            prop_assert!(out.contains(container.node().text().unwrap()), "{out}");
        }
    }

    #[test]
    fn pods_of_one_document_are_adopted_each_in_its_place(
        pods in prop::collection::vec(pod_with_sidecar(), 1..3),
        style in style(),
    ) {
        keeps_the_laws(&written(&json!({"id": "/", "pods": pods}), &style));
    }

    #[test]
    fn any_start_line_is_adopted_or_left_alone(line in line()) {
        let pod = json!({
            "id": "/cart",
            "containers": [
                {"name": "cart", "resources": {"cpus": 1, "mem": 32}, "image": {"kind": "DOCKER", "id": "cart"}},
                {"name": "proxy", "resources": {"cpus": 1, "mem": 32}, "exec": {"command": {"shell": line}}},
            ],
            "networks": [{"mode": "container", "name": "dcos"}],
        });
        let text = written(&pod, &Style::Inline);
        let (out, entries) = adopted(&text);
        if is_adopted(&entries[0].outcome) {
            keeps_the_laws(&text);
        } else if matches!(entries[0].outcome, Outcome::Skipped(_)) {
            prop_assert_eq!(out, text.as_str());
        }
        let source = Source::new("pod.json", text);
        for finding in &entries[0].findings {
            prop_assert!(!Snippets::new(false).draw(&source, finding).is_empty());
        }
    }

    #[test]
    fn a_sidecar_is_left_alone_unless_adoption_is_asked_for(pod in pod_with_sidecar(), style in style()) {
        let text = written(&pod, &style);
        let (out, _) = changed(&text, Change::Inject(&plain()));
        prop_assert_eq!(out, text);
    }
}
