//! What the fixtures do not show one by one.

use marathon_inject::document::Source;
use marathon_inject::pod::{Conversion, convert};
use serde_json::{Value, json};

use super::{converted, findings, keeps_the_laws, parsed};

/// The pod that an app becomes.
fn pod(app: &Value) -> Value {
    let converted = converted(&app.to_string());
    assert_eq!(converted.entries[0].outcome, Conversion::Converted, "{converted:#?}");
    parsed(&converted.text)
}

/// The rules by which an app is refused or warned of.
fn rules(app: &Value) -> Vec<&'static str> {
    let text = app.to_string();
    let converted = converted(&text);
    keeps_the_laws(&text, &converted);
    findings(&converted.entries).filter_map(|finding| finding.rule).collect()
}

/// The words of the faults of a document that cannot be looked into.
fn faults(document: &Value) -> Vec<String> {
    let faults = convert(&Source::new("test.json", document.to_string())).unwrap_err();
    faults.into_iter().map(|fault| fault.message).collect()
}

#[test]
fn a_relative_id_is_made_absolute_along_the_groups() {
    let group = json!({"id": "shop", "groups": [{"id": "back/office",
        "apps": [{"id": "db", "cmd": "db"}, {"id": "/elsewhere", "cmd": "x"}]}]});
    let converted = converted(&group.to_string());
    let ids: Vec<_> = converted.entries.iter().map(|entry| entry.id.as_deref()).collect();
    assert_eq!(ids, [Some("/shop/back/office/db"), Some("/elsewhere")]);
}

#[test]
fn the_container_is_named_after_the_last_step_of_the_id() {
    let name = |id: &str| pod(&json!({"id": id, "cmd": "a"}))["containers"][0]["name"].clone();
    assert_eq!(name("/shop/cart"), "cart");
    assert_eq!(name("/shop/cart.v2"), "cart-v2");
    assert_eq!(name(&format!("/{}.b", "a".repeat(62))), "a".repeat(62));
}

#[test]
fn made_names_of_endpoints_keep_away_from_given_ones() {
    let app = json!({"id": "/a", "cmd": "a", "requirePorts": true, "portDefinitions": [
        {"port": 1}, {"port": 2, "name": "port-0"}, {"port": 3, "name": "port-0-2"}]});
    let names: Vec<_> = pod(&app)["containers"][0]["endpoints"]
        .as_array()
        .unwrap()
        .iter()
        .map(|endpoint| endpoint["name"].clone())
        .collect();
    assert_eq!(names, ["port-0-3", "port-0", "port-0-2"]);
}

#[test]
fn a_container_port_of_0_is_the_fixed_port_of_the_agent() {
    let app = json!({"id": "/a", "cmd": "a", "networks": [{"mode": "container/bridge"}],
        "container": {"portMappings": [{"containerPort": 0, "hostPort": 31000}]}});
    assert_eq!(pod(&app)["containers"][0]["endpoints"][0]["containerPort"], 31000);
}

#[test]
fn a_variable_that_the_app_sets_itself_keeps_its_value() {
    let app = json!({"id": "/a", "cmd": "a", "ports": [80], "requirePorts": true,
        "env": {"PORT": "8080"}});
    let environment = json!({"PORT": "8080", "PORT0": "80", "PORT_80": "80", "PORTS": "80"});
    assert_eq!(pod(&app)["containers"][0]["environment"], environment);
}

#[test]
fn files_that_marathon_answers_in_both_ways_are_fetched_once() {
    let app =
        json!({"id": "/a", "cmd": "a", "uris": ["b"], "fetch": [{"uri": "b", "extract": false}]});
    let artifacts = json!([{"uri": "b", "extract": false}]);
    assert_eq!(pod(&app)["containers"][0]["artifacts"], artifacts);
}

