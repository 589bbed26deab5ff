//! Who is at the other end: what the connection shows, and what the request says.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use time::OffsetDateTime;
use tonic::Request;
use tonic::metadata::MetadataMap;

use crate::citadel::attest::{Applicant, Denied};
use crate::identity::JoinToken;
use crate::identity::x509::{Certificate, PathError, PublicKey, check_path};

/// The header of a join token, with the scheme before it (RFC 6750 §2.1).
const TOKEN: &str = "authorization";
const SCHEME: &str = "bearer";

/// The header in which a task says which it is.
const TASK: &str = "x-mesh-task-id";

/// The other end of a connection.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    address: SocketAddr,
    /// The certificate that it showed, and those above; empty if it showed none.
    chain: Arc<[Certificate]>,
    proven: Arc<Mutex<Option<Proven>>>,
}

/// That a chain leads to one of these roots, as long as nothing of it ends.
#[derive(Debug)]
struct Proven {
    roots: Arc<[Certificate]>,
    from: OffsetDateTime,
    until: OffsetDateTime,
}

impl Peer {
    pub(super) fn new(address: SocketAddr, chain: Arc<[Certificate]>) -> Self {
        Self { address, chain, proven: Arc::default() }
    }

    /// The certificate, if it is valid now and leads to one of `roots`. That it was valid when the
    /// connection was made says nothing of now; but signatures that were checked once for these
    /// roots are as good as then.
    fn certificate(
        &self,
        roots: &Arc<[Certificate]>,
        now: OffsetDateTime,
    ) -> Result<Option<&Certificate>, PathError> {
        let [leaf, between @ ..] = &self.chain[..] else { return Ok(None) };
        let mut proven = self.proven.lock().unwrap_or_else(PoisonError::into_inner);
        let known =
            |it: &Proven| Arc::ptr_eq(&it.roots, roots) && (it.from..=it.until).contains(&now);
        if !proven.as_ref().is_some_and(known) {
            *proven = None;
            let root = check_path(leaf, between, roots, now)?;
            *proven = Some(Proven::of(self.chain.iter().chain([root]), roots));
        }
        Ok(Some(leaf))
    }
}

impl Proven {
    fn of<'c>(way: impl Iterator<Item = &'c Certificate>, roots: &Arc<[Certificate]>) -> Self {
        let always = (OffsetDateTime::UNIX_EPOCH, time::macros::datetime!(9999-12-31 23:59:59 UTC));
        let (from, until) = way.fold(always, |(from, until), certificate| {
            let facts = certificate.facts();
            (from.max(facts.not_before), until.min(facts.not_after))
        });
        Self { roots: Arc::clone(roots), from, until }
    }
}

/// Who asks, before anything is known of the CSR.
#[derive(Debug)]
pub(super) struct Caller {
    pub(super) address: SocketAddr,
    pub(super) certificate: Option<Certificate>,
    pub(super) token: Option<JoinToken>,
    pub(super) task_id: Option<String>,
    /// What was shown and is worth nothing.
    flaw: Option<String>,
}

impl Caller {
    /// Reads who asks.
    pub(super) fn of<T>(
        request: &Request<T>,
        roots: &Arc<[Certificate]>,
        now: OffsetDateTime,
    ) -> Self {
        let peer = request.extensions().get::<Peer>().expect("every connection has a peer");
        let (certificate, flaw) = match peer.certificate(roots, now) {
            Ok(certificate) => (certificate.cloned(), None),
            Err(error) => (None, Some(format!("its certificate: {error}"))),
        };
        let token = only(request.metadata(), TOKEN).and_then(token);
        let task_id = only(request.metadata(), TASK).map(str::to_owned);
        Self { address: peer.address, certificate, token, task_id, flaw }
    }

    /// The address, without its port; an IPv4 address is one also where it came by IPv6.
    pub(super) fn host(&self) -> IpAddr {
        self.address.ip().to_canonical()
    }

    /// The caller as one who applies for a certificate of a key.
    ///
    /// # Errors
    /// What it showed is worth nothing, which no other proof makes good.
    pub(super) fn applicant(&self, key: &PublicKey) -> Result<Applicant, Denied> {
        if let Some(flaw) = &self.flaw {
            return Err(Denied::Unauthenticated(flaw.clone()));
        }
        Ok(Applicant {
            address: self.host(),
            token: self.token.clone(),
            task_id: self.task_id.clone(),
            certificate: self.certificate.clone(),
            key_sha256: key.sha256(),
        })
    }
}

/// The token of an authorization, if it is one.
fn token(authorization: &str) -> Option<JoinToken> {
    let (scheme, token) = authorization.split_once(' ')?;
    scheme.eq_ignore_ascii_case(SCHEME).then(|| JoinToken::new(token.trim()))
}

/// A header, if it is text and stands there once; of two nobody knows which is meant.
fn only<'m>(metadata: &'m MetadataMap, name: &str) -> Option<&'m str> {
    let mut values = metadata.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}
