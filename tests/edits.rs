//! What becomes of a person's edits in what injection added: injecting again keeps them, removal
//! keeps what was added to it, and each is told.

#[path = "edits/records.rs"]
mod records;
mod support;

use marathon_inject::document::{Diagnostic, Severity, Source};
use marathon_inject::plan::{Change, Injector, Outcome, Rewritten};
use marathon_inject::settings::Key;
use proptest::prelude::*;
use serde_json::{Value, json};
use support::pods::pod;
use support::{changed, errors, injected, injector, refused_by_marathon, removed};

const POD: &str = r#"{"id": "/web", "networks": [{"mode": "container"}], "containers": [{"name": "web",
    "resources": {"cpus": 1, "mem": 64}, "image": {"kind": "DOCKER", "id": "web:1"}}]}"#;

fn defaults() -> Injector {
    injector(&[], &[])
}

fn newer() -> Injector {
    injector(&[(Key::ProxyImage, "docker.io/istio/proxyv2:1.0.9"), (Key::ProxyMemory, "256")], &[])
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// An injected pod after a person's edit.
fn edited(text: &str, edit: impl FnOnce(&mut Value)) -> String {
    let mut pod = parsed(text);
    edit(&mut pod);
    serde_json::to_string_pretty(&pod).unwrap()
}

fn edited_pod(edit: impl FnOnce(&mut Value)) -> String {
    edited(&injected(POD, &defaults()), edit)
}

fn container<'p>(pod: &'p mut Value, name: &str) -> &'p mut Value {
    let containers = pod["containers"].as_array_mut().unwrap();
    containers.iter_mut().find(|container| container["name"] == name).unwrap()
}

fn in_proxy(text: &str, pointer: &str) -> Value {
    container(&mut parsed(text), "istio-proxy").pointer(pointer).cloned().unwrap_or_default()
}

/// Severity and message of what was said.
fn told(entries: &[Rewritten]) -> Vec<(Severity, &str)> {
    let all = entries.iter().flat_map(|entry| &entry.findings);
    all.map(|finding: &Diagnostic| (finding.severity, finding.message.as_str())).collect()
}

fn outcome(entries: &[Rewritten]) -> String {
    entries[0].outcome.to_string()
}

#[test]
fn a_changed_image_survives_an_upgrade() {
    let text = edited_pod(|pod| {
        container(pod, "istio-proxy")["image"]["id"] = json!("registry.example.com/proxyv2:7");
    });
    let (new, entries) = changed(&text, Change::Inject(&newer()));
    assert_eq!(in_proxy(&new, "/image/id"), "registry.example.com/proxyv2:7");
    assert_eq!(in_proxy(&new, "/resources/mem"), 256);
    let init = container(&mut parsed(&new), "istio-init")["image"]["id"].clone();
    assert_eq!(init, "docker.io/istio/proxyv2:1.0.9");
    assert_eq!(outcome(&entries), "updated: image 1.0.5 -> 1.0.9, istio-proxy mem 512 -> 256");
    let stays = "container istio-proxy was edited (image) since its injection; that stays";
    assert_eq!(told(&entries), [(Severity::Note, stays)]);
}

#[test]
fn an_edit_alone_makes_no_pod_stale() {
    let text = edited_pod(|pod| container(pod, "istio-proxy")["resources"]["mem"] = json!(1024));
    let (new, entries) = changed(&text, Change::Inject(&defaults()));
    assert_eq!((entries[0].outcome.clone(), new), (Outcome::UpToDate, text));
}

#[test]
fn a_mount_and_a_variable_that_were_added_survive_an_upgrade() {
    let text = edited_pod(|pod| {
        let proxy = container(pod, "istio-proxy");
        let mount = json!({"name": "logs", "mountPath": "/var/log/istio"});
        proxy["volumeMounts"].as_array_mut().unwrap().push(mount);
        proxy["environment"]["ISTIO_META_TEAM"] = json!("shop");
        proxy["lifecycle"] = json!({"killGracePeriodSeconds": 10});
        pod["volumes"].as_array_mut().unwrap().push(json!({"name": "logs"}));
    });
    let (new, entries) = changed(&text, Change::Inject(&newer()));
    assert_eq!(in_proxy(&new, "/volumeMounts/1/mountPath"), "/var/log/istio");
    assert_eq!(in_proxy(&new, "/environment/ISTIO_META_TEAM"), "shop");
    assert_eq!(in_proxy(&new, "/lifecycle/killGracePeriodSeconds"), 10);
    assert_eq!(in_proxy(&new, "/image/id"), "docker.io/istio/proxyv2:1.0.9");
    assert_eq!(refused_by_marathon(&new), []);
    assert_eq!(told(&entries).len(), 1, "{:?}", told(&entries));
}

