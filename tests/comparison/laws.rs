//! The laws of comparison, over generated pods and those of the fixtures and the examples.

use std::fs;
use std::path::Path;

use marathon_inject::document::{self, Source};
use marathon_inject::pod::{What, entries};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};

use super::answer::answer;
use super::compared;
use super::support::pods;

/// The pods in the documents of a folder.
fn pods_in(folder: &str) -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let files = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let documents = files.filter(|path| {
        let name = path.to_string_lossy();
        name.ends_with(".json") && !name.ends_with(".overlay.json")
    });
    documents.flat_map(|path| pods_of(&path)).collect()
}

fn pods_of(path: &Path) -> Vec<(String, Value)> {
    let name = path.to_string_lossy();
    let source = Source::new(&*name, fs::read_to_string(path).unwrap());
    let (entries, faults) = entries(source.root().unwrap());
    assert_eq!(faults, [], "{name}");
    let pods = entries.into_iter().filter(|entry| entry.what == What::Pod);
    let tree = |pointer: &str, raw: document::Raw<'_>| {
        raw.tree(&document::Path::root(pointer)).unwrap().to_value()
    };
    pods.map(|pod| (format!("{name}{}", pod.pointer), tree(&pod.pointer, pod.raw))).collect()
}

fn known_pods() -> Vec<(String, Value)> {
    let pods = ["fixtures", "pods", "pods/bookinfo"].into_iter().flat_map(pods_in);
    let pods: Vec<_> = pods.chain([("one with everything".to_owned(), everything())]).collect();
    assert!(pods.len() > 80, "only {} pods were found", pods.len());
    pods
}

/// A pod that has a bit of everything.
fn everything() -> Value {
    json!({
        "id": "/shop/cart",
        "user": "root",
        "role": "shop",
        "linuxInfo": {"ipcInfo": {"mode": "private", "shmSize": 64}},
        "environment": {"A": "1", "B": {"secret": "s"}},
        "secrets": {"s": {"source": "shop/s"}},
        "containers": [{
            "name": "cart",
            "resources": {"cpus": 2, "gpus": 1},
            "resourceLimits": {"cpus": "unlimited", "mem": 256},
            "exec": {"command": {"argv": ["a", "b"]}, "overrideEntrypoint": true},
            "endpoints": [
                {"name": "http", "containerPort": 80, "protocol": ["tcp"], "labels": {"a": "b"}},
                {"name": "admin", "containerPort": 81, "hostPort": 8081, "networkNames": ["dcos"]},
            ],
            "linuxInfo": {"seccomp": {"profileName": "strict"}},
            "image": {"kind": "Docker", "id": "cart", "pullConfig": {"secret": "s"}},
            "healthCheck": {"http": {"endpoint": "http", "path": "/health"}, "delaySeconds": 1},
            "check": {"tcp": {"endpoint": "http"}},
            "volumeMounts": [{"name": "host", "mountPath": "/h", "readOnly": true}],
            "artifacts": [{"uri": "file:///a", "destPath": "a", "cache": true}],
            "lifecycle": {"killGracePeriodSeconds": 2.5},
            "tty": true,
        }, {
            "name": "log",
            "resources": {"mem": 16},
            "exec": {"command": {"shell": "log", "argv": ["unused"]}},
            "healthCheck": {"exec": {"command": {"shell": "true"}}},
            "volumeMounts": [{"name": "secret", "mountPath": "s"}],
        }],
        "volumes": [{"name": "host", "host": "/h"}, {"name": "secret", "secret": "s"}],
        "networks": [{"labels": {"a": "b"}}],
        "scheduling": {
            "placement": {
                "constraints": [
                    {"fieldName": "hostname", "operator": "UNIQUE"},
                    {"fieldName": "rack", "operator": "LIKE", "value": "r.*"},
                ],
                "acceptedResourceRoles": ["*"],
            },
            "killSelection": "oldest_first",
            "unreachableStrategy": {"inactiveAfterSeconds": 5, "expungeAfterSeconds": 10},
        },
    })
}

/// A pod that Marathon accepts, or nearly.
fn pod() -> impl Strategy<Value = Value> {
    let known: Vec<_> = known_pods().into_iter().map(|(_, pod)| pod).collect();
    prop_oneof![2 => pods::pod(), 2 => select(known), 1 => Just(everything())]
}

/// The leaves of a value: what is neither a list nor an object.
fn leaves(value: &mut Value) -> Vec<&mut Value> {
    match value {
        Value::Array(items) => items.iter_mut().flat_map(leaves).collect(),
        Value::Object(members) => members.values_mut().flat_map(leaves).collect(),
        leaf => vec![leaf],
    }
}

/// Makes another value of the same type.
fn change(leaf: &mut Value) {
    *leaf = match &*leaf {
        Value::Bool(boolean) => json!(!boolean),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => json!(whole + 1),
            None => json!(number.as_f64().unwrap() + 1.0),
        },
        Value::String(text) => json!(format!("{text}x")),
        other => panic!("{other} is no leaf of an answer"),
    };
}

/// Another pod, in one value that Marathon knows.
fn changed(answer: &Value, which: Index) -> Value {
    let mut changed = answer.clone();
    let version = changed.as_object_mut().unwrap().shift_remove("version");
    let mut leaves = leaves(&mut changed);
    // Any other word means the same there.
    leaves.retain(|leaf| **leaf != "disabled");
    let chosen = which.index(leaves.len());
    change(leaves[chosen]);
    changed["version"] = version.unwrap();
    changed
}

#[test]
fn the_pods_of_the_fixtures_and_examples_are_the_same_as_marathon_answers_them() {
    for (name, pod) in known_pods() {
        let comparison = compared(&pod, &answer(&pod));
        assert_eq!(comparison.sent(), comparison.running(), "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn a_pod_is_the_same_as_itself(pod in pod()) {
        prop_assert!(compared(&pod, &pod).is_same());
    }

    #[test]
    fn a_pod_is_the_same_as_marathon_answers_it(pod in pod()) {
        let comparison = compared(&pod, &answer(&pod));
        prop_assert_eq!(comparison.sent(), comparison.running());
    }

    #[test]
    fn one_other_value_makes_a_difference(pod in pod(), which in any::<Index>()) {
        let answer = answer(&pod);
        let changed = changed(&answer, which);
        prop_assert!(!compared(&pod, &changed).is_same(), "{}", changed);
        prop_assert!(!compared(&changed, &answer).is_same(), "{}", changed);
    }

    #[test]
    fn the_two_forms_are_equal_where_the_pods_are_the_same_and_only_there(
        sent in pod(), running in pod(), which in any::<Index>()
    ) {
        for running in [&running, &answer(&sent), &changed(&answer(&sent), which)] {
            let comparison = compared(&sent, running);
            let text = |form| serde_json::to_string(form).unwrap();
            let equal = text(comparison.sent()) == text(comparison.running());
            prop_assert_eq!(comparison.is_same(), equal);
        }
    }
}
