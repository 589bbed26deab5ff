//! What the agent asks of Citadel: a certificate for its key, and the roots.

use std::time::Duration;

use tokio::time::timeout;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::{Request, Streaming};
use zeroize::Zeroizing;

use super::connection::CaAddress;
use super::credential::Credential;
use super::failure::Failure;
use super::trust::Trust;
use crate::identity::JoinToken;
use crate::identity::x509::{Bundle, PrivateKey};
use crate::proto::ca::IstioCertificateRequest;
use crate::proto::ca::istio_certificate_service_client::IstioCertificateServiceClient;
use crate::proto::roots::trust_bundle_service_client::TrustBundleServiceClient;
use crate::proto::roots::{StreamRootsRequest, StreamRootsResponse};

/// The longest answer that is read, in bytes: certificates, and a few roots.
const LONGEST: usize = 256 * 1024;

/// So many certificates may be in a chain, and so many roots: each is tried with each.
const MOST: usize = 32;

/// Where Citadel is asked for our Mesos task.
const TASK: &str = "x-mesh-task-id";

/// Citadel, as the agent knows it.
#[derive(Clone, Debug)]
pub struct Citadel {
    /// Where it is.
    pub address: CaAddress,
    /// How long a certificate may take, from the look for the address to the answer.
    pub patience: Duration,
}

/// What shows who we are.
#[derive(Clone, Copy, Debug)]
pub enum Proof<'p> {
    /// That the injector put us there, and as which task we run.
    Token {
        /// The join token.
        token: &'p JoinToken,
        /// The id of the Mesos task.
        task: Option<&'p str>,
    },
    /// The certificate that we have.
    Certificate(&'p Credential),
}

impl Citadel {
    /// Has a key certified, for as long as `ttl`, or for as long as Citadel sees fit. The bundle is as
    /// it came.
    ///
    /// # Errors
    /// Citadel cannot be reached, is not the one that is trusted, or refuses.
    pub async fn certify(
        &self,
        trust: Trust,
        proof: Proof<'_>,
        key: &PrivateKey,
        ttl: Option<Duration>,
    ) -> Result<Bundle, Failure> {
        let asked = self.ask(trust, proof, key, ttl);
        let mut chain = timeout(self.patience, asked).await.map_err(|_| Failure::Late)??;
        let roots = chain
            .pop()
            .filter(|_| !chain.is_empty())
            .ok_or_else(|| Failure::Answer("expected a certificate and roots".to_owned()))?;
        // Not everybody ends an element with a line break.
        let chain = chain.join("\n");
        Ok(Bundle {
            root_cert: few("roots", roots)?.into_bytes(),
            cert_chain: few("certificates of a chain", chain)?.into_bytes(),
            key: Zeroizing::new(key.to_pem().as_bytes().to_vec()),
        })
    }

    async fn ask(
        &self,
        trust: Trust,
        proof: Proof<'_>,
        key: &PrivateKey,
        ttl: Option<Duration>,
    ) -> Result<Vec<String>, Failure> {
        let (shown, identity) = match proof {
            Proof::Token { .. } => (None, None),
            Proof::Certificate(credential) => (Some(credential), Some(credential.identity())),
        };
        let csr = key.request(identity).map_err(|error| Failure::Request(error.to_string()))?;
        let seconds = ttl.map_or(0, |ttl| ttl.as_secs());
        let validity_duration = i64::try_from(seconds).unwrap_or(i64::MAX);
        let mut request = Request::new(IstioCertificateRequest { csr, validity_duration });
        if let Proof::Token { token, task } = proof {
            let bearer = Zeroizing::new(format!("Bearer {}", token.expose()));
            let mut bearer = header(&bearer, "the join token")?;
            bearer.set_sensitive(true);
            request.metadata_mut().insert("authorization", bearer);
            if let Some(task) = task {
                request.metadata_mut().insert(TASK, header(task, "the id of the Mesos task")?);
            }
        }
        let channel = self.address.connect(trust, shown).await?;
        let client = IstioCertificateServiceClient::new(channel);
        let mut client = client.max_decoding_message_size(LONGEST);
        Ok(client.create_certificate(request).await?.into_inner().cert_chain)
    }

    /// The roots as they are, and then as they change. Nobody asks who we are.
    ///
    /// # Errors
    /// Citadel cannot be reached, is not the one that is trusted, or does not tell.
    pub async fn roots(&self, trust: Trust) -> Result<Streaming<StreamRootsResponse>, Failure> {
        let asked = async {
            let channel = self.address.connect(trust, None).await?;
            let client = TrustBundleServiceClient::new(channel);
            let mut client = client.max_decoding_message_size(LONGEST);
            Ok(client.stream_roots(StreamRootsRequest {}).await?.into_inner())
        };
        timeout(self.patience, asked).await.map_err(|_| Failure::Late)?
    }
}

/// PEM that Citadel sent, if it is worth reading.
///
/// # Errors
/// It holds more than there can be need of.
pub(super) fn few(what: &str, pem: String) -> Result<String, Failure> {
    match pem.matches("-----BEGIN ").count() {
        count if count > MOST => {
            Err(Failure::Answer(format!("{count} {what}, of which {MOST} can be of use")))
        }
        _ => Ok(pem),
    }
}

fn header(text: &str, what: &str) -> Result<MetadataValue<Ascii>, Failure> {
    text.parse().map_err(|_| Failure::Request(format!("{what} cannot be sent")))
}
