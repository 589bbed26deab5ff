//! What `inject` prints is what `dcos marathon pod add` and `pod update` take: their requests, as
//! the DC/OS CLI sends them (dcos-core-cli `marathon.py`), with the piped bytes.

use crate::client::Client;
use crate::marathon::Marathon;
use crate::scratch::{Scratch, container_names, pod};

/// The bytes that are piped.
fn piped() -> String {
    Scratch::with(&pod("/a")).inject(&["pod.json"]).done().out
}

#[test]
fn pod_add_takes_what_is_piped() {
    let marathon = Marathon::start();
    let dcos = Client::of(&marathon);
    assert_eq!(dcos.ask("HEAD", "/v2/pods", |request| request).status, 200);
    let added = dcos.send("POST", "/v2/pods", piped());
    assert_eq!(added.status, 201, "{added:?}");
    let deployment = added.header("Marathon-Deployment-Id").unwrap().to_owned();
    marathon.wait_until(|cluster| cluster.is_settled());
    assert_eq!(marathon.see(|cluster| cluster.log().ended().to_vec()), [(deployment, "/a".into())]);
    let containers = marathon.pod("/a").unwrap();
    assert_eq!(container_names(&containers), ["app", "istio-init", "istio-proxy"]);
}

#[test]
fn pod_update_takes_what_is_piped() {
    let marathon = Marathon::start();
    let dcos = Client::of(&marathon);
    assert_eq!(dcos.send("POST", "/v2/pods", pod("/a")).status, 201);
    marathon.wait_until(|cluster| cluster.is_settled());
    assert_eq!(dcos.get("/v2/pods/a::status").status, 200);
    let updated = dcos.send("PUT", "/v2/pods/a", piped());
    assert_eq!(updated.status, 200, "{updated:?}");
    assert!(updated.header("Marathon-Deployment-Id").is_some(), "{updated:?}");
}