#[test]
fn a_second_mount_of_our_volume_is_not_taken_for_ours() {
    let mount = json!({"name": "istio-certs", "mountPath": "/certs-too"});
    for place in [0, 1] {
        let text = edited_pod(|pod| {
            let mounts = &mut container(pod, "istio-proxy")["volumeMounts"];
            mounts.as_array_mut().unwrap().insert(place, mount.clone());
        });
        let new = injected(&text, &newer());
        let mounts = in_proxy(&new, "/volumeMounts");
        let paths: Vec<_> =
            mounts.as_array().unwrap().iter().map(|mount| &mount["mountPath"]).collect();
        assert!(paths.len() == 2 && paths.contains(&&json!("/certs-too")), "{paths:?}");
        assert!(paths.contains(&&json!("/etc/certs")), "{paths:?}");
    }
}

#[test]
fn an_edit_that_the_new_version_makes_itself_is_no_edit_any_more() {
    let text = edited_pod(|pod| container(pod, "istio-proxy")["resources"]["mem"] = json!(256));
    let new = injected(&text, &injector(&[(Key::ProxyMemory, "256")], &[]));
    let (again, entries) =
        changed(&new, Change::Inject(&injector(&[(Key::ProxyMemory, "256")], &[])));
    assert_eq!((again, told(&entries)), (new, vec![]));
}

#[test]
fn what_was_taken_out_comes_back_with_a_warning() {
    let cases: [fn(&mut Value); 2] = [
        |pod| drop(pod["containers"].as_array_mut().unwrap().remove(1)),
        |pod| {
            let environment = &mut container(pod, "istio-proxy")["environment"];
            environment.as_object_mut().unwrap().remove("ISTIO_DOMAIN");
        },
    ];
    for edit in cases {
        let (new, entries) = changed(&edited_pod(edit), Change::Inject(&defaults()));
        assert_eq!(parsed(&new)["containers"], parsed(&injected(POD, &defaults()))["containers"]);
        let back = "something that injection added was taken out; it is added again";
        assert_eq!(told(&entries), [(Severity::Warning, back)]);
    }
}

#[test]
fn an_edit_of_what_is_no_longer_added_is_lost_with_a_warning() {
    let logger = r#"{"containers": [{"name": "logger", "resources": {"cpus": 0.1, "mem": 32},
        "image": {"kind": "DOCKER", "id": "logger"}, "environment": {"LEVEL": "info"}}]}"#;
    let first = injected(POD, &injector(&[], &[logger]));
    let text = edited(&first, |pod| {
        container(pod, "logger")["environment"] = json!({"LEVEL": "debug", "MORE": "1"});
    });
    let (new, entries) = changed(&text, Change::Inject(&defaults()));
    assert_eq!(parsed(&new)["containers"].as_array().unwrap().len(), 3);
    assert_eq!(outcome(&entries), "updated: overlay removed, container logger removed");
    let lost = "container logger was edited (environment/LEVEL, environment/MORE) since its \
                injection; that is lost, for it is no longer added";
    assert_eq!(told(&entries), [(Severity::Warning, lost)]);
}

#[test]
fn a_container_with_a_changed_image_is_removed_all_the_same() {
    let text = edited_pod(|pod| container(pod, "istio-proxy")["image"]["id"] = json!("other:1"));
    let (new, entries) = changed(&text, Change::Remove);
    assert_eq!(parsed(&new), parsed(POD));
    let goes = "container istio-proxy was edited (image) since its injection; that goes with it";
    assert_eq!(told(&entries), [(Severity::Warning, goes)]);
}

