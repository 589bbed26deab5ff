//! The definition as Marathon gives it back: every default filled in, enums in their own case,
//! what Marathon does not know dropped (Marathon `PodNormalization` and its RAML types).

use serde_json::{Map, Value, json};

use super::builder::Settings;

/// A member that Marathon knows.
struct Member {
    name: &'static str,
    /// What it is when absent, as JSON text; empty if it stays absent.
    absent: &'static str,
    holds: Holds,
}

/// What a member holds.
enum Holds {
    Anything,
    Upper,
    Lower,
    Object(&'static [Member]),
    List(&'static [Member]),
    Values(&'static [Member]),
}

const fn member(name: &'static str, absent: &'static str, holds: Holds) -> Member {
    Member { name, absent, holds }
}

const fn any(name: &'static str, absent: &'static str) -> Member {
    member(name, absent, Holds::Anything)
}

use Holds::{List, Lower, Object, Upper, Values};

const POD: &[Member] = &[
    any("id", ""),
    any("labels", "{}"),
    any("version", ""),
    any("user", ""),
    any("environment", "{}"),
    member("containers", "", List(CONTAINER)),
    member("secrets", "{}", Values(&[any("source", "")])),
    member("volumes", "[]", List(VOLUME)),
    member("networks", "[]", List(NETWORK)),
    member("scaling", "{}", Object(&[any("kind", "\"fixed\""), any("instances", "1")])),
    member("scheduling", "{}", Object(SCHEDULING)),
    member("executorResources", "{}", Object(EXECUTOR)),
    any("role", ""),
    member("linuxInfo", "", Object(LINUX_INFO)),
    any("legacySharedCgroups", ""),
];

const CONTAINER: &[Member] = &[
    any("name", ""),
    member("exec", "", Object(&[any("command", ""), any("overrideEntrypoint", "")])),
    member("resources", "", Object(RESOURCES)),
    member("resourceLimits", "", Object(&[any("cpus", ""), any("mem", "")])),
    member("endpoints", "[]", List(ENDPOINT)),
    member("linuxInfo", "", Object(LINUX_INFO)),
    member("image", "", Object(IMAGE)),
    any("environment", "{}"),
    any("user", ""),
    member("healthCheck", "", Object(HEALTH_CHECK)),
    member("volumeMounts", "[]", List(MOUNT)),
    member("artifacts", "[]", List(ARTIFACT)),
    any("labels", "{}"),
    member("lifecycle", "", Object(&[any("killGracePeriodSeconds", "")])),
    any("tty", ""),
];

const RESOURCES: &[Member] =
    &[any("cpus", "1"), any("mem", "128"), any("disk", "0"), any("gpus", "0")];
const EXECUTOR: &[Member] = &[any("cpus", "0.1"), any("mem", "32"), any("disk", "10")];
const ENDPOINT: &[Member] = &[
    any("name", ""),
    any("containerPort", ""),
    any("hostPort", ""),
    any("protocol", ""),
    any("labels", "{}"),
    any("networkNames", "[]"),
];
const IMAGE: &[Member] = &[
    member("kind", "", Upper),
    any("id", ""),
    member("pullConfig", "", Object(&[any("secret", "")])),
    any("forcePull", "false"),
    any("labels", "{}"),
];
const HEALTH_CHECK: &[Member] = &[
    member("http", "", Object(HTTP)),
    member("tcp", "", Object(&[any("endpoint", "")])),
    member("exec", "", Object(&[any("command", "")])),
    any("gracePeriodSeconds", "300"),
    any("intervalSeconds", "60"),
    any("maxConsecutiveFailures", "3"),
    any("timeoutSeconds", "20"),
    any("delaySeconds", "15"),
];
const HTTP: &[Member] =
    &[any("endpoint", ""), any("path", ""), member("scheme", "\"HTTP\"", Upper)];
const MOUNT: &[Member] = &[any("name", ""), any("mountPath", ""), any("readOnly", "false")];
const ARTIFACT: &[Member] = &[
    any("uri", ""),
    any("extract", "true"),
    any("executable", "false"),
    any("cache", "false"),
    any("destPath", ""),
];
const VOLUME: &[Member] = &[
    any("name", ""),
    member("persistent", "", Object(PERSISTENT)),
    any("secret", ""),
    any("host", ""),
];
const PERSISTENT: &[Member] = &[
    member("type", "\"root\"", Lower),
    any("size", ""),
    any("maxSize", ""),
    any("profileName", ""),
    any("constraints", "[]"),
];
const NETWORK: &[Member] =
    &[any("name", ""), member("mode", "\"container\"", Lower), any("labels", "{}")];
const SCHEDULING: &[Member] = &[
    member(
        "backoff",
        "{}",
        Object(&[any("backoff", "1"), any("backoffFactor", "1.15"), any("maxLaunchDelay", "300")]),
    ),
    member(
        "upgrade",
        "{}",
        Object(&[any("minimumHealthCapacity", "1"), any("maximumOverCapacity", "1")]),
    ),
    member(
        "placement",
        "{}",
        Object(&[
            member("constraints", "[]", List(CONSTRAINT)),
            any("acceptedResourceRoles", "[]"),
        ]),
    ),
    member("killSelection", "\"YOUNGEST_FIRST\"", Upper),
    member(
        "unreachableStrategy",
        "{}",
        Object(&[any("inactiveAfterSeconds", "0"), any("expungeAfterSeconds", "0")]),
    ),
];
const CONSTRAINT: &[Member] =
    &[any("fieldName", ""), member("operator", "", Upper), any("value", "")];
const LINUX_INFO: &[Member] = &[
    member("seccomp", "", Object(&[any("profileName", ""), any("unconfined", "false")])),
    member("ipcInfo", "", Object(&[member("mode", "", Upper), any("shmSize", "")])),
];

/// A valid pod, as Marathon gives it back.
pub(super) fn normalised(pod: &Value, settings: &Settings) -> Value {
    let mut pod = object(pod, POD);
    if !pod["scaling"]["instances"].is_u64() {
        pod["scaling"]["instances"] = 1.into();
    }
    if pod.get("role").is_none() {
        pod["role"] = settings.role.clone().into();
    }
    let mut on_container_network = false;
    for network in elements(&mut pod["networks"]) {
        let container = network["mode"] == "container";
        on_container_network |= container;
        if container && network.get("name").is_none() {
            network["name"] = json!(settings.default_network_name);
        }
    }
    for container in elements(&mut pod["containers"]) {
        if !on_container_network {
            give_host_ports(container);
        }
        for command in ["/exec/command", "/healthCheck/exec/command"] {
            container.pointer_mut(command).into_iter().for_each(choose_shell);
        }
    }
    pod
}

/// On a container network an endpoint without a host port has none; elsewhere it gets any.
fn give_host_ports(container: &mut Value) {
    for endpoint in elements(&mut container["endpoints"]) {
        if endpoint.get("hostPort").is_none() {
            endpoint["hostPort"] = 0.into();
        }
    }
}

/// Of both, `shell` wins.
fn choose_shell(command: &mut Value) {
    let kept = if command["shell"].is_string() { "shell" } else { "argv" };
    if let Some(members) = command.as_object_mut() {
        members.retain(|name, _| name == kept);
    }
}

fn elements(list: &mut Value) -> impl Iterator<Item = &mut Value> {
    list.as_array_mut().into_iter().flatten()
}

fn object(value: &Value, members: &[Member]) -> Value {
    let mut known = Map::new();
    for member in members {
        let absent = (!member.absent.is_empty())
            .then(|| serde_json::from_str(member.absent).expect("a default is JSON"));
        let given = value.get(member.name).filter(|given| !given.is_null()).cloned();
        if let Some(value) = given.or(absent) {
            known.insert(member.name.to_owned(), held(value, &member.holds));
        }
    }
    Value::Object(known)
}

fn held(value: Value, holds: &Holds) -> Value {
    match (holds, value) {
        (Upper, Value::String(word)) => word.to_ascii_uppercase().into(),
        (Lower, Value::String(word)) => word.to_ascii_lowercase().into(),
        // The one string among the objects is `unreachableStrategy`, where any word means this.
        (Object(_), Value::String(_)) => "disabled".into(),
        (Object(members), value) => object(&value, members),
        (List(members), Value::Array(items)) => {
            items.iter().map(|item| object(item, members)).collect()
        }
        (Values(members), Value::Object(values)) => {
            values.iter().map(|(name, value)| (name.clone(), object(value, members))).collect()
        }
        (_, value) => value,
    }
}
