//! The stage of pods whose keys never leave them: the mesh, with Marathon and Citadel's service.
#![allow(dead_code, reason = "the tests and the example each take what they need")]

use std::sync::Arc;

use crate::calls::Caller;
use crate::citadel::{Citadel, JOIN_KEY, MARATHON_PORT, PORT, marathon_url};
use crate::marathon::Marathon;
use crate::mesh::Mesh;
use crate::mesos::{HOST, Instance, Pod};
use crate::parts;
use crate::pilot::Certificates;

pub(crate) struct Secured {
    certificates: Certificates,
    // Dropped first: pods and who serves them, before the agent.
    pub(crate) marathon: Marathon,
    pub(crate) citadel: Citadel,
    pub(crate) mesh: Mesh,
}

impl Secured {
    /// Without pods; proxies are to have their certificates over the sockets of their node agents.
    /// Citadel gets these flags.
    pub(crate) fn start(flags: &[&str]) -> Self {
        Self::with(Certificates::Agent, flags)
    }

    /// The same, but proxies have their certificates from there.
    pub(crate) fn with(certificates: Certificates, flags: &[&str]) -> Self {
        let mesh = Mesh::start();
        mesh.pilot.certificates(certificates);
        let marathon = Marathon::serve(mesh.agent.listen(MARATHON_PORT), &mesh.agent);
        let citadel = Citadel::start(&mesh.agent, &mesh.authority, flags);
        Self { certificates, marathon, citadel, mesh }
    }

    /// Submits a pod, injected with a node agent.
    pub(crate) fn submit(&self, file: &str, flags: &[&str]) -> Arc<Pod> {
        let root = self.mesh.authority.root_sha256();
        // For files that change, pilot-agent starts Envoy anew.
        let output = match self.certificates {
            Certificates::Agent => "sds",
            Certificates::Files => "files",
        };
        let output = self
            .mesh
            .agent
            .command(parts::inject())
            .args(["submit", file, "--settle", "0s", "--quiet"])
            .args(["--certs", "agent", "--ca-root-sha256", &root, "--agent-image", AGENT_IMAGE])
            .args(["--agent-output", output])
            .args(["--ca-address", &format!("{HOST}:{PORT}")])
            .args(["--marathon", &marathon_url()])
            .arg("--join-key")
            .arg(self.mesh.authority.path(JOIN_KEY))
            .args(flags)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .env_clear()
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{stderr}{}", self.citadel.log());
        let text = std::fs::read_to_string(file).unwrap();
        let id = serde_json::from_str::<serde_json::Value>(&text).unwrap()["id"].clone();
        self.marathon.pod(id.as_str().unwrap())
    }
}

/// The image of `istio-agent` that brings the agent itself.
pub(crate) const AGENT_IMAGE: &str = "mesh/node-agent";

/// The serial number of the certificate that Envoy has, once it has one.
pub(crate) fn serial_in_envoy(instance: &Instance) -> Option<String> {
    let text = instance.inside("istio-proxy").curl(&["http://127.0.0.1:15000/certs"]);
    let certificates: serde_json::Value = serde_json::from_str(&text).ok()?;
    let serial = certificates.pointer("/certificates/0/cert_chain/0/serial_number")?;
    Some(serial.as_str()?.to_owned())
}

/// How many roots Envoy trusts.
pub(crate) fn roots_in_envoy(instance: &Instance) -> usize {
    let text = instance.inside("istio-proxy").curl(&["http://127.0.0.1:15000/certs"]);
    let certificates: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    let all = certificates["certificates"].as_array().into_iter().flatten();
    all.map(|one| one["ca_cert"].as_array().map_or(0, Vec::len)).max().unwrap_or(0)
}
