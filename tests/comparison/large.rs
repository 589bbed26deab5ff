//! Pods larger than anything that anybody deploys: the time goes with their size. Where each
//! element or member were compared with each, this test would take minutes.

use serde_json::{Map, Value, json};

use super::compared;

/// As many of each as fit into a document.
const MANY: usize = 20_000;

fn numbered(prefix: &str) -> impl DoubleEndedIterator<Item = String> {
    (0..MANY).map(move |number| format!("{prefix}{number}"))
}

#[test]
fn members_and_elements_without_number() {
    let members = |keys: &mut dyn Iterator<Item = String>| -> Map<String, Value> {
        keys.map(|key| (key, json!("x"))).collect()
    };
    let pod = |labels: Map<String, Value>, unknown: Map<String, Value>, roles: Vec<String>| {
        let containers: Vec<_> = numbered("c").map(|name| json!({"name": name})).collect();
        let mut pod = json!({"id": "/large", "labels": labels, "containers": containers,
            "scheduling": {"placement": {"acceptedResourceRoles": roles}}});
        pod.as_object_mut().unwrap().extend(unknown);
        pod
    };
    let forth =
        pod(members(&mut numbered("l")), members(&mut numbered("u")), numbered("r").collect());
    let back = pod(
        members(&mut numbered("l").rev()),
        members(&mut numbered("u").rev()),
        numbered("r").rev().collect(),
    );
    assert!(compared(&forth, &back).is_same());
}
