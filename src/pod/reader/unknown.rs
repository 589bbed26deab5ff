//! Members that Marathon does not know. It drops them without a word, at every level, so a typo
//! or a member of an app's definition is never noticed: the advice here names what was meant.

use crate::document::{Diagnostic, Member, Path};
use crate::pod::finding::{Shown, trap};
use crate::pod::schema::Record;

/// How alike two names must be for one to be taken for the other.
const ALIKE: f64 = 0.7;

pub(super) fn ignored(record: &Record, member: &Member<'_>, at: &Path<'_>) -> Diagnostic {
    let key = member.key();
    let message = format!("{} has no member `{}`: Marathon ignores it", record.what, Shown(key));
    let hint = advice(record, key).unwrap_or_else(|| "remove it".to_owned());
    trap("T01", member.value(), &at.key(key), message, hint).span(member.key_span())
}

fn advice(record: &Record, key: &str) -> Option<String> {
    let moved = MOVED.iter().find(|(what, names, _)| *what == record.what && names.contains(&key));
    match moved {
        Some((.., "")) => Some("pods have nothing like it; remove it".to_owned()),
        Some((.., place)) => Some(format!("in a pod it is {place}")),
        None => {
            let names = record.members.iter().map(|member| member.name);
            nearest(names, key).map(|name| format!("did you mean `{name}`?"))
        }
    }
}

/// A key longer than this is no misspelt member.
const LONGEST: usize = 64;

/// The one of `names` that a misspelt `key` probably stands for.
pub(in crate::pod) fn nearest(
    names: impl Iterator<Item = &'static str>,
    key: &str,
) -> Option<&'static str> {
    // Comparing takes time and memory with the product of the lengths.
    if key.len() > LONGEST {
        return None;
    }
    let lower = key.to_ascii_lowercase();
    names
        .map(|name| {
            (strsim::normalized_damerau_levenshtein(&name.to_ascii_lowercase(), &lower), name)
        })
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

/// Where an object is, what people write in it, and where that belongs in a pod.
type Moved = (&'static str, &'static [&'static str], &'static str);

/// Mostly the members of an app.
static MOVED: &[Moved] = &[
    (
        "a pod",
        &["fetch", "uris", "artifacts"],
        "`artifacts` of each container that needs the files",
    ),
    ("a pod", &["acceptedResourceRoles"], "`scheduling.placement.acceptedResourceRoles`"),
    ("a pod", &["constraints"], "`scheduling.placement.constraints`, each an object"),
    ("a pod", &["cmd", "args", "command"], "`exec.command` of a container"),
    ("a pod", &["cpus", "mem", "disk", "gpus", "resources"], "`resources` of each container"),
    ("a pod", &["instances"], "`scaling`: {\"kind\": \"fixed\", \"instances\": ...}"),
    ("a pod", &["env"], "`environment`"),
    ("a pod", &["container"], "`containers`, a list"),
    (
        "a pod",
        &["ports", "portDefinitions", "portMappings", "endpoints"],
        "`endpoints` of the container that listens",
    ),
    ("a pod", &["healthChecks", "healthCheck"], "`healthCheck` of a container, one object"),
    ("a pod", &["image", "exec", "volumeMounts", "lifecycle", "tty"], "a member of each container"),
    ("a pod", &["backoffSeconds"], "`scheduling.backoff.backoff`"),
    ("a pod", &["backoffFactor"], "`scheduling.backoff.backoffFactor`"),
    ("a pod", &["maxLaunchDelaySeconds", "maxLaunchDelay"], "`scheduling.backoff.maxLaunchDelay`"),
    ("a pod", &["upgradeStrategy", "upgrade"], "`scheduling.upgrade`"),
    ("a pod", &["unreachableStrategy"], "`scheduling.unreachableStrategy`"),
    ("a pod", &["killSelection"], "`scheduling.killSelection`"),
    ("a pod", &["placement"], "`scheduling.placement`"),
    (
        "a pod",
        &["taskKillGracePeriodSeconds"],
        "`lifecycle.killGracePeriodSeconds` of each container",
    ),
    ("a pod", &["readinessChecks", "dependencies", "residency", "ipAddress", "requirePorts"], ""),
    ("a container", &["fetch", "uris"], "`artifacts`"),
    ("a container", &["env"], "`environment`"),
    ("a container", &["cmd", "args", "command", "shell", "argv"], "`exec.command`"),
    ("a container", &["cpus", "mem", "disk", "gpus"], "`resources`"),
    ("a container", &["ports", "portDefinitions", "portMappings"], "`endpoints`"),
    ("a container", &["healthChecks"], "`healthCheck`, one object"),
    ("a container", &["docker"], "`image`: {\"kind\": \"DOCKER\", \"id\": ...}"),
    ("a container", &["forcePullImage", "forcePull"], "`image.forcePull`"),
    ("a container", &["pullConfig"], "`image.pullConfig`"),
    ("a container", &["volumes"], "`volumes` of the pod, and `volumeMounts` here"),
    (
        "a container",
        &["secrets", "networks", "scaling", "scheduling"],
        "a member of the pod itself",
    ),
    ("a container", &["overrideEntrypoint"], "`exec.overrideEntrypoint`"),
    ("a container", &["killGracePeriodSeconds"], "`lifecycle.killGracePeriodSeconds`"),
    ("a container", &["privileged", "parameters", "capabilities"], ""),
    ("an image", &["forcePullImage", "force", "pull"], "`forcePull`"),
    ("an image", &["image", "name"], "`id`"),
    ("an image", &["type"], "`kind`"),
    ("`exec`", &["cmd", "shell", "argv"], "`command.shell` or `command.argv`"),
    ("`scaling`", &["maxInstances", "minInstances"], ""),
    ("`scheduling`", &["instances"], "`scaling.instances` of the pod"),
    ("`scheduling`", &["constraints", "acceptedResourceRoles"], "in `placement`"),
    (
        "`scheduling`",
        &["backoffSeconds", "backoffFactor", "maxLaunchDelay", "maxLaunchDelaySeconds"],
        "in `backoff`",
    ),
    (
        "`scheduling`",
        &["minimumHealthCapacity", "maximumOverCapacity", "upgradeStrategy"],
        "in `upgrade`",
    ),
    ("`backoff`", &["maxLaunchDelaySeconds"], "`maxLaunchDelay`"),
    ("`backoff`", &["backoffSeconds"], "`backoff`"),
    ("a health check", &["command"], "`exec.command`"),
    (
        "a health check",
        &["protocol", "path", "port", "portIndex", "scheme", "endpoint"],
        "in `http` or `tcp`, with the name of an endpoint instead of a port",
    ),
    ("an HTTP check", &["port", "portIndex"], "`endpoint`, the name of one"),
    ("a TCP check", &["port", "portIndex"], "`endpoint`, the name of one"),
    ("a volume mount", &["containerPath", "path"], "`mountPath`"),
    ("a volume mount", &["mode"], "`readOnly`"),
    ("a volume", &["hostPath", "path"], "`host`"),
    ("a volume", &["containerPath", "mountPath"], "`mountPath` in a container's `volumeMounts`"),
    ("an endpoint", &["port"], "`containerPort`"),
    ("an endpoint", &["servicePort"], ""),
    ("a constraint", &["field"], "`fieldName`"),
];
