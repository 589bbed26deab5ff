//! Whose certificate each thing in a document gets, or why none. A CA has to know it of all that
//! are injected, and of nothing else.

mod support;

use std::fs;

use marathon_inject::document::Source;
use marathon_inject::plan::{Change, Injector, Outcome, Overlay, Rewritten, Skip};
use marathon_inject::settings::{Key, Settings};
use serde_json::{Value, json};
use support::{changed, errors};

const DEFAULT: &str = "spiffe://cluster.local/ns/default/sa/default";
const TEMPLATE: &str = "https://ca/{trust-domain}/{namespace}/{service-account}.tgz";

fn fixture(name: &str) -> String {
    fs::read_to_string(format!("{}/fixtures/{name}.json", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn injector(settings: &[(Key, &str)], overlays: Vec<Overlay>) -> Injector {
    let mut all = Settings::default();
    for (key, text) in settings {
        all.set(*key, text).unwrap();
    }
    Injector::new(all, overlays)
}

/// What injection says of a document.
fn entries(text: &str, settings: &[(Key, &str)]) -> Vec<Rewritten> {
    changed(text, Change::Inject(&injector(settings, Vec::new()))).1
}

fn identities(entries: &[Rewritten]) -> Vec<Option<String>> {
    entries.iter().map(|entry| entry.identity.as_ref().map(ToString::to_string)).collect()
}

/// A document whose only entry has no identity, for that reason.
fn has_none(text: &str, outcome: &Outcome) {
    let entries = entries(text, &[]);
    assert_eq!(identities(&entries), [None]);
    assert_eq!(entries[0].outcome, *outcome);
}

#[test]
fn a_pod_has_the_identity_of_the_settings() {
    let text = fixture("one-container");
    assert_eq!(identities(&entries(&text, &[])), [Some(DEFAULT.to_owned())]);
    let settings = [
        (Key::TrustDomain, "mesh.example"),
        (Key::Namespace, "shop"),
        (Key::ServiceAccount, "web"),
    ];
    let expected = "spiffe://mesh.example/ns/shop/sa/web".to_owned();
    assert_eq!(identities(&entries(&text, &settings)), [Some(expected)]);
}

#[test]
fn a_pods_label_names_another_service_account_of_the_namespace() {
    let settings = [(Key::Namespace, "shop"), (Key::ServiceAccount, "web")];
    let entries = entries(&fixture("label-service-account"), &settings);
    let expected = "spiffe://cluster.local/ns/shop/sa/bookinfo-details".to_owned();
    assert_eq!(identities(&entries), [Some(expected)]);
}

#[test]
fn the_bundle_that_a_pod_fetches_is_that_of_its_identity() {
    for name in ["one-container", "label-service-account", "injected"] {
        let injector = injector(&[(Key::BundleUri, TEMPLATE)], Vec::new());
        let (text, entries) = changed(&fixture(name), Change::Inject(&injector));
        let pod: Value = serde_json::from_str(&text).unwrap();
        let identity = entries[0].identity.as_ref().unwrap();
        let (domain, account) = (identity.trust_domain(), identity.account());
        let uri = format!("https://ca/{domain}/{}/{}.tgz", account.namespace(), account.name());
        assert_eq!(pod["containers"][1]["artifacts"][0]["uri"], uri, "{name}");
    }
}

#[test]
fn an_injected_pod_has_the_identity_of_the_pod_that_it_came_from() {
    for (name, settings) in
        [("one-container", &[][..]), ("label-service-account", &[(Key::Namespace, "shop")])]
    {
        let injector = injector(settings, Vec::new());
        let (injected, first) = changed(&fixture(name), Change::Inject(&injector));
        let again = entries(&injected, settings);
        assert_eq!(again[0].outcome, Outcome::UpToDate);
        assert_eq!(identities(&again), identities(&first), "{name}");
    }
    let settings = [(Key::ServiceAccount, "web")];
    let updated = entries(&fixture("injected"), &settings);
    assert!(matches!(updated[0].outcome, Outcome::Updated(_)));
    assert_eq!(identities(&updated), identities(&entries(&fixture("one-container"), &settings)));
}

#[test]
fn a_pod_that_is_skipped_has_none() {
    has_none(&fixture("host-network"), &Outcome::Skipped(Skip::HostNetwork));
    has_none(&fixture("inject-false"), &Outcome::Skipped(Skip::Label));
    let removed = Outcome::Removed(Some(Skip::HostNetwork));
    has_none(&fixture("injected-then-host-network"), &removed);
}

#[test]
fn a_pod_with_a_node_agent_has_none_for_citadel_decides() {
    let pin = "0a".repeat(32);
    let settings = [(Key::Certs, "agent"), (Key::CaRootSha256, &pin)];
    let first = entries(&fixture("one-container"), &settings);
    assert_eq!(identities(&first), [None]);
    assert_eq!(first[0].outcome, Outcome::Injected);
    let again = entries(&fixture("injected-then-token"), &settings);
    assert_eq!(identities(&again), [None]);
    assert!(matches!(again[0].outcome, Outcome::Updated { .. }));
}

#[test]
fn a_pod_that_is_refused_has_none_and_an_error_says_why() {
    let invalid = json!({"istio.io/service-account.name": "not/a/name"});
    let mut mislabelled: Value = serde_json::from_str(&fixture("one-container")).unwrap();
    mislabelled["labels"] = invalid;
    for text in [
        mislabelled.to_string(),
        fixture("invalid/several-faults"),
        fixture("invalid/record-empty"),
    ] {
        has_none(&text, &Outcome::Refused);
        assert!(!errors(&entries(&text, &[])).is_empty(), "{text}");
    }
}

#[test]
fn a_pod_that_only_the_overlays_make_invalid_has_none() {
    let source = Source::new("overlay.json", fixture("invalid/overlay-makes-it-invalid.overlay"));
    let injector = injector(&[], vec![Overlay::parse(&source).unwrap()]);
    let (_, entries) = changed(&fixture("one-container"), Change::Inject(&injector));
    assert_eq!(identities(&entries), [None]);
    assert!(!errors(&entries).is_empty());
}

#[test]
fn of_a_group_only_the_pods_that_are_injected_have_one() {
    let entries = entries(&fixture("group-with-apps-and-pods"), &[]);
    let has_one = |entry: &Rewritten| (entry.id.clone().unwrap(), entry.identity.is_some());
    let expected = [
        ("/shop/frontend", false),
        ("/shop/cart", true),
        ("/shop/data/redis", true),
        ("/shop/data/agent", false),
    ];
    let expected = expected.map(|(id, has_one)| (id.to_owned(), has_one));
    assert_eq!(entries.iter().map(has_one).collect::<Vec<_>>(), expected);
}

#[test]
fn a_pods_status_has_none() {
    let entries = entries(&fixture("pod-status"), &[]);
    assert_eq!(identities(&entries), [None]);
    assert!(matches!(entries[0].outcome, Outcome::PassedThrough(_)));
}

#[test]
fn a_pod_whose_sidecar_is_taken_out_has_none() {
    let (_, entries) = changed(&fixture("injected"), Change::Remove);
    assert_eq!(
        (entries[0].identity.as_ref(), &entries[0].outcome),
        (None, &Outcome::Removed(None))
    );
}
