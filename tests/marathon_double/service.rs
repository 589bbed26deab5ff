//! What Marathon says of itself.

use serde_json::json;

use crate::marathon;

#[test]
fn it_says_what_it_can() {
    let (marathon, client) = marathon();
    let info = client.get("/v2/info").json();
    let address = marathon.url().replace("http://", "");
    assert_eq!(info["leader"], address.as_str());
    assert_eq!(info["name"], "marathon");
    let config = &info["marathon_config"];
    assert_eq!(config["features"], json!(["secrets", "vips", "task_killing"]));
    assert_eq!(config["default_network_name"], "dcos");
    assert_eq!(
        (&config["mesos_user"], &config["mesos_role"]),
        (&json!("root"), &json!("slave_public"))
    );
    assert_eq!(client.get("/v2/leader").json(), json!({"leader": address}));
}

#[test]
fn a_ping_is_answered() {
    let (_marathon, client) = marathon();
    assert_eq!(client.get("/ping").body, "pong");
    let json = client.ask("GET", "/ping", |it| it.header("accept", "application/json"));
    assert_eq!(json.json(), "pong");
}

#[test]
fn requests_are_recorded_as_they_came() {
    let (marathon, client) = marathon();
    client.get("/v2/pods::status?x=1");
    client.send("PUT", "/v2/pods/a?force=true", "{}");
    let requests = marathon.requests();
    assert_eq!(requests[0].target, "/v2/pods::status?x=1");
    assert!(!requests[0].is_write());
    let writes = marathon.writes();
    assert_eq!(writes.len(), 1);
    assert_eq!((writes[0].method.as_str(), writes[0].body.as_str()), ("PUT", "{}"));
    assert_eq!((writes[0].content_length, writes[0].is_chunked), (Some(2), false));
}