#[test]
fn a_mount_that_a_person_added_outlives_removal() {
    let text = edited_pod(|pod| {
        let mounts = &mut container(pod, "istio-proxy")["volumeMounts"];
        mounts.as_array_mut().unwrap().push(json!({"name": "logs", "mountPath": "/logs"}));
        pod["volumes"].as_array_mut().unwrap().push(json!({"name": "logs"}));
    });
    let (new, entries) = changed(&text, Change::Remove);
    let pod = parsed(&new);
    let left =
        json!({"name": "istio-proxy", "volumeMounts": [{"name": "logs", "mountPath": "/logs"}]});
    assert_eq!(pod["containers"][1], left);
    assert_eq!(pod["volumes"], json!([{"name": "logs"}]));
    assert_eq!(pod.get("labels"), None);
    let stays = "container istio-proxy was added to (volumeMounts/logs/name, \
                 volumeMounts/logs/mountPath) since its injection; that stays";
    assert_eq!(told(&entries), [(Severity::Warning, stays)]);
    // What is left is a wish, which injection grants.
    assert_eq!(in_proxy(&injected(&new, &defaults()), "/volumeMounts/0/mountPath"), "/logs");
}

#[test]
fn a_volume_of_ours_that_the_application_mounts_outlives_removal() {
    let text = edited_pod(|pod| {
        container(pod, "web")["volumeMounts"] =
            json!([{"name": "istio-certs", "mountPath": "/certs", "readOnly": true}]);
    });
    let (new, entries) = changed(&text, Change::Remove);
    assert_eq!(parsed(&new)["volumes"], json!([{"name": "istio-certs"}]));
    assert_eq!(refused_by_marathon(&new), []);
    let stays = "volume istio-certs was added by injection and stays: it is still mounted";
    assert_eq!(told(&entries), [(Severity::Warning, stays)]);
}

#[test]
fn turning_injection_off_is_removal() {
    let text = edited_pod(|pod| {
        container(pod, "istio-init")["image"]["id"] = json!("other:1");
        pod["labels"]["sidecar.istio.io/inject"] = json!("false");
    });
    let (off, entries) = changed(&text, Change::Inject(&defaults()));
    assert_eq!(off, removed(&text));
    let goes = "container istio-init was edited (image) since its injection; that goes with it";
    assert_eq!(told(&entries), [(Severity::Warning, goes)]);
}

#[test]
fn turning_injection_off_writes_nothing_that_marathon_refuses() {
    let text = edited_pod(|pod| {
        container(pod, "istio-proxy")["environment"]["EXTRA"] = json!("1");
        pod["labels"]["sidecar.istio.io/inject"] = json!("false");
    });
    let (off, entries) = changed(&text, Change::Inject(&defaults()));
    assert_eq!((off, entries[0].outcome.clone()), (text, Outcome::Refused));
    let faults = errors(&entries);
    assert!(faults.iter().all(|fault| fault.rule == Some("I25") && fault.span.is_some()));
    assert!(!faults.is_empty());
}

#[test]
fn of_two_containers_of_one_name_nobody_can_tell_which_was_added() {
    let text = edited_pod(|pod| {
        let mut second = container(pod, "istio-proxy").clone();
        second["image"]["id"] = json!("mine:1");
        pod["containers"].as_array_mut().unwrap().push(second);
    });
    for change in [Change::Inject(&defaults()), Change::Remove] {
        let (new, entries) = changed(&text, change);
        assert_eq!((&new, entries[0].outcome.clone()), (&text, Outcome::Refused));
        let rules: Vec<_> = errors(&entries).iter().map(|fault| fault.rule).collect();
        assert_eq!(rules, [Some("V18")]);
    }
}

