//! The environment that Marathon and Mesos give a container (marathon, `TaskGroupBuilder`): what
//! they set wins over what the pod says.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use super::definition::{Container, Pod};

/// Where a container with an image finds its sandbox (Mesos, `--sandbox_directory`).
pub(crate) const SANDBOX: &str = "/mnt/mesos/sandbox";

/// Values of labels from this length on are not handed on (marathon, `EnvironmentHelper`).
const LONG_VALUE: usize = 512;
/// Nor are keys.
const LONG_KEY: usize = LONG_VALUE - LABEL.len();
const LABEL: &str = "MARATHON_APP_LABEL_";

/// Where the container runs.
pub(crate) struct Place<'t> {
    /// `<pod>.instance-<uuid>`.
    pub(crate) instance: &'t str,
    pub(crate) address: Ipv4Addr,
    pub(crate) host: Ipv4Addr,
}

impl Place<'_> {
    /// The same in all containers of the instance.
    pub(crate) fn host_name(&self) -> &str {
        self.parts().1
    }

    /// Since Marathon 1.8 an incarnation follows the container's name.
    pub(super) fn task_id(&self, container: &str) -> String {
        format!("{}.{container}.1", self.instance)
    }

    fn parts(&self) -> (&str, &str) {
        self.instance.split_once(".instance-").expect("an instance id")
    }
}

/// The whole environment of a container.
pub(crate) fn environment(
    pod: &Pod,
    container: &Container,
    place: &Place<'_>,
) -> BTreeMap<String, String> {
    let mut all = pod.environment.clone();
    all.extend(container.environment.clone());
    let mut set = |name: &str, value: String| {
        all.insert(name.to_owned(), value);
    };
    set("HOST", place.host.to_string());
    set("MESOS_SANDBOX", SANDBOX.to_owned());
    set("MESOS_CONTAINER_IP", place.address.to_string());
    set("MESOS_ALLOCATION_ROLE", "*".to_owned());
    set("MESOS_TASK_ID", place.task_id(&container.name));
    let (path, uuid) = place.parts();
    set("MESOS_EXECUTOR_ID", format!("instance-{path}.{uuid}"));
    set("MARATHON_APP_ID", pod.id.clone());
    set("MARATHON_APP_VERSION", "2018-12-20T00:00:00.000Z".to_owned());
    set("MARATHON_APP_ENFORCE_GROUP_ROLE", "false".to_owned());
    set("MARATHON_CONTAINER_ID", container.name.clone());
    let resources = &container.resources;
    set("MARATHON_CONTAINER_RESOURCE_CPUS", format!("{:?}", resources.cpus));
    set("MARATHON_CONTAINER_RESOURCE_MEM", format!("{:?}", resources.mem));
    set("MARATHON_CONTAINER_RESOURCE_DISK", format!("{:?}", resources.disk));
    set("MARATHON_CONTAINER_RESOURCE_GPUS", resources.gpus.to_string());
    all.extend(labels(pod, container));
    all.extend(endpoints(pod));
    all
}

/// Those of the pod and of the container, which wins.
fn labels(pod: &Pod, container: &Container) -> BTreeMap<String, String> {
    let mut labels: BTreeMap<String, &String> = BTreeMap::new();
    for (key, value) in pod.labels.iter().chain(&container.labels) {
        if key.len() < LONG_KEY && value.len() < LONG_VALUE {
            labels.insert(name_of(key), value);
        }
    }
    let names = labels.keys().cloned().collect::<Vec<_>>().join(" ");
    let one = |(key, value): (String, &String)| (format!("{LABEL}{key}"), value.clone());
    let mut variables: BTreeMap<_, _> = labels.into_iter().map(one).collect();
    variables.insert("MARATHON_APP_LABELS".to_owned(), names);
    variables
}

/// Those of all containers: each sees the endpoints of the whole pod.
fn endpoints(pod: &Pod) -> impl Iterator<Item = (String, String)> {
    pod.containers.iter().flat_map(|container| &container.endpoints).flat_map(|endpoint| {
        let (name, port) = (name_of(&endpoint.name), endpoint.container_port.to_string());
        [(format!("ENDPOINT_{name}"), port.clone()), (format!("EP_CONTAINER_{name}"), port)]
    })
}

/// One underscore stands for all that cannot be in a name, however much it is.
fn name_of(key: &str) -> String {
    let mut name = String::new();
    let mut in_a_gap = false;
    for c in key.chars() {
        let fits = c.is_ascii_alphanumeric() || c == '_';
        if fits || !in_a_gap {
            name.push(if fits { c.to_ascii_uppercase() } else { '_' });
        }
        in_a_gap = !fits;
    }
    name
}