#[test]
fn a_health_check_can_ask_for_the_port_that_nobody_listed() {
    let app = json!({"id": "/a", "cmd": "a", "healthChecks": [{"protocol": "MESOS_HTTP"}]});
    let container = &pod(&app)["containers"][0];
    assert_eq!(container["endpoints"][0]["name"], "default");
    assert_eq!(container["healthCheck"]["http"]["endpoint"], "default");
    assert!(container["exec"]["command"]["shell"].as_str().unwrap().starts_with("export PORT0="));
}

#[test]
fn every_fault_of_an_app_is_told_at_once() {
    let app = json!({"id": "/A", "cmd": "a", "ports": [], "executor": "/x", "mem": 0,
        "env": {"A-B": "1"}, "container": {"docker": {"image": "a", "privileged": true}}});
    assert_eq!(rules(&app), ["P03", "C24", "P09", "P06", "C01", "C22"]);
}

#[test]
fn a_misspelt_member_is_told_with_the_one_that_was_meant() {
    let app = json!({"id": "/a", "cmd": "a", "instance": 3, "ports": []});
    let converted = converted(&app.to_string());
    let told = &converted.entries[0].findings[0];
    assert_eq!((told.rule, told.hint.as_deref()), (Some("C03"), Some("did you mean `instances`?")));
}

#[test]
fn what_can_repeat_is_told_once() {
    let mapping = json!({"containerPort": 80, "hostPort": 1, "servicePort": 10000});
    let other = json!({"containerPort": 81, "hostPort": 2, "servicePort": 10001});
    let app = json!({"id": "/a", "cmd": "a", "networks": [{"mode": "container/bridge"}],
        "container": {"portMappings": [mapping, other]}, "ports": [10000, 10001]});
    assert_eq!(rules(&app), ["C05"]);
}

#[test]
fn what_stands_beside_an_answered_app_is_not_lost_without_a_word() {
    let app = json!({"id": "/a", "cmd": "a", "ports": []});
    assert_eq!(rules(&json!({"app": app, "note": "keep"})), ["C03"]);
    assert!(rules(&json!({"app": app})).is_empty());
}

#[test]
fn an_app_called_like_a_sidecar_is_not_taken_for_it() {
    for id in ["/istio-proxy", "/istio-agent", "/mesh/istio-init"] {
        assert_eq!(pod(&json!({"id": id, "cmd": "a"}))["containers"][0]["name"], "app");
    }
}

#[test]
fn the_type_of_a_container_without_image_is_read_too() {
    let app =
        |engine: &str| json!({"id": "/a", "cmd": "a", "ports": [], "container": {"type": engine}});
    assert_eq!(rules(&app("DOCKER")), ["C02"]);
    assert_eq!(rules(&app("DOCKR")), ["C02"]);
    assert!(rules(&app("mesos")).is_empty());
}

#[test]
fn what_marathon_tells_of_resources_is_there_where_the_command_asks() {
    let app = json!({"id": "/a", "mem": 64, "gpus": 2, "ports": [],
        "cmd": "a $MARATHON_APP_RESOURCE_MEM $MARATHON_APP_RESOURCE_GPUS"});
    let told = json!({"MARATHON_APP_RESOURCE_MEM": "64.0", "MARATHON_APP_RESOURCE_GPUS": "2"});
    assert_eq!(pod(&app)["containers"][0]["environment"], told);
}

#[test]
fn a_health_check_can_ask_the_fixed_port_of_the_agent() {
    let app = json!({"id": "/a", "cmd": "a", "networks": [{"mode": "container/bridge"}],
        "container": {"portMappings": [{"containerPort": 80, "hostPort": 8080, "name": "http"}]},
        "healthChecks": [{"protocol": "HTTP", "port": 8080}]});
    assert_eq!(pod(&app)["containers"][0]["healthCheck"]["http"]["endpoint"], "http");
}

#[test]
fn no_variable_of_a_port_that_nobody_listed_is_left_unset() {
    for name in ["PORT", "PORT0", "PORTS", "PORT_DEFAULT"] {
        let app = json!({"id": "/a", "cmd": format!("a ${name}"),
            "networks": [{"mode": "container/bridge"}]});
        assert_eq!(rules(&app), ["C27"], "{name}");
    }
}

