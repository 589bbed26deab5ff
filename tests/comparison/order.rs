//! Where order counts, and what becomes of members that Marathon does not know.

use serde_json::{Value, json};

use super::{same, same_container};

/// Lists whose order Marathon keeps and compares, of a container.
fn sequences() -> Vec<(&'static str, Value, Value)> {
    let mount = |name: &str| json!({"name": name, "mountPath": "m"});
    vec![
        ("endpoints", json!({"name": "a"}), json!({"name": "b"})),
        ("volumeMounts", mount("a"), mount("b")),
        ("artifacts", json!({"uri": "/a"}), json!({"uri": "/b"})),
    ]
}

#[test]
fn the_order_of_what_a_container_has_counts() {
    for (member, a, b) in sequences() {
        let list = |items: [&Value; 2]| json!({member: items});
        assert!(same_container(&list([&a, &b]), &list([&a, &b])), "{member}");
        assert!(!same_container(&list([&a, &b]), &list([&b, &a])), "{member}");
    }
}

#[test]
fn the_order_of_what_a_pod_has_counts() {
    for member in ["containers", "volumes", "networks"] {
        let list = |names: [&str; 2]| json!({member: names.map(|name| json!({"name": name}))});
        assert!(same(&list(["a", "b"]), &list(["a", "b"])), "{member}");
        assert!(!same(&list(["a", "b"]), &list(["b", "a"])), "{member}");
    }
}

#[test]
fn an_element_more_is_a_difference_even_where_all_of_it_is_at_its_default() {
    for member in ["networks", "volumes"] {
        let (one, two) = (json!({member: [{}]}), json!({member: [{}, {}]}));
        assert!(!same(&one, &two), "{member}");
        assert!(!same(&two, &one), "{member}");
    }
}

fn placed(placement: Value) -> Value {
    json!({"scheduling": {"placement": placement}})
}

fn constraint(field: &str) -> Value {
    json!({"fieldName": field, "operator": "UNIQUE"})
}

#[test]
fn constraints_are_a_set() {
    let of = |fields: &[&str]| {
        let constraints: Value = fields.iter().copied().map(constraint).collect();
        placed(json!({"constraints": constraints}))
    };
    assert!(same(&of(&["a", "b", "a"]), &of(&["b", "a"])));
    assert!(!same(&of(&["a", "b"]), &of(&["a", "c"])));
    assert!(!same(&of(&["a"]), &of(&["a", "b"])));
}

#[test]
fn the_constraints_of_a_set_have_defaults_and_spellings_too() {
    let sent = json!([{"fieldName": "a", "operator": "unique"}]);
    let running = json!([{"fieldName": "a", "operator": "UNIQUE", "value": ""}]);
    assert!(same(&placed(json!({"constraints": sent})), &placed(json!({"constraints": running}))));
}

#[test]
fn accepted_resource_roles_are_a_set() {
    let of = |roles: &[&str]| placed(json!({"acceptedResourceRoles": roles}));
    assert!(same(&of(&["*", "prod"]), &of(&["prod", "*", "*"])));
    assert!(!same(&of(&["*", "prod"]), &of(&["*"])));
}

#[test]
fn the_order_of_members_does_not_count() {
    let labels = |text: &str| json!({"labels": serde_json::from_str::<Value>(text).unwrap()});
    assert!(same(&labels(r#"{"a": "1", "b": "2"}"#), &labels(r#"{"b": "2", "a": "1"}"#)));
    assert!(!same(&labels(r#"{"a": "1"}"#), &labels(r#"{"a": "1", "b": "2"}"#)));
    assert!(!same(&labels(r#"{"a": "1"}"#), &labels(r#"{"b": "1"}"#)));
}

#[test]
fn an_unknown_member_that_only_one_has_does_not_count() {
    let unknown = json!({"fetch": [1, {"a": null}]});
    assert!(same_container(&unknown, &json!({})));
    assert!(same_container(&json!({}), &unknown));
}

#[test]
fn an_unknown_member_that_is_null_is_not_there() {
    let (null, one) = (json!({"fetch": null}), json!({"fetch": 1}));
    assert!(same_container(&null, &one));
    assert!(same_container(&one, &null));
}

#[test]
fn an_unknown_member_that_both_have_is_compared_as_it_stands() {
    let unknown = |number: f64| json!({"fetch": [1, {"a": number, "b": null}]});
    let reordered = json!({"fetch": [1.0, {"b": null, "a": 2}]});
    assert!(same_container(&unknown(2.0), &reordered));
    assert!(!same_container(&unknown(2.5), &reordered));
}
