//! Users who may see their own pods, and nothing of Marathon itself.

use serde_json::json;

use crate::marathon::Fault;
use crate::scratch::pod_with;
use crate::site::Site;

/// A pod on the network that Marathon takes for one without a name.
fn site() -> Site {
    let site = Site::with(&pod_with("/a", json!({"networks": [{"mode": "container"}]})));
    let no = r#"{"message": "Not Authorized to perform this action!"}"#;
    site.marathon.fault(99, "GET", "/v2/info", Fault::Answer(403, no.to_owned()));
    site
}

#[test]
fn a_pod_is_submitted_without_a_look_at_the_configuration() {
    let site = site();
    site.submit(&["pod.json"]).done();
    assert_eq!(site.writes(), ["POST /v2/pods"]);
}

#[test]
fn a_pod_that_runs_is_left_alone_whatever_its_network_is_called() {
    let site = site();
    site.submit(&["pod.json"]).done();
    site.submit(&["pod.json"]).done().says("runs this definition already");
    assert_eq!(site.writes(), ["POST /v2/pods"]);
    site.diff_live(&["--exit-code", "pod.json"]).done();
}