#[test]
fn an_update_says_that_the_overlay_changed() {
    let (one, other) = (r#"{"labels": {"team": "a"}}"#, r#"{"labels": {"team": "b"}}"#);
    let first = injected(POD, &injector(&[], &[one]));
    let (_, entries) = changed(&first, Change::Inject(&injector(&[], &[other])));
    assert_eq!(outcome(&entries), "updated: overlay changed, team changed");
}

#[test]
fn an_update_tells_no_value_that_may_be_a_secret() {
    let settings = |uri| injector(&[(Key::BundleUri, uri)], &[]);
    let overlay = |token| format!(r#"{{"environment": {{"TOKEN": "{token}"}}}}"#);
    let first = injected(POD, &settings("https://ca.example.com/b.tgz?sig=hidden-1"));
    let (_, entries) =
        changed(&first, Change::Inject(&settings("https://ca.example.com/b.tgz?sig=hidden-2")));
    assert_eq!(outcome(&entries), "updated: uri changed");
    let first = injected(POD, &injector(&[], &[&overlay("hidden-1")]));
    let (_, entries) = changed(&first, Change::Inject(&injector(&[], &[&overlay("hidden-2")])));
    assert_eq!(outcome(&entries), "updated: overlay changed, TOKEN changed");
}

#[test]
fn a_fault_of_an_edit_is_told_as_such_and_where_it_stands() {
    let text = edited_pod(|pod| {
        pod["containers"].as_array_mut().unwrap().rotate_right(1);
        container(pod, "istio-proxy")["resources"]["cpus"] = json!(-1);
    });
    let (new, entries) = changed(&text, Change::Inject(&newer()));
    assert_eq!(new, text);
    let faults = errors(&entries);
    let words = "with what was edited since its injection this pod is invalid: `cpus` must be at \
                 least 0.001 (Marathon: error.min) (P09)";
    assert_eq!((faults.len(), faults[0].message.as_str()), (1, words));
    assert_eq!(&text[faults[0].span.clone().unwrap()], "-1");
}

#[test]
fn a_mount_of_our_volume_by_the_application_survives_an_upgrade() {
    let text = edited_pod(|pod| {
        container(pod, "web")["volumeMounts"] =
            json!([{"name": "istio-certs", "mountPath": "/certs", "readOnly": true}]);
    });
    let (new, entries) = changed(&text, Change::Inject(&newer()));
    assert_eq!(errors(&entries), Vec::<&Diagnostic>::new());
    assert_eq!(parsed(&new)["containers"][0], parsed(&text)["containers"][0]);
    assert_eq!(outcome(&entries), "updated: image 1.0.5 -> 1.0.9, istio-proxy mem 512 -> 256");
    assert_eq!(refused_by_marathon(&new), []);
}

#[test]
fn our_sidecar_under_another_name_is_another_sidecar() {
    let text = edited_pod(|pod| container(pod, "istio-proxy")["name"] = json!("sidecar"));
    let (_, entries) = changed(&text, Change::Inject(&defaults()));
    let faults = errors(&entries);
    let words = "this pod has our sidecar, and container sidecar is another (it runs pilot-agent)";
    assert_eq!((faults.len(), faults[0].message.as_str()), (1, words));
    assert_eq!(&text[faults[0].span.clone().unwrap()], "\"sidecar\"");
    let (_, entries) = changed(&text, Change::Remove);
    let gone = "something that injection added is no longer there, or goes by another name";
    assert!(told(&entries).contains(&(Severity::Note, gone)), "{:?}", told(&entries));
}

#[test]
fn what_is_only_rearranged_is_told_as_such() {
    let text = edited_pod(|pod| pod["containers"].as_array_mut().unwrap().reverse());
    let (_, entries) = changed(&text, Change::Inject(&defaults()));
    assert_eq!(outcome(&entries), "updated: order or layout restored");
    assert_eq!(told(&entries), []);
}

#[test]
fn more_edits_than_anybody_makes_are_refused_but_can_be_removed() {
    let text = edited_pod(|pod| {
        let variables = &mut container(pod, "istio-proxy")["environment"];
        (0..1001).for_each(|number| variables[format!("E{number}")] = json!(""));
    });
    let (same, entries) = changed(&text, Change::Inject(&newer()));
    let words = "what injection added was edited in more than 1000 places since";
    assert_eq!((same, errors(&entries)[0].message.as_str()), (text.clone(), words));
    let left = parsed(&removed(&text))["containers"][1].clone();
    assert_eq!(left["environment"].as_object().unwrap().len(), 1001);
    assert_eq!(left.as_object().unwrap().keys().collect::<Vec<_>>(), ["name", "environment"]);
}

#[test]
fn more_additions_than_a_record_holds_are_refused() {
    let variables: serde_json::Map<_, _> =
        (0..1001).map(|number| (format!("E{number}"), json!(""))).collect();
    let overlay = json!({ "environment": variables }).to_string();
    let (same, entries) = changed(POD, Change::Inject(&injector(&[], &[&overlay])));
    let words = "what is added cannot be recorded, and so not be removed: more than 1000 additions";
    assert_eq!((same.as_str(), errors(&entries)[0].message.as_str()), (POD, words));
}

/// What somebody does to an injected pod.
#[derive(Clone, Debug)]
enum Edit {
    Image(&'static str),
    Memory(u32),
    Variable(&'static str, String),
    Mount(&'static str),
    AppLabel(String),
    NoInit,
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        Just(Edit::Image("istio-proxy")),
        Just(Edit::Image("istio-init")),
        (1_u32..4096).prop_map(Edit::Memory),
        ("[a-z]{0,4}").prop_map(|text| Edit::Variable("ISTIO_DOMAIN", text)),
        ("[a-z]{0,4}").prop_map(|text| Edit::Variable("EXTRA", text)),
        Just(Edit::Mount("/x")),
        ("[a-z]{0,4}").prop_map(Edit::AppLabel),
        Just(Edit::NoInit),
    ]
}

impl Edit {
    fn make(&self, pod: &mut Value) {
        match self {
            Self::Image(name) => container(pod, name)["image"]["id"] = json!("edited:1"),
            Self::Memory(mem) => container(pod, "istio-proxy")["resources"]["mem"] = json!(mem),
            Self::Variable(name, text) => {
                container(pod, "istio-proxy")["environment"][name] = json!(text);
            }
            Self::Mount(path) => {
                let mounts = container(pod, "istio-proxy")["volumeMounts"].as_array_mut().unwrap();
                mounts.push(json!({"name": "istio-certs", "mountPath": path}));
            }
            Self::AppLabel(text) => pod["labels"]["mine"] = json!(text),
            Self::NoInit => {
                let containers = pod["containers"].as_array_mut().unwrap();
                containers.retain(|container| container["name"] != "istio-init");
            }
        }
    }
}

/// A pod that somebody injected and then edited.
fn injected_and_edited() -> impl Strategy<Value = String> {
    (pod(), prop::collection::vec(edit(), 1..4)).prop_filter_map(
        "nothing is injected",
        |(pod, edits)| {
            let (text, entries) = changed(&pod.to_string(), Change::Inject(&defaults()));
            (entries[0].outcome == Outcome::Injected).then(|| {
                edited(&text, |pod| {
                    let (last, first): (Vec<_>, Vec<_>) =
                        edits.iter().partition(|edit| matches!(edit, Edit::NoInit));
                    first.into_iter().chain(last.into_iter().take(1)).for_each(|it| it.make(pod));
                })
            })
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn an_edited_pod_settles(text in injected_and_edited()) {
        let (once, entries) = changed(&text, Change::Inject(&newer()));
        prop_assume!(errors(&entries).is_empty());
        prop_assert_eq!(&injected(&once, &newer()), &once);
        prop_assert_eq!(refused_by_marathon(&once), []);
    }

    #[test]
    fn injecting_an_edited_pod_again_changes_nothing_for_removal(text in injected_and_edited()) {
        let (once, entries) = changed(&text, Change::Inject(&newer()));
        prop_assume!(errors(&entries).is_empty());
        prop_assert_eq!(parsed(&removed(&once)), parsed(&removed(&text)));
    }

    #[test]
    fn the_patch_says_the_same_as_the_text(text in injected_and_edited()) {
        for change in [Change::Inject(&newer()), Change::Remove] {
            let (new, entries) = changed(&text, change);
            prop_assume!(errors(&entries).is_empty());
            let source = Source::new("x", text.as_str());
            let mut value = parsed(&text);
            marathon_inject::plan::rewrite(&source, change, |rewritten| {
                json_patch::patch(&mut value, &rewritten.patch).unwrap();
                Ok(())
            }).unwrap().unwrap();
            prop_assert_eq!(value, parsed(&new));
        }
    }
}
