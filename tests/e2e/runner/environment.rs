//! The variables that Marathon and Mesos set.

use std::collections::BTreeMap;

use serde_json::json;

use super::{LASTS, agent, container, pod, run};
use crate::mesos::State;

/// With what the pod itself says of the same names.
fn the_environment_is_that_of_the_pod_then_of_the_container_then_of_marathon_and_mesos() {
    let agent = agent();
    let mut tells = container("tells", "");
    tells["exec"] = json!({"command": {"argv": ["env"]}, "overrideEntrypoint": true});
    tells["environment"] = json!({"BOTH": "container", "ENDPOINT_WEB_ADMIN": "container"});
    tells["labels"] = json!({"both": "container"});
    tells["endpoints"] = json!([{"name": "web-admin", "containerPort": 8001}]);
    let mut other = container("other", LASTS);
    other["environment"] = json!({"OTHERS": "own"});
    other["labels"] = json!({"others": "own"});
    other["endpoints"] = json!([{"name": "db", "containerPort": 5432}]);
    let mut definition = pod([tells, other]);
    definition["environment"] = json!({"POD": "pod", "BOTH": "pod", "HOST": "pod"});
    definition["labels"] = json!({
        "istio": "a,b", "both": "pod", "example.com//x": "gap",
        "long": "l".repeat(512), "l".repeat(493): "long key",
    });
    let pod = run(&agent, &definition);
    let instance = pod.stable();
    instance.wait_until("it has told", |tasks| *tasks.state("tells") == State::Finished);

    let stdout = instance.sandbox_file("tells", "stdout");
    let told: BTreeMap<&str, &str> =
        stdout.lines().filter_map(|line| line.split_once('=')).collect();
    let uuid = instance.id.strip_prefix("a_pod.instance-").unwrap();
    let (task, executor) = (format!("{}.tells.1", instance.id), format!("instance-a_pod.{uuid}"));
    let expected = BTreeMap::from([
        ("BOTH", "container"),
        ("ENDPOINT_DB", "5432"),
        ("ENDPOINT_WEB_ADMIN", "8001"),
        ("EP_CONTAINER_DB", "5432"),
        ("EP_CONTAINER_WEB_ADMIN", "8001"),
        ("HOST", "10.0.3.2"),
        ("MARATHON_APP_ENFORCE_GROUP_ROLE", "false"),
        ("MARATHON_APP_ID", "/a/pod"),
        ("MARATHON_APP_LABELS", "BOTH EXAMPLE_COM_X ISTIO"),
        ("MARATHON_APP_LABEL_BOTH", "container"),
        ("MARATHON_APP_LABEL_EXAMPLE_COM_X", "gap"),
        ("MARATHON_APP_LABEL_ISTIO", "a,b"),
        ("MARATHON_APP_VERSION", "2018-12-20T00:00:00.000Z"),
        ("MARATHON_CONTAINER_ID", "tells"),
        ("MARATHON_CONTAINER_RESOURCE_CPUS", "0.1"),
        ("MARATHON_CONTAINER_RESOURCE_DISK", "0.0"),
        ("MARATHON_CONTAINER_RESOURCE_GPUS", "0"),
        ("MARATHON_CONTAINER_RESOURCE_MEM", "32.0"),
        ("MESOS_ALLOCATION_ROLE", "*"),
        ("MESOS_CONTAINER_IP", "9.0.0.2"),
        ("MESOS_EXECUTOR_ID", &executor),
        ("MESOS_SANDBOX", "/mnt/mesos/sandbox"),
        ("MESOS_TASK_ID", &task),
        ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
        ("POD", "pod"),
    ]);
    assert_eq!(told, expected);
}

crate::tests!(the_environment_is_that_of_the_pod_then_of_the_container_then_of_marathon_and_mesos);
