//! The container `istio-agent`: the node agent, which makes the pod's key, has Citadel sign it, and
//! hands both on to `istio-proxy` by the volume that they share.
//!
//! Who Citadel is and the token with which the pod joins the mesh stand in its environment only: the
//! other containers of the pod have no use for them.

use std::borrow::Cow;

use super::addition::{Artifact, Container, Environment, Exec, Image, Resources, number};
use super::{certs, init, placeholder};
use crate::settings::{AgentOutput, PROXY_UID, Settings};

pub(super) const NAME: &str = "istio-agent";

/// What the container runs.
pub(super) const SCRIPT: &str = include_str!("scripts/istio-agent.sh");

/// The socket of Envoy's SDS, in the shared volume: the path of a socket has at most 106 bytes, and
/// sandboxes have longer ones.
const SOCKET: &str = "/etc/certs/sds.sock";

/// The name of the fetched program in the sandbox, where the script looks for it.
const PROGRAM: &str = "node-agent";

pub(super) fn container(settings: &Settings) -> Container<'_> {
    let agent = &settings.agent;
    let image = agent.image.as_ref().unwrap_or(&settings.proxy_image);
    Container {
        name: NAME,
        image: Image::of(image, settings.image_pull_policy),
        user: "root",
        resources: Resources {
            cpus: number(agent.cpu.shares()),
            mem: number(agent.memory.number()),
        },
        environment: environment(settings),
        artifacts: agent.image.is_none().then(|| [program(settings)]),
        volume_mounts: Some([certs::writable_mount()]),
        exec: Exec::script(SCRIPT),
    }
}

/// The socket, if nothing else is handed on; else nothing.
pub(super) fn only_socket(settings: &Settings) -> &'static str {
    if settings.agent.output == AgentOutput::Sds { SOCKET } else { "" }
}

fn program(settings: &Settings) -> Artifact {
    Artifact {
        uri: settings.agent.uri.as_str().to_owned(),
        dest_path: PROGRAM,
        extract: None,
        executable: Some(true),
    }
}

/// What is turned off is written all the same: a variable of the pod's own environment must not
/// take its place.
fn environment(settings: &Settings) -> Environment<'_> {
    let agent = &settings.agent;
    let unless = |off, value| Cow::Borrowed(if agent.output == off { "" } else { value });
    Environment(vec![
        ("PATH", Cow::Borrowed(init::PATH)),
        ("ISTIO_CERTS_DIR", Cow::Borrowed(certs::MOUNT_PATH)),
        ("ISTIO_PROXY_UID", Cow::Owned(PROXY_UID.to_string())),
        ("ISTIO_AGENT_CA_ADDRESS", Cow::Borrowed(agent.ca_address.as_str())),
        ("ISTIO_AGENT_CA_SERVER_NAME", Cow::Borrowed(agent.ca_server_name.as_str())),
        ("ISTIO_AGENT_CA_ROOT_SHA256", Cow::Owned(agent.ca_root_sha256.to_string())),
        ("ISTIO_AGENT_SDS_SOCKET", unless(AgentOutput::Files, SOCKET)),
        ("ISTIO_AGENT_OUTPUT_DIR", unless(AgentOutput::Sds, certs::MOUNT_PATH)),
        (placeholder::TOKEN_VARIABLE, Cow::Borrowed(placeholder::EMPTY)),
    ])
}
