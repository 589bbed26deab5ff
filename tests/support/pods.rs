//! Generated pods: valid for Marathon, with and without the members that injection touches, and
//! now and then with what people do to them (`null`, empty lists, a partial sidecar).

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Map, Value, json};

/// A pod that Marathon accepts.
pub(crate) fn pod() -> impl Strategy<Value = Value> {
    (id(), containers(), members(), labels(), network()).prop_map(
        |(id, (containers, volumes), extra, labels, network)| {
            let mut pod = Map::new();
            pod.insert("id".to_owned(), json!(id));
            let (first, last) = extra.split_at(extra.len() / 2);
            pod.extend(first.iter().cloned());
            pod.extend(labels);
            pod.insert("containers".to_owned(), json!(containers));
            pod.insert("networks".to_owned(), network);
            pod.extend(volumes);
            pod.extend(last.iter().cloned());
            accepted(Value::Object(pod))
        },
    )
}

/// Takes out what Marathon would refuse: a container port on the host's network, and a partial
/// container that nobody will complete.
fn accepted(mut pod: Value) -> Value {
    let host = pod["networks"][0]["mode"] == "host";
    let skipped = host || pod["labels"]["sidecar.istio.io/inject"] == "false";
    let containers = pod["containers"].as_array_mut().unwrap();
    containers.retain(|container| !skipped || container.get("resources").is_some_and(whole));
    let endpoints = containers.iter_mut().filter_map(|container| container.get_mut("endpoints"));
    for endpoint in endpoints.flat_map(|endpoints| endpoints.as_array_mut().unwrap()) {
        if host {
            endpoint.as_object_mut().unwrap().shift_remove("containerPort");
        }
    }
    pod
}

fn whole(resources: &Value) -> bool {
    resources.get("mem").is_some()
}

/// A group with pods among apps and groups.
pub(crate) fn group() -> impl Strategy<Value = Value> {
    (prop::collection::vec(pod(), 0..3), prop::collection::vec(pod(), 0..3)).prop_map(
        |(pods, inner)| {
            json!({
                "id": "/g",
                "apps": [{"id": "/g/app", "cmd": "sleep 1", "labels": {"a": "1e3"}}],
                "pods": pods,
                "groups": [{"id": "/g/h", "pods": inner, "groups": []}],
            })
        },
    )
}

fn id() -> impl Strategy<Value = String> {
    select(vec!["/httpbin", "/a", "/shop/cart", "/shop/cart.v2", "/x/y/z-1"])
        .prop_map(str::to_owned)
}

fn network() -> impl Strategy<Value = Value> {
    select(vec![
        json!([{"mode": "container", "name": "dcos"}]),
        json!([{"name": "dcos"}]),
        json!([{"mode": "container/bridge"}]),
        json!([{"mode": "Container", "name": "dcos", "labels": {}}]),
        json!([{"mode": "host"}]),
    ])
}

/// Members that injection passes over.
fn members() -> impl Strategy<Value = Vec<(String, Value)>> {
    let all = vec![
        ("scaling", json!({"kind": "fixed", "instances": 2})),
        ("environment", json!({"A": "1", "PATH_": "a b \"c\" $d"})),
        ("user", json!("root")),
        ("executorResources", json!({"cpus": 0.1, "mem": 32})),
        ("scheduling", json!({"placement": {"constraints": []}, "backoff": {"backoff": 1.5}})),
        ("x-unknown", json!({"deep": [[], {}, [{"é": "ü\n"}]]})),
    ];
    let length = all.len();
    subsequence(all, 0..=length)
        .prop_shuffle()
        .prop_map(|all| all.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

fn labels() -> impl Strategy<Value = Option<(String, Value)>> {
    let labels = select(vec![
        None,
        Some(Value::Null),
        Some(json!({})),
        Some(json!({"version": "v1"})),
        Some(json!({"istio": "other", "é/~": "x"})),
        Some(json!({"sidecar.istio.io/inject": "false"})),
        Some(json!({"sidecar.istio.io/inject": "true"})),
        Some(json!({"traffic.sidecar.istio.io/excludeInboundPorts": "80"})),
        Some(json!({"sidecar.istio.io/proxyCPU": "200m", "version": "v2"})),
        Some(json!({"istio.io/service-account.name": "cart"})),
    ]);
    labels.prop_map(|labels| labels.map(|labels| ("labels".to_owned(), labels)))
}

type Containers = (Vec<Value>, Option<(String, Value)>);

/// Containers, and the volumes that they mount.
fn containers() -> impl Strategy<Value = Containers> {
    let volumes =
        select(vec![None, Some(Value::Null), Some(json!([])), Some(json!([{"name": "data"}]))]);
    let endpoints = prop::collection::vec(0..3u16, 0..4);
    (1..3usize, endpoints, volumes, partial()).prop_map(|(count, kinds, volumes, partial)| {
        let mut containers: Vec<Value> = (0..count).map(container).collect();
        for (index, kind) in kinds.into_iter().enumerate() {
            let place = index % count;
            let endpoints = containers[place]["endpoints"].as_array_mut().unwrap();
            endpoints.push(endpoint(index, kind));
        }
        if volumes.as_ref().is_some_and(|volumes| volumes.get(0).is_some()) {
            containers[0]["volumeMounts"] = json!([{"name": "data", "mountPath": "data"}]);
        }
        containers.extend(partial);
        (containers, volumes.map(|volumes| ("volumes".to_owned(), volumes)))
    })
}

fn container(index: usize) -> Value {
    json!({
        "name": format!("app-{index}"),
        "resources": {"cpus": 0.5, "mem": 1e2},
        "image": {"kind": "DOCKER", "id": "docker.io/library/app:1"},
        "endpoints": [],
        "environment": {"URL": "https://example.com/a"},
    })
}

fn endpoint(index: usize, kind: u16) -> Value {
    let port = 8000 + index;
    let name = format!("port-{index}");
    match kind {
        0 => json!({"name": name, "containerPort": port, "hostPort": 0, "protocol": ["tcp"],
            "labels": {"VIP_0": format!("/svc-{index}:80")}}),
        1 => json!({"name": name, "containerPort": port, "protocol": ["udp"]}),
        _ => json!({"name": name, "containerPort": port, "protocol": ["udp", "tcp"]}),
    }
}

/// A partial container of ours, as a pod may declare it.
fn partial() -> impl Strategy<Value = Option<Value>> {
    prop_oneof![
        4 => Just(None),
        1 => select(vec![
            json!({"name": "istio-proxy"}),
            json!({"name": "istio-proxy", "resources": {"cpus": 2}, "environment": {}}),
            json!({"name": "istio-proxy", "environment": {"ISTIO_DOMAIN": "mesh.local"}, "user": null}),
            json!({"name": "istio-proxy", "exec": null, "volumeMounts": []}),
            json!({"name": "istio-init", "artifacts": [
                {"uri": "file:///extra.tgz"}, {"uri": "file:///var/lib/istio/bundle-certs.tgz"}]}),
            json!({"name": "istio-proxy", "environment": null, "volumeMounts": [
                {"name": "istio-certs", "mountPath": "/certs"}]}),
        ]).prop_map(Some),
    ]
}
