//! What Marathon 1.11 answers for a pod, from a table of its own: every default filled in, what is
//! unknown gone, numbers and words respelt.

use serde_json::{Map, Value, json};

/// Objects by their path, what they keep, and what is filled in. A path is filled after those that
/// it goes through.
const TABLE: &[(&str, &str, &str)] = &[
    (
        "",
        "id user containers networks linuxInfo legacySharedCgroups role",
        r#"{"labels": {}, "environment": {}, "secrets": {}, "volumes": [],
            "scaling": {"kind": "fixed", "instances": 1}, "scheduling": {},
            "executorResources": {}}"#,
    ),
    ("executorResources", "", r#"{"cpus": 0.1, "mem": 32.0, "disk": 10.0}"#),
    ("scaling", "kind", r#"{"instances": 1}"#),
    (
        "scheduling",
        "upgrade unreachableStrategy",
        r#"{"backoff": {}, "placement": {}, "killSelection": "YOUNGEST_FIRST"}"#,
    ),
    (
        "scheduling/backoff",
        "",
        r#"{"backoff": 1.0, "backoffFactor": 1.15, "maxLaunchDelay": 300.0}"#,
    ),
    ("scheduling/upgrade", "", r#"{"minimumHealthCapacity": 1.0, "maximumOverCapacity": 1.0}"#),
    (
        "scheduling/unreachableStrategy",
        "",
        r#"{"inactiveAfterSeconds": 0, "expungeAfterSeconds": 0}"#,
    ),
    ("scheduling/placement", "", r#"{"constraints": [], "acceptedResourceRoles": []}"#),
    ("scheduling/placement/constraints/*", "fieldName operator value", "{}"),
    ("secrets/*", "source", "{}"),
    ("networks/*", "name", r#"{"mode": "container", "labels": {}}"#),
    ("volumes/*", "name persistent secret host", "{}"),
    ("volumes/*/persistent", "size maxSize profileName", r#"{"type": "root", "constraints": []}"#),
    (
        "containers/*",
        "name exec resourceLimits linuxInfo image user healthCheck lifecycle tty",
        r#"{"resources": {}, "endpoints": [], "environment": {}, "volumeMounts": [],
            "artifacts": [], "labels": {}}"#,
    ),
    ("containers/*/exec", "command overrideEntrypoint", "{}"),
    ("containers/*/resources", "", r#"{"cpus": 1.0, "mem": 128.0, "disk": 0.0, "gpus": 0}"#),
    (
        "containers/*/endpoints/*",
        "name containerPort hostPort",
        r#"{"protocol": [], "labels": {}, "networkNames": []}"#,
    ),
    ("containers/*/image", "kind id pullConfig forcePull", r#"{"labels": {}}"#),
    (
        "containers/*/healthCheck",
        "http tcp exec",
        r#"{"gracePeriodSeconds": 300, "intervalSeconds": 60, "maxConsecutiveFailures": 3,
            "timeoutSeconds": 20, "delaySeconds": 15}"#,
    ),
    ("containers/*/healthCheck/http", "endpoint path", r#"{"scheme": "HTTP"}"#),
    ("containers/*/volumeMounts/*", "name mountPath", r#"{"readOnly": false}"#),
    (
        "containers/*/artifacts/*",
        "uri destPath",
        r#"{"extract": true, "executable": false, "cache": false}"#,
    ),
    ("containers/*/linuxInfo/seccomp", "profileName", r#"{"unconfined": false}"#),
];

/// What Marathon holds as doubles.
const DOUBLES: [&str; 7] = [
    "containers/*/lifecycle/killGracePeriodSeconds",
    "containers/*/resources/cpus",
    "containers/*/resources/disk",
    "containers/*/resources/mem",
    "executorResources/*",
    "scheduling/backoff/*",
    "scheduling/upgrade/*",
];

/// What Marathon spells in capitals.
const CAPITALS: [&str; 2] = ["containers/*/image/kind", "scheduling/killSelection"];

/// The answer to a GET after this pod was accepted.
pub(crate) fn answer(pod: &Value) -> Value {
    let mut answer = pod.clone();
    without_nulls(&mut answer);
    for volume in at(&mut answer, "volumes/*") {
        of_one_kind(volume);
    }
    let resident = !at(&mut answer, "volumes/*/persistent").is_empty();
    for (path, kept, defaults) in TABLE {
        for object in at(&mut answer, path) {
            fill(object, kept, defaults);
        }
        if path.is_empty() {
            schedule(&mut answer["scheduling"], resident);
        }
    }
    name_networks(&mut answer);
    map_ports(&mut answer);
    respell(&mut answer);
    answer["role"] = answer.get("role").cloned().unwrap_or_else(|| json!("prod"));
    answer["version"] = json!("2018-12-24T18:30:00.123Z");
    answer
}

/// The values at a path, where `*` stands for each element or member.
fn at<'v>(value: &'v mut Value, path: &str) -> Vec<&'v mut Value> {
    let mut found = vec![value];
    for name in path.split('/').filter(|name| !name.is_empty()) {
        found = found.into_iter().flat_map(|value| below(value, name)).collect();
    }
    found
}

fn below<'v>(value: &'v mut Value, name: &str) -> Vec<&'v mut Value> {
    match (value, name) {
        (Value::Array(items), "*") => items.iter_mut().collect(),
        (Value::Object(members), "*") => members.values_mut().collect(),
        (Value::Object(members), name) => members.get_mut(name).into_iter().collect(),
        _ => Vec::new(),
    }
}

fn without_nulls(value: &mut Value) {
    if let Value::Object(members) = value {
        members.retain(|_, member| !member.is_null());
    }
    for value in below(value, "*") {
        without_nulls(value);
    }
}

fn fill(object: &mut Value, kept: &str, defaults: &str) {
    let Value::Object(members) = object else {
        return;
    };
    let defaults: Map<String, Value> = serde_json::from_str(defaults).unwrap();
    let is_kept = |key: &String| defaults.contains_key(key) || kept.split(' ').any(|it| it == key);
    members.retain(|key, _| is_kept(key));
    for (key, default) in defaults {
        members.entry(key).or_insert(default);
    }
}

fn of_one_kind(volume: &mut Value) {
    let members = volume.as_object_mut().unwrap();
    let is_persistent = members.get("persistent").is_some_and(|it| it["size"].is_u64());
    let kind = [("persistent", is_persistent), ("secret", true), ("host", true)];
    let kind = kind.iter().find(|(key, fits)| *fits && members.contains_key(*key));
    let kind = kind.map_or("", |(key, _)| key);
    members.retain(|key, _| key == "name" || key == kind);
}

fn schedule(scheduling: &mut Value, resident: bool) {
    let (upgrade, unreachable) = if resident {
        (json!({"minimumHealthCapacity": 0.5, "maximumOverCapacity": 0.0}), json!("disabled"))
    } else {
        (json!({}), json!({}))
    };
    let members = scheduling.as_object_mut().unwrap();
    members.entry("upgrade").or_insert(upgrade);
    members.entry("unreachableStrategy").or_insert(unreachable);
}

fn name_networks(pod: &mut Value) {
    for network in at(pod, "networks/*") {
        let mode = network["mode"].as_str().unwrap().to_ascii_lowercase();
        if mode == "container" {
            let members = network.as_object_mut().unwrap();
            members.entry("name").or_insert_with(|| json!("dcos"));
        }
        network["mode"] = json!(mode);
    }
}

fn map_ports(pod: &mut Value) {
    if at(pod, "networks/*/mode").into_iter().any(|mode| mode == "container") {
        return;
    }
    for endpoint in at(pod, "containers/*/endpoints/*") {
        endpoint.as_object_mut().unwrap().entry("hostPort").or_insert_with(|| json!(0));
    }
}

fn respell(pod: &mut Value) {
    for path in DOUBLES {
        for number in at(pod, path) {
            *number = json!(number.as_f64().unwrap());
        }
    }
    for path in CAPITALS {
        for word in at(pod, path) {
            *word = json!(word.as_str().unwrap().to_ascii_uppercase());
        }
    }
}
