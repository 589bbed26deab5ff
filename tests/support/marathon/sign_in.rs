//! Signing in to DC/OS: a password, or a token that a service account signed itself
//! (`POST /acs/api/v1/auth/login`, DC/OS IAM API).

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls_pki_types::SubjectPublicKeyInfoDer;
use rustls_pki_types::pem::PemObject;
use serde::Deserialize;
use time::OffsetDateTime;

use super::access::{Access, DcOs};
use super::cluster::Cluster;

/// Where people and service accounts sign in.
pub(super) const LOGIN: &str = "/acs/api/v1/auth/login";

/// The body of a sign-in.
#[derive(Deserialize)]
struct Login {
    uid: String,
    password: Option<String>,
    token: Option<String>,
}

/// What the token of a service account says.
#[derive(Deserialize)]
struct Claims {
    uid: String,
    /// Seconds since 1970.
    exp: i64,
}

#[derive(Deserialize)]
struct Head {
    alg: String,
}

impl Cluster {
    /// The token that the body of a sign-in earns.
    pub(super) fn sign_in(&mut self, body: &[u8]) -> Option<String> {
        let Access::DcOs(dcos) = self.sessions.access() else { return None };
        let login: Login = serde_json::from_slice(body).ok()?;
        let proved = match (&login.password, &login.token) {
            (Some(password), None) => dcos.users.get(&login.uid) == Some(password),
            (None, Some(token)) => is_signed(dcos, &login.uid, token).is_some(),
            _ => false,
        };
        if !proved {
            return None;
        }
        let token = self.clock.uuid();
        self.sessions.sign_in(&login.uid, token.clone());
        Some(token)
    }
}

/// Whether a JWT (RFC 7519) is the account's own and still holds.
fn is_signed(dcos: &DcOs, uid: &str, token: &str) -> Option<()> {
    let (signed, signature) = token.rsplit_once('.')?;
    let (head, claims) = signed.split_once('.')?;
    let head: Head = decoded(head)?;
    let claims: Claims = decoded(claims)?;
    let now = OffsetDateTime::now_utc().unix_timestamp();
    if head.alg != "RS256" || claims.uid != uid || claims.exp <= now {
        return None;
    }
    let pem = dcos.service_accounts.get(uid)?;
    let key = SubjectPublicKeyInfoDer::from_pem_slice(pem.as_bytes()).ok()?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.as_ref())
        .verify(signed.as_bytes(), &signature)
        .ok()
}

fn decoded<T: for<'de> Deserialize<'de>>(part: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}
