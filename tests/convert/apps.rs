//! Generated apps: mostly such as Marathon accepts, with the members that conversion looks at in
//! the forms of all its versions, and now and then with what no pod can have.

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Map, Value, json};

/// An app.
pub(super) fn app() -> impl Strategy<Value = Value> {
    let parts = (command(), networks(), ports(), members(), checks(), volumes());
    (id(), parts).prop_map(|(id, (command, networks, ports, members, checks, volumes))| {
        let mut app = Map::from_iter([("id".to_owned(), json!(id))]);
        for part in [command, networks, ports, members, checks, volumes] {
            merge(&mut app, part);
        }
        Value::Object(app)
    })
}

/// A group with apps and pods at two levels.
pub(super) fn group() -> impl Strategy<Value = Value> {
    let apps = || prop::collection::vec(app(), 0..3);
    let pods = select(vec![json!(null), json!([]), json!([pod()])]);
    (apps(), apps(), pods, any::<bool>()).prop_map(|(apps, inner, pods, last)| {
        let mut group = Map::from_iter([("id".to_owned(), json!("/g"))]);
        let parts = [("pods", pods), ("apps", json!(apps))];
        let parts = if last { parts.to_vec() } else { parts.into_iter().rev().collect() };
        group.extend(parts.into_iter().map(|(key, value)| (key.to_owned(), value)));
        group.insert("groups".to_owned(), json!([{"id": "h", "apps": inner}]));
        group.insert("dependencies".to_owned(), json!([]));
        Value::Object(group)
    })
}

fn pod() -> Value {
    json!({"id": "/g/p", "containers": [{"name": "p", "resources": {"cpus": 1e-1, "mem": 32},
        "image": {"kind": "DOCKER", "id": "p"}}], "networks": [{"mode": "host"}]})
}

/// Objects on both sides are joined.
fn merge(into: &mut Map<String, Value>, from: Value) {
    let Value::Object(from) = from else { panic!("{from} is no object") };
    for (key, value) in from {
        match (into.get_mut(&key), value) {
            (Some(Value::Object(there)), value @ Value::Object(_)) => merge(there, value),
            (_, value) => drop(into.insert(key, value)),
        }
    }
}

fn id() -> impl Strategy<Value = &'static str> {
    select(vec!["/web", "web", "/shop/cart", "shop/cart.v2", "/x/y/z-1/"])
}

fn command() -> impl Strategy<Value = Value> {
    select(vec![
        json!({"cmd": "exec web --port $PORT0"}),
        json!({"cmd": "sleep 1000"}),
        json!({"args": ["-v", "--port=$PORT_HTTP"]}),
        json!({"args": ["-v"], "cmd": null}),
        json!({"container": {"type": "DOCKER", "docker": {"image": "web:1"}}}),
        json!({"cmd": "web", "container": {"docker": {"image": "web:1", "forcePullImage": true}}}),
        json!({"cmd": "web", "container": {"docker": {"image": "web", "privileged": true}}}),
        json!({"cmd": "web", "container": {"type": "mesos"}}),
    ])
}

fn networks() -> impl Strategy<Value = Value> {
    select(vec![
        json!({}),
        json!({"networks": [{"mode": "host"}]}),
        json!({"networks": [{"mode": "container/bridge"}]}),
        json!({"networks": [{"name": "dcos", "labels": {"a": "b"}}]}),
        json!({"ipAddress": {"networkName": "dcos", "groups": ["g"]}}),
        json!({"container": {"docker": {"image": "web", "network": "BRIDGE"}}}),
        json!({"container": {"docker": {"image": "web", "network": "HOST"}}}),
        json!({"container": {"docker": {"image": "web", "network": "USER"}}, "ipAddress": {}}),
    ])
}

