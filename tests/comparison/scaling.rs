//! Which changes leave instances what they are.

use serde_json::{Value, json};

use super::{compared, pod};

fn leaves_instances(sent: &Value, running: &Value) -> bool {
    compared(&pod(sent), &pod(running)).has_same_instances()
}

#[test]
fn another_number_of_instances_changes_none_of_them() {
    let three = json!({"scaling": {"kind": "fixed", "instances": 3}});
    assert!(leaves_instances(&json!({}), &three));
    assert!(leaves_instances(&three, &three));
}

#[test]
fn what_marathon_does_not_compare_changes_none_of_them() {
    for other in [
        json!({"executorResources": {"cpus": 0.2}}),
        json!({"legacySharedCgroups": true}),
        json!({"scheduling": {"killSelection": "OLDEST_FIRST"}}),
        json!({"scheduling": {"unreachableStrategy": "disabled"}}),
    ] {
        assert!(leaves_instances(&other, &json!({})), "{other}");
    }
}

#[test]
fn anything_else_makes_others_of_them() {
    for other in [
        json!({"labels": {"a": "b"}}),
        json!({"user": "root"}),
        json!({"scheduling": {"backoff": {"backoff": 3}}}),
    ] {
        assert!(!leaves_instances(&other, &json!({})), "{other}");
    }
}
