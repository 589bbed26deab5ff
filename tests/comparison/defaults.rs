//! What Marathon fills in where a definition says nothing.

use marathon_inject::pod::Filled;
use serde_json::{Value, json};

use super::{compared, compared_by, pod, same, same_container};

/// A pod that has every object whose members have defaults.
fn full() -> Value {
    json!({
        "id": "/shop/cart",
        "containers": [{
            "name": "cart",
            "exec": {"command": {"argv": ["serve"]}},
            "resources": {},
            "endpoints": [{"name": "http"}],
            "linuxInfo": {"seccomp": {"profileName": "strict"}},
            "image": {"kind": "DOCKER", "id": "cart"},
            "healthCheck": {"http": {"endpoint": "http"}},
            "volumeMounts": [{"name": "data", "mountPath": "data"}],
            "artifacts": [{"uri": "file:///a"}],
        }],
        "volumes": [{"name": "data"}],
        "networks": [{}],
        "scheduling": {
            "backoff": {},
            "upgrade": {},
            "placement": {"constraints": [{"fieldName": "hostname", "operator": "CLUSTER"}]},
        },
        "executorResources": {},
    })
}

/// Members by the pointer to their object, their default and another value.
const DEFAULTS: &[(&str, &str, &str, &str)] = &[
    ("/containers/0", "tty", "false", "true"),
    ("/containers/0", "environment", "{}", r#"{"A": "1"}"#),
    ("/containers/0", "labels", "{}", r#"{"a": "1"}"#),
    ("/containers/0", "lifecycle", "{}", r#"{"killGracePeriodSeconds": 3}"#),
    ("/containers/0/exec", "overrideEntrypoint", "false", "true"),
    ("/containers/0/resources", "cpus", "1.0", "2"),
    ("/containers/0/resources", "mem", "128", "64"),
    ("/containers/0/resources", "disk", "0", "1"),
    ("/containers/0/resources", "gpus", "0", "1"),
    ("/containers/0/endpoints/0", "protocol", "[]", r#"["tcp"]"#),
    ("/containers/0/endpoints/0", "labels", "{}", r#"{"VIP_0": "/a:80"}"#),
    ("/containers/0/endpoints/0", "networkNames", "[]", r#"["dcos"]"#),
    ("/containers/0/linuxInfo/seccomp", "unconfined", "false", "true"),
    ("/containers/0/image", "forcePull", "false", "true"),
    ("/containers/0/image", "labels", "{}", r#"{"a": "1"}"#),
    ("/containers/0/healthCheck", "gracePeriodSeconds", "300", "0"),
    ("/containers/0/healthCheck", "intervalSeconds", "60", "30"),
    ("/containers/0/healthCheck", "maxConsecutiveFailures", "3", "0"),
    ("/containers/0/healthCheck", "timeoutSeconds", "20", "5"),
    ("/containers/0/healthCheck", "delaySeconds", "15", "0"),
    ("/containers/0/healthCheck/http", "path", r#""/""#, r#""/health""#),
    ("/containers/0/healthCheck/http", "scheme", r#""HTTP""#, r#""HTTPS""#),
    ("/containers/0/volumeMounts/0", "readOnly", "false", "true"),
    ("/containers/0/artifacts/0", "extract", "true", "false"),
    ("/containers/0/artifacts/0", "executable", "false", "true"),
    ("/containers/0/artifacts/0", "cache", "false", "true"),
    ("/networks/0", "mode", r#""container""#, r#""host""#),
    ("/networks/0", "name", r#""dcos""#, r#""overlay""#),
    ("/networks/0", "labels", "{}", r#"{"a": "1"}"#),
    ("", "labels", "{}", r#"{"a": "1"}"#),
    ("", "environment", "{}", r#"{"A": "1"}"#),
    ("", "secrets", "{}", r#"{"s": {"source": "a"}}"#),
    ("", "scaling", r#"{"kind": "fixed", "instances": 1}"#, r#"{"kind": "fixed", "instances": 2}"#),
    ("", "role", r#""prod""#, r#""dev""#),
    ("", "legacySharedCgroups", "false", "true"),
    ("", "linuxInfo", "{}", r#"{"ipcInfo": {"mode": "PRIVATE"}}"#),
    ("/executorResources", "cpus", "0.1", "0.2"),
    ("/executorResources", "mem", "32", "64"),
    ("/executorResources", "disk", "10", "20"),
    ("/scheduling", "killSelection", r#""YOUNGEST_FIRST""#, r#""OLDEST_FIRST""#),
    ("/scheduling", "unreachableStrategy", r#"{"inactiveAfterSeconds": 0}"#, r#""disabled""#),
    (
        "/scheduling",
        "unreachableStrategy",
        r#"{"inactiveAfterSeconds": 300, "expungeAfterSeconds": 600}"#,
        r#""disabled""#,
    ),
    ("/scheduling/backoff", "backoff", "1", "2"),
    ("/scheduling/backoff", "backoffFactor", "1.15", "1.5"),
    ("/scheduling/backoff", "maxLaunchDelay", "300", "60"),
    ("/scheduling/backoff", "maxLaunchDelay", "3600", "60"),
    ("/scheduling/upgrade", "minimumHealthCapacity", "1", "0.5"),
    ("/scheduling/upgrade", "maximumOverCapacity", "1", "0"),
    ("/scheduling/placement", "acceptedResourceRoles", "[]", r#"["*"]"#),
    ("/scheduling/placement/constraints/0", "value", r#""""#, r#""rack""#),
];

/// The full pod with a member, and without.
fn with(pointer: &str, member: &str, value: &str) -> Value {
    let mut pod = full();
    let object = pod.pointer_mut(pointer).expect(pointer);
    object.as_object_mut().unwrap().insert(member.to_owned(), serde_json::from_str(value).unwrap());
    pod
}

#[test]
fn a_default_that_marathon_fills_in_is_no_difference() {
    for (pointer, member, default, _) in DEFAULTS {
        let running = with(pointer, member, default);
        assert!(compared(&full(), &running).is_same(), "{pointer}/{member}: {default}");
    }
}

#[test]
fn a_default_that_an_older_marathon_does_not_answer_is_no_difference() {
    for (pointer, member, default, _) in DEFAULTS {
        let sent = with(pointer, member, default);
        assert!(compared(&sent, &full()).is_same(), "{pointer}/{member}: {default}");
    }
}

#[test]
fn null_is_absence() {
    for (pointer, member, default, _) in DEFAULTS {
        let sent = with(pointer, member, "null");
        let running = with(pointer, member, default);
        assert!(compared(&sent, &running).is_same(), "{pointer}/{member}: {default}");
    }
}

#[test]
fn another_value_than_the_default_is_a_difference_from_absence() {
    for (pointer, member, _, other) in DEFAULTS {
        let changed = with(pointer, member, other);
        assert!(!compared(&full(), &changed).is_same(), "{pointer}/{member}: running {other}");
        assert!(!compared(&changed, &full()).is_same(), "{pointer}/{member}: sent {other}");
    }
}

#[test]
fn another_value_than_the_default_is_a_difference_from_the_default() {
    for (pointer, member, default, other) in DEFAULTS {
        let (default, other) = (with(pointer, member, default), with(pointer, member, other));
        assert!(!compared(&default, &other).is_same(), "{pointer}/{member}");
        assert!(!compared(&other, &default).is_same(), "{pointer}/{member}");
    }
}

#[test]
fn two_defaults_of_different_marathons_differ_where_both_are_written() {
    let delay = |seconds: u32| json!({"scheduling": {"backoff": {"maxLaunchDelay": seconds}}});
    assert!(!same(&delay(300), &delay(3600)));
    assert!(!same(&delay(3600), &delay(300)));
}

#[test]
fn objects_in_which_all_is_at_its_default_are_no_difference_from_none() {
    let running = json!({
        "scheduling": {
            "backoff": {"backoff": 1.0, "backoffFactor": 1.15, "maxLaunchDelay": 300.0},
            "upgrade": {"minimumHealthCapacity": 1.0, "maximumOverCapacity": 1.0},
            "placement": {"constraints": [], "acceptedResourceRoles": []},
            "killSelection": "YOUNGEST_FIRST",
            "unreachableStrategy": {"inactiveAfterSeconds": 0, "expungeAfterSeconds": 0},
        },
        "executorResources": {"cpus": 0.1, "mem": 32.0, "disk": 10.0},
    });
    assert!(same(&json!({}), &running));
}

/// A pod whose one endpoint has a host port or none, on such a network.
fn published(networks: &Value, host_port: Option<u16>) -> Value {
    let mut endpoint = json!({"name": "http"});
    if let Some(port) = host_port {
        endpoint["hostPort"] = json!(port);
    }
    let container = json!({"name": "cart", "resources": {}, "endpoints": [endpoint]});
    pod(&json!({"networks": networks, "containers": [container]}))
}

#[test]
fn a_host_port_is_dynamic_by_default_outside_of_container_mode() {
    for networks in [json!([{"mode": "host"}]), json!([{"mode": "CONTAINER/bridge"}]), json!([])] {
        let none = published(&networks, None);
        assert!(compared(&none, &published(&networks, Some(0))).is_same(), "{networks}");
        assert!(!compared(&none, &published(&networks, Some(80))).is_same(), "{networks}");
    }
}

#[test]
fn a_dynamic_host_port_is_a_difference_from_none_in_container_mode() {
    let networks = json!([{"name": "dcos"}]);
    let (none, dynamic) = (published(&networks, None), published(&networks, Some(0)));
    assert!(!compared(&none, &dynamic).is_same());
    assert!(!compared(&dynamic, &none).is_same());
}

#[test]
fn a_network_has_the_default_name_in_container_mode_only() {
    let named = |mode: &str| json!({"networks": [{"mode": mode, "name": "dcos"}]});
    let nameless = |mode: &str| json!({"networks": [{"mode": mode}]});
    assert!(same(&nameless("container"), &named("CONTAINER")));
    assert!(!same(&nameless("container/bridge"), &named("container/bridge")));
}

#[test]
fn a_network_without_a_name_is_any_where_the_default_name_is_not_known() {
    let sent = pod(&json!({"networks": [{}]}));
    let running = pod(&json!({"networks": [{"name": "other"}]}));
    let unknown = Filled { default_network_name: None, ..super::filled() };
    assert!(compared_by(&unknown, &sent, &running).is_same());
    assert!(!compared_by(&super::filled(), &sent, &running).is_same());
}

/// Whether a pod without a role is the same as one that runs in `role`.
fn has_role(id: &str, mesos_role: Option<&str>, role: &str) -> bool {
    let filled = Filled { mesos_role: mesos_role.map(str::to_owned), ..super::filled() };
    let (sent, running) = (pod(&json!({"id": id})), pod(&json!({"id": id, "role": role})));
    compared_by(&filled, &sent, &running).is_same()
}

#[test]
fn a_role_is_by_default_that_of_marathon_or_of_the_top_group() {
    assert!(has_role("/shop/eu/cart", Some("prod"), "prod"));
    assert!(has_role("/shop/eu/cart", Some("prod"), "shop"));
    assert!(!has_role("/shop/eu/cart", Some("prod"), "eu"));
    assert!(!has_role("/cart", Some("prod"), "cart"));
}

#[test]
fn any_role_may_be_the_default_where_that_is_not_known() {
    assert!(has_role("/cart", None, "dev"));
}

#[test]
fn a_role_that_is_asked_for_is_a_difference_from_none_even_where_the_default_is_not_known() {
    let filled = Filled { mesos_role: None, ..super::filled() };
    let (sent, running) = (pod(&json!({"role": "dev"})), pod(&json!({})));
    assert!(!compared_by(&filled, &sent, &running).is_same());
}

/// A pod with a persistent volume.
fn resident(scheduling: &Value) -> Value {
    let volumes = json!([{"name": "data", "persistent": {"size": 100}}]);
    json!({"volumes": volumes, "scheduling": scheduling})
}

#[test]
fn persistent_volumes_change_the_defaults_of_scheduling() {
    let filled = json!({
        "upgrade": {"minimumHealthCapacity": 0.5, "maximumOverCapacity": 0.0},
        "unreachableStrategy": "disabled",
    });
    assert!(same(&resident(&json!({})), &resident(&filled)));
    assert!(same(&resident(&filled), &resident(&json!({}))));
    assert!(!same(&json!({}), &json!({"scheduling": filled})));
}

#[test]
fn the_common_defaults_are_differences_where_there_are_persistent_volumes() {
    for scheduling in [
        json!({"upgrade": {"minimumHealthCapacity": 1, "maximumOverCapacity": 1}}),
        json!({"unreachableStrategy": {}}),
    ] {
        assert!(!same(&resident(&json!({})), &resident(&scheduling)), "{scheduling}");
    }
}

#[test]
fn an_upgrade_that_says_something_has_the_common_defaults_for_the_rest() {
    let sent = resident(&json!({"upgrade": {"maximumOverCapacity": 0}}));
    let upgrade = |health: f64| json!({"upgrade": {"minimumHealthCapacity": health, "maximumOverCapacity": 0.0}});
    assert!(same(&sent, &resident(&upgrade(1.0))));
    assert!(!same(&sent, &resident(&upgrade(0.5))));
}

#[test]
fn the_type_of_a_disk_is_by_default_what_its_profile_makes_it() {
    let disk = |members: Value| {
        let mut persistent = json!({"size": 100});
        super::extend(&mut persistent, &members);
        json!({"volumes": [{"name": "data", "persistent": persistent}]})
    };
    assert!(same(&disk(json!({})), &disk(json!({"type": "root"}))));
    assert!(!same(&disk(json!({})), &disk(json!({"type": "mount"}))));
    let fast = json!({"profileName": "fast"});
    assert!(same(&disk(fast.clone()), &disk(json!({"profileName": "fast", "type": "mount"}))));
    assert!(!same(&disk(fast), &disk(json!({"profileName": "fast", "type": "root"}))));
}

#[test]
fn the_version_never_counts() {
    let version = |year: u32| json!({"version": format!("{year}-12-24T00:00:00.000Z")});
    assert!(same(&version(2017), &version(2018)));
    assert!(same(&json!({}), &version(2018)));
}

#[test]
fn a_check_never_counts_for_marathon_drops_it() {
    let check = json!({"check": {"tcp": {"endpoint": "http"}}});
    assert!(same_container(&check, &json!({})));
}
