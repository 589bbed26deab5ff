//! The form in which both definitions come out.

use marathon_inject::document::{Node, Path, Source};
use marathon_inject::pod::Comparison;
use serde_json::{Value, json};

use super::{compared, filled, pod, pod_with_container};

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// The keys of an object, in order.
fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn members_stand_in_marathons_order_and_free_ones_by_their_key() {
    let sent = parsed(
        r#"{"networks": [], "labels": {"b": "", "a": ""}, "x": 1, "containers": [], "id": "/a"}"#,
    );
    let comparison = compared(&sent, &sent);
    assert_eq!(keys(comparison.sent()), ["id", "labels", "containers", "networks", "x"]);
    assert_eq!(keys(&comparison.sent()["labels"]), ["a", "b"]);
    assert_eq!(comparison.sent().to_string(), comparison.running().to_string());
}

#[test]
fn what_marathon_may_know_and_this_does_not_has_one_form_too() {
    let unknown = |text: &str| pod(&json!({"x": parsed(text)}));
    let sent = unknown(r#"[{"a": 1.0, "b": {"d": null, "c": true}}]"#);
    let running = unknown(r#"[{"b": {"c": true, "d": null}, "a": 1}]"#);
    let comparison = compared(&sent, &running);
    assert_eq!(comparison.sent().to_string(), comparison.running().to_string());
}

#[test]
fn what_is_equal_by_default_is_left_out_of_both() {
    let comparison =
        compared(&pod(&json!({"labels": {}})), &pod(&json!({"version": "", "volumes": []})));
    assert_eq!(comparison.sent(), &pod(&json!({})));
    assert_eq!(comparison.running(), &pod(&json!({})));
}

#[test]
fn what_differs_stands_in_both() {
    let (sent, running) = (pod(&json!({"user": "a"})), pod(&json!({"user": "b"})));
    let comparison = compared(&sent, &running);
    assert_eq!(comparison.sent(), &sent);
    assert_eq!(comparison.running(), &running);
}

#[test]
fn an_element_that_only_one_has_is_shown_without_its_defaults() {
    let mount = json!({"name": "a", "mountPath": "/a", "readOnly": false});
    let running = pod_with_container(&json!({"volumeMounts": [mount]}));
    let comparison = compared(&pod(&json!({})), &running);
    assert_eq!(comparison.sent()["containers"][0].get("volumeMounts"), None);
    let shown = json!([{"name": "a", "mountPath": "/a"}]);
    assert_eq!(comparison.running()["containers"][0]["volumeMounts"], shown);
}

#[test]
fn a_network_that_only_one_has_is_shown_with_the_default_name() {
    let none = pod(&json!({"networks": []}));
    let one = pod(&json!({"networks": [{"name": "dcos", "mode": "container"}]}));
    assert_eq!(compared(&none, &one).running()["networks"], json!([{"name": "dcos"}]));
    assert_eq!(compared(&one, &none).sent()["networks"], json!([{"name": "dcos"}]));
}

#[test]
fn words_are_spelt_as_marathon_spells_them() {
    let image = |kind: &str| pod_with_container(&json!({"image": {"kind": kind, "id": "a"}}));
    let comparison = compared(&image("docker"), &image("DOCKER"));
    assert_eq!(comparison.sent()["containers"][0]["image"]["kind"], "DOCKER");
}

#[test]
fn numbers_have_one_spelling() {
    let memory = |text: &str| pod_with_container(&json!({"resources": {"mem": parsed(text)}}));
    for (sent, running) in [("32", "32.0"), ("0.10", "0.1"), ("1e2", "100"), ("-0.0", "0")] {
        let comparison = compared(&memory(sent), &memory(running));
        assert!(comparison.is_same(), "{sent} {running}");
        assert_eq!(comparison.sent().to_string(), comparison.running().to_string());
    }
    assert!(!compared(&memory("32"), &memory("32.000001")).is_same());
}

#[test]
fn numbers_that_marathon_holds_as_doubles_are_compared_as_doubles() {
    let memory = |mem: u64| pod_with_container(&json!({"resources": {"mem": mem}}));
    assert!(compared(&memory((1 << 53) + 1), &memory(1 << 53)).is_same());
    assert!(!compared(&memory((1 << 53) + 2), &memory(1 << 53)).is_same());
}

/// A pod whose memory is written like this.
fn with_memory(text: &str) -> Source {
    let container = format!(r#"{{"name": "a", "resources": {{"mem": {text}}}}}"#);
    Source::new("pod.json", format!(r#"{{"id": "/a", "containers": [{container}]}}"#))
}

fn tree(source: &Source) -> Node<'_> {
    source.root().unwrap().tree(&Path::root("")).unwrap()
}

#[test]
fn numbers_that_no_double_holds_differ_if_they_are_written_in_different_ways() {
    let (large, larger) = (with_memory("1e400"), with_memory("1e401"));
    assert!(Comparison::new(&tree(&large), &tree(&large), &filled()).is_same());
    assert!(!Comparison::new(&tree(&large), &tree(&larger), &filled()).is_same());
}

#[test]
fn whole_numbers_are_compared_to_the_last_digit() {
    let size = |size: i64| pod(&json!({"volumes": [{"name": "a", "persistent": {"size": size}}]}));
    assert!(!compared(&size(i64::MAX), &size(i64::MAX - 1)).is_same());
}

#[test]
fn an_answer_of_other_types_than_marathons_is_a_difference_and_shown_as_it_stands() {
    let sent = pod(&json!({"labels": {"a": "1"}, "scheduling": {}}));
    for strange in [json!(5), json!([1e300]), json!("labels"), json!([[{"a": {}}]])] {
        for member in ["id", "labels", "containers", "networks", "scheduling", "scaling"] {
            let running = pod(&json!({"labels": {"a": "1"}, member: strange}));
            let comparison = compared(&sent, &running);
            assert!(!comparison.is_same(), "{member}: {strange}");
        }
    }
    let comparison = compared(&sent, &json!("pod"));
    assert_eq!(comparison.running(), "pod");
    assert!(!comparison.is_same());
}
