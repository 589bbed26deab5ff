//! An Envoy of the tests' own: it asks for secrets on the socket, and accepts them or does not.

use std::path::Path;

use marathon_inject::identity::x509::{Certificate, PrivateKey};
use marathon_inject::proto::SECRET_TYPE;
use marathon_inject::proto::sds::data_source::Specifier;
use marathon_inject::proto::sds::secret::Type;
use marathon_inject::proto::sds::secret_discovery_service_client::SecretDiscoveryServiceClient;
use marathon_inject::proto::sds::{
    Any, DataSource, DiscoveryRequest, DiscoveryResponse, Secret, Status as Words,
};
use prost::Message;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;
use tonic::transport::{Channel, Endpoint};

use crate::{PATIENCE, eventually};

pub(crate) type Client = SecretDiscoveryServiceClient<Channel>;

/// A client on a socket, once there is one.
pub(crate) async fn client(socket: &Path) -> Client {
    eventually("the socket", || socket.exists().then_some(())).await;
    let endpoint = Endpoint::from_shared(format!("unix:{}", socket.display())).unwrap();
    SecretDiscoveryServiceClient::new(endpoint.connect().await.unwrap())
}

/// A stream of `StreamSecrets`.
pub(crate) struct Stream {
    names: Vec<String>,
    requests: mpsc::Sender<DiscoveryRequest>,
    responses: Streaming<DiscoveryResponse>,
}

/// A certificate and key, as they came.
pub(crate) struct Pair {
    pub(crate) leaf: Certificate,
    pub(crate) key: PrivateKey,
}

impl Stream {
    /// Asks for names, for the first time on a new stream.
    pub(crate) async fn open(socket: &Path, names: &[&str]) -> Self {
        Self::reopen(socket, names, "").await
    }

    /// The same, with the version that was accepted on an earlier stream.
    pub(crate) async fn reopen(socket: &Path, names: &[&str], version: &str) -> Self {
        let (requests, receive) = mpsc::channel(8);
        let names: Vec<_> = names.iter().map(ToString::to_string).collect();
        let first = DiscoveryRequest {
            version_info: version.to_owned(),
            resource_names: names.clone(),
            type_url: SECRET_TYPE.to_owned(),
            ..DiscoveryRequest::default()
        };
        requests.send(first).await.unwrap();
        let answered = client(socket).await.stream_secrets(ReceiverStream::new(receive)).await;
        Self { names, requests, responses: answered.unwrap().into_inner() }
    }

    /// The next response.
    pub(crate) async fn next(&mut self) -> DiscoveryResponse {
        let message = timeout(PATIENCE, self.responses.message()).await;
        message.expect("a response in time").unwrap().expect("an open stream")
    }

    /// Whether one is there, or comes within a moment.
    pub(crate) async fn is_quiet(&mut self) -> bool {
        let moment = std::time::Duration::from_millis(300);
        timeout(moment, self.responses.message()).await.is_err()
    }

    pub(crate) async fn accept(&self, response: &DiscoveryResponse) {
        self.answer(response, &response.version_info, None).await;
    }

    pub(crate) async fn reject(&self, response: &DiscoveryResponse) {
        let words = Words { code: 13, message: "KEY_VALUES_MISMATCH".to_owned() };
        self.answer(response, "", Some(words)).await;
    }

    async fn answer(&self, to: &DiscoveryResponse, version: &str, error: Option<Words>) {
        let request = DiscoveryRequest {
            version_info: version.to_owned(),
            resource_names: self.names.clone(),
            type_url: SECRET_TYPE.to_owned(),
            response_nonce: to.nonce.clone(),
            error_detail: error,
        };
        self.requests.send(request).await.unwrap();
    }

    /// The next response, accepted.
    pub(crate) async fn take(&mut self) -> DiscoveryResponse {
        let response = self.next().await;
        self.accept(&response).await;
        response
    }

    /// Asks for names without an answer to anything.
    pub(crate) async fn ask(&mut self, names: &[&str]) {
        self.want(names, &DiscoveryResponse::default()).await;
    }

    /// The names that are wanted from now on.
    pub(crate) async fn want(&mut self, names: &[&str], after: &DiscoveryResponse) {
        self.names = names.iter().map(ToString::to_string).collect();
        self.accept(after).await;
    }
}

pub(crate) fn names(response: &DiscoveryResponse) -> Vec<String> {
    response.resources.iter().map(|any| secret(any).name).collect()
}

pub(crate) fn secret(any: &Any) -> Secret {
    assert_eq!(any.type_url, SECRET_TYPE);
    Secret::decode(&any.value[..]).unwrap()
}

fn bytes(source: Option<DataSource>) -> Vec<u8> {
    let Some(Specifier::InlineBytes(bytes)) = source.unwrap().specifier else { panic!() };
    bytes
}

/// The certificate and key among some resources.
pub(crate) fn pair<'a>(resources: impl IntoIterator<Item = &'a Any>) -> Pair {
    let found = resources.into_iter().find_map(|any| match secret(any).r#type {
        Some(Type::TlsCertificate(found)) => Some(found),
        _ => None,
    });
    let found = found.expect("a certificate");
    let chain = Certificate::all_from_pem(&bytes(found.certificate_chain)).unwrap();
    let key = PrivateKey::from_pem(&bytes(found.private_key)).unwrap();
    Pair { leaf: chain[0].clone(), key }
}

/// The roots among some resources.
pub(crate) fn roots<'a>(resources: impl IntoIterator<Item = &'a Any>) -> Vec<Certificate> {
    let found = resources.into_iter().find_map(|any| match secret(any).r#type {
        Some(Type::ValidationContext(found)) => Some(found),
        _ => None,
    });
    Certificate::all_from_pem(&bytes(found.expect("roots").trusted_ca)).unwrap()
}
