//! Values of several shapes, each taken for the shape that Marathon takes it for, and values in
//! another spelling.

use serde_json::{Value, json};

use super::{same, same_container};

fn command(command: Value) -> Value {
    json!({"exec": {"command": command}})
}

#[test]
fn a_shell_beside_arguments_wins() {
    let both = command(json!({"shell": "a", "argv": ["b"]}));
    assert!(same_container(&both, &command(json!({"shell": "a"}))));
    assert!(!same_container(&both, &command(json!({"argv": ["b"]}))));
}

#[test]
fn the_order_of_arguments_counts() {
    let sent = command(json!({"argv": ["a", "b"]}));
    assert!(!same_container(&sent, &command(json!({"argv": ["b", "a"]}))));
}

#[test]
fn a_shell_is_no_list_of_arguments() {
    let sent = command(json!({"shell": "a"}));
    assert!(!same_container(&sent, &command(json!({"argv": ["a"]}))));
}

#[test]
fn a_health_check_has_its_command_compared_likewise() {
    let check = |command: Value| json!({"healthCheck": {"exec": {"command": command}}});
    let both = check(json!({"shell": "a", "argv": ["b"]}));
    assert!(same_container(&both, &check(json!({"shell": "a"}))));
    assert!(!same_container(&both, &check(json!({"shell": "b"}))));
}

#[test]
fn a_variable_from_a_secret_is_no_text() {
    let variable = |value: Value| json!({"environment": {"A": value}});
    let secret = variable(json!({"secret": "a"}));
    assert!(same(&secret, &variable(json!({"secret": "a"}))));
    assert!(!same(&secret, &variable(json!({"secret": "b"}))));
    assert!(!same(&secret, &variable(json!("a"))));
}

fn unreachable(strategy: Value) -> Value {
    json!({"scheduling": {"unreachableStrategy": strategy}})
}

#[test]
fn any_word_disables_the_unreachable_strategy() {
    assert!(same(&unreachable(json!("off")), &unreachable(json!("disabled"))));
}

#[test]
fn an_enabled_unreachable_strategy_is_no_disabled_one() {
    assert!(!same(&unreachable(json!({})), &unreachable(json!("disabled"))));
    assert!(same(&unreachable(json!({})), &unreachable(json!({"expungeAfterSeconds": 0}))));
}

fn volume(volume: Value) -> Value {
    json!({"volumes": [volume]})
}

#[test]
fn a_volume_is_of_the_first_kind_that_fits() {
    let all =
        json!({"name": "v", "persistent": {"size": 1}, "secret": "s", "host": "/h", "hots": "/x"});
    let persistent = json!({"name": "v", "persistent": {"size": 1, "type": "root"}});
    assert!(same(&volume(all), &volume(persistent)));
    let some = json!({"name": "v", "secret": "s", "host": "/h"});
    assert!(same(&volume(some.clone()), &volume(json!({"name": "v", "secret": "s"}))));
    assert!(!same(&volume(some), &volume(json!({"name": "v", "host": "/h"}))));
}

#[test]
fn a_volume_that_fits_no_other_kind_is_ephemeral() {
    let broken = json!({"name": "v", "persistent": {"size": "10"}, "secret": "", "host": 1});
    assert!(same(&volume(broken), &volume(json!({"name": "v"}))));
}

#[test]
fn a_volume_of_another_kind_is_a_difference() {
    let host = volume(json!({"name": "v", "host": "/h"}));
    assert!(!same(&host, &volume(json!({"name": "v"}))));
    assert!(!same(&volume(json!({"name": "v"})), &host));
}

fn instances(instances: Value) -> Value {
    json!({"scaling": {"kind": "fixed", "instances": instances}})
}

#[test]
fn instances_that_marathon_cannot_read_are_one() {
    for broken in [json!("3"), json!(-1), json!(2.5), json!(null), json!(3_000_000_000_u32)] {
        assert!(same(&instances(broken.clone()), &instances(json!(1))), "{broken}");
        assert!(!same(&instances(broken.clone()), &instances(json!(3))), "{broken}");
    }
}

#[test]
fn a_seccomp_that_marathon_cannot_read_is_none() {
    let seccomp = |unconfined: Value| json!({"linuxInfo": {"seccomp": {"unconfined": unconfined}}});
    assert!(same_container(&seccomp(json!("yes")), &json!({})));
    assert!(!same_container(&seccomp(json!(true)), &json!({})));
}

#[test]
fn a_resource_limit_is_a_number_or_a_word() {
    let limit = |cpus: Value| json!({"resourceLimits": {"cpus": cpus}});
    assert!(same_container(&limit(json!(2)), &limit(json!(2.0))));
    assert!(!same_container(&limit(json!(2)), &limit(json!("unlimited"))));
    assert!(!same_container(&limit(json!("unlimited")), &json!({})));
}

#[test]
fn words_are_the_same_in_any_case() {
    let network = |mode: &str| json!({"networks": [{"mode": mode}]});
    assert!(same(&network("Container/BRIDGE"), &network("container/bridge")));
    assert!(!same(&network("container/bridge"), &network("host")));
}

#[test]
fn free_text_is_compared_to_the_letter() {
    assert!(!same(&json!({"user": "root"}), &json!({"user": "Root"})));
}
