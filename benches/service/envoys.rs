//! A node agent, and as many Envoys as one likes on its socket.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use marathon_inject::proto::SECRET_TYPE;
use marathon_inject::proto::sds::secret_discovery_service_client::SecretDiscoveryServiceClient;
use marathon_inject::proto::sds::{DiscoveryRequest, DiscoveryResponse};
use rustix::process::Pid;
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;
use tonic::transport::{Channel, Endpoint};

use crate::site::{Service, Site};

const PATIENCE: Duration = Duration::from_secs(20);

/// `node-agent`, until it is dropped.
pub(crate) struct Agent {
    child: Child,
    dir: TempDir,
}

impl Agent {
    /// One that joins by a token of the site.
    pub(crate) fn start(site: &Site, service: &Service) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = site.roots()[0].facts().sha256.clone();
        let child = Command::new(env!("CARGO_BIN_EXE_node-agent"))
            .args(["--ca-address", &service.address.to_string(), "--ca-root-sha256", &root])
            .args(["--status-listen", "127.0.0.1:0", "--allow-root"])
            .arg("--sds-socket")
            .arg(dir.path().join("sds.sock"))
            .arg("--state-dir")
            .arg(dir.path().join("state"))
            .env("MESH_JOIN_TOKEN", "token-0")
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let agent = Self { child, dir };
        let begun = Instant::now();
        while !agent.socket().exists() {
            assert!(begun.elapsed() < PATIENCE, "the agent does not listen");
            std::thread::sleep(Duration::from_millis(10));
        }
        agent
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.dir.path().join("sds.sock")
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A connection with the two streams that an Envoy has, each of which has got its secret.
pub(crate) struct Envoy {
    _streams: [(mpsc::Sender<DiscoveryRequest>, Streaming<DiscoveryResponse>); 2],
}

impl Envoy {
    pub(crate) async fn connect(socket: impl AsRef<Path>) -> Self {
        let endpoint = Endpoint::from_shared(format!("unix:{}", socket.as_ref().display()));
        let channel = endpoint.unwrap().connect().await.unwrap();
        Self { _streams: [stream(&channel, "default").await, stream(&channel, "ROOTCA").await] }
    }
}

async fn stream(
    channel: &Channel,
    name: &str,
) -> (mpsc::Sender<DiscoveryRequest>, Streaming<DiscoveryResponse>) {
    let (requests, received) = mpsc::channel(4);
    let mut client = SecretDiscoveryServiceClient::new(channel.clone());
    let asked = DiscoveryRequest {
        resource_names: vec![name.to_owned()],
        type_url: SECRET_TYPE.to_owned(),
        ..DiscoveryRequest::default()
    };
    requests.send(asked.clone()).await.unwrap();
    let answered = client.stream_secrets(ReceiverStream::new(received)).await.unwrap();
    let mut responses = answered.into_inner();
    let response = responses.message().await.unwrap().unwrap();
    let accepted = DiscoveryRequest {
        version_info: response.version_info,
        response_nonce: response.nonce,
        ..asked
    };
    requests.send(accepted).await.unwrap();
    (requests, responses)
}