fn ports() -> impl Strategy<Value = Value> {
    let mapping = (0..3usize, select(vec![json!({}), json!({"name": "http"})]), any::<bool>());
    let mappings = prop::collection::vec(mapping, 0..4).prop_map(|list| {
        let mapping = |(index, (host, name, udp)): (usize, (usize, Value, bool))| {
            let mut mapping = Map::from_iter([("containerPort".to_owned(), json!(8000 + index))]);
            let host = [json!({}), json!({"hostPort": 0}), json!({"hostPort": 31000 + index})]
                [host]
                .clone();
            let name = if index == 0 { name } else { json!({}) };
            let protocol = if udp { json!({"protocol": "udp,tcp"}) } else { json!({}) };
            [host, name, protocol].into_iter().for_each(|part| merge(&mut mapping, part));
            Value::Object(mapping)
        };
        list.into_iter().enumerate().map(mapping).collect::<Value>()
    });
    prop_oneof![
        2 => mappings.clone().prop_map(|list| json!({"container": {"portMappings": list}})),
        1 => mappings.prop_map(|list| json!({"container": {"docker": {"image": "a", "portMappings": list}}})),
        3 => select(vec![
            json!({}),
            json!({"ports": [0, 10001]}),
            json!({"ports": [80], "requirePorts": true}),
            json!({"portDefinitions": [{"port": 0, "name": "port-1"}, {"protocol": "udp"}]}),
            json!({"portDefinitions": []}),
        ]),
    ]
}

/// Members that depend on no other one.
fn members() -> impl Strategy<Value = Value> {
    let all = vec![
        json!({"cpus": 0.5, "mem": 1e2, "disk": 0, "gpus": 0}),
        json!({"instances": 0}),
        json!({"env": {"A": "1", "PORT": "80", "é": "\n"}}),
        json!({"env": {"B_": "x \"y\" $z"}}),
        json!({"labels": {"HAPROXY_0_VHOST": "a", "é/~": "x"}}),
        json!({"user": "root", "role": "web"}),
        json!({"constraints": [["hostname", "UNIQUE"], ["rack", "LIKE", "a.*"]]}),
        json!({"upgradeStrategy": {"minimumHealthCapacity": 0.5, "maximumOverCapacity": 0}}),
        json!({"fetch": [{"uri": "https://example.com/a.tgz"}], "uris": []}),
        json!({"uris": ["https://example.com/a.tgz"]}),
        json!({"dependencies": ["/db"], "version": "2019-01-01T00:00:00.000Z"}),
        json!({"x-unknown": {"deep": [[], {}, [{"é": "ü\n"}]]}}),
        json!({"taskKillGracePeriodSeconds": 3, "backoffSeconds": 1, "tty": false}),
        json!({"unreachableStrategy": "disabled", "executor": ""}),
    ];
    let length = all.len();
    subsequence(all, 0..=length).prop_map(|parts| {
        let mut members = Map::new();
        parts.into_iter().for_each(|part| merge(&mut members, part));
        Value::Object(members)
    })
}

fn checks() -> impl Strategy<Value = Value> {
    select(vec![
        json!({}),
        json!({"healthChecks": []}),
        json!({"healthChecks": [{"path": "/", "intervalSeconds": 5}]}),
        json!({"healthChecks": [{"protocol": "MESOS_TCP", "portIndex": 1}]}),
        json!({"healthChecks": [{"protocol": "MESOS_HTTPS", "port": 8000}]}),
        json!({"healthChecks": [{"protocol": "COMMAND", "command": {"value": "nc -z $HOST $PORT0"}}]}),
        json!({"healthChecks": [{"protocol": "TCP"}, {"protocol": "HTTP"}]}),
    ])
}

fn volumes() -> impl Strategy<Value = Value> {
    select(vec![
        json!({}),
        json!({"container": {"volumes": []}}),
        json!({"container": {"volumes": [{"containerPath": "/a", "hostPath": "/b", "mode": "RO"},
            {"containerPath": "c", "persistent": {"size": 10}, "mode": "RW"}]}}),
        json!({"container": {"volumes": [{"containerPath": "/a", "hostPath": "b", "mode": "RW"}]}}),
    ])
}