#[test]
fn a_command_of_the_wrong_kind_is_one_fault() {
    assert_eq!(rules(&json!({"id": "/a", "cmd": ["a"], "ports": []})), ["C02"]);
}

#[test]
fn ports_beyond_the_port_mappings_are_refused_as_mesos_chooses_them() {
    let app = json!({"id": "/a", "cmd": "a", "networks": [{"mode": "container", "name": "dcos"}],
        "container": {"portMappings": [{"containerPort": 80}]}, "ports": [0, 0]});
    assert_eq!(rules(&app), ["C28"]);
}

#[test]
fn port_definitions_without_effect_are_told() {
    let app = json!({"id": "/a", "cmd": "a", "networks": [{"mode": "container/bridge"}],
        "portDefinitions": [{"port": 0, "labels": {"VIP_0": "/a:80"}}]});
    assert_eq!(rules(&app), ["C18"]);
}

#[test]
fn a_number_that_no_double_holds_is_refused() {
    let text = r#"{"id": "/a", "cmd": "a", "ports": [], "mem": 1e999}"#;
    let converted = converted(text);
    assert_eq!(converted.entries[0].outcome, Conversion::Refused);
    assert_eq!(converted.entries[0].findings[0].rule, Some("C02"));
}

#[test]
fn one_app_that_is_refused_keeps_all_as_they_are() {
    let group = json!([{"id": "/a", "cmd": "a", "ports": []}, {"id": "/b"}]);
    let converted = converted(&group.to_string());
    let outcomes: Vec<_> =
        converted.entries.iter().map(|entry| entry.outcome.to_string()).collect();
    assert_eq!(outcomes, ["converted", "refused"]);
    assert_eq!((converted.text, converted.patch.0.len()), (group.to_string(), 0));
}

#[test]
fn what_is_no_app_is_named() {
    let document = json!([{"id": "/p", "containers": []}, {"uri": "x"},
        {"id": "/s", "spec": {}, "status": "STABLE"}]);
    let converted = converted(&document.to_string());
    let told: Vec<_> = converted
        .entries
        .iter()
        .map(|entry| (entry.id.as_deref(), entry.outcome.to_string()))
        .collect();
    assert_eq!(
        told,
        [
            (Some("/p"), "passed through: already a pod".to_owned()),
            (None, "passed through: not an app".to_owned()),
            (Some("/s"), "passed through: a pod's status".to_owned()),
        ]
    );
}

#[test]
fn apps_among_other_things_in_a_group_are_refused() {
    let group =
        json!({"id": "/g", "apps": [{"id": "a", "cmd": "a"}, {"id": "/p", "containers": []}]});
    assert_eq!(faults(&group), ["a group's `apps` lists something that is no app"]);
}

#[test]
fn a_document_with_faults_of_its_own_is_refused_as_a_whole() {
    assert_eq!(faults(&json!(42)), ["expected a pod, found a number"]);
    let apps = json!({"id": "/g", "apps": {"id": "a"}});
    assert_eq!(faults(&apps), ["expected an array, found an object"]);
}

#[test]
fn the_id_of_a_group_cannot_make_the_pods_endless() {
    let group = json!({"id": "a".repeat(300), "apps": [{"id": "a", "cmd": "a"}]});
    assert_eq!(faults(&group), ["the id of a group is longer than 255 bytes"]);
}

#[test]
fn many_faults_of_one_app_take_little() {
    let env: serde_json::Map<_, _> = (0..20_000).map(|n| (format!("A-{n}"), json!(n))).collect();
    let ports: Vec<_> = (0..20_000).map(|n| json!({"containerPort": -n, "x": n})).collect();
    let app = json!({"id": "/a", "env": env, "networks": [{"mode": "container/bridge"}],
        "container": {"portMappings": ports}});
    let converted = converted(&app.to_string());
    assert_eq!(converted.entries[0].outcome, Conversion::Refused);
    assert!(converted.entries[0].findings.len() < 3_001);
}
