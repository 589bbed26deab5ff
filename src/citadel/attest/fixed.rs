//! Attestation by a list of tokens, for meshes without Marathon and for tests. The list, a TOML
//! file, holds none of them, only what they hash to:
//!
//! ```toml
//! [[token]]
//! sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
//! identity = "spiffe://cluster.local/ns/default/sa/default"
//! expires = "2026-12-31T00:00:00Z"   # or never
//! ```
//!
//! A token is of use once, and then the certificate that it brought renews itself.

use std::ops::Range;
use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use serde::Deserialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use toml::Spanned;

use super::file::{FileFault, parse};
use super::policy::identity_of;
use super::{Applicant, Attested, Denied, Method, certified, taken};
use crate::citadel::enrolments::{Enrolments, Subject};
use crate::identity::x509::hex;
use crate::identity::{JoinToken, SpiffeId, TrustDomain};

/// The tokens of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenList(Vec<Listed>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Listed {
    sha256: String,
    identity: SpiffeId,
    expires: Option<OffsetDateTime>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    token: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    sha256: Spanned<String>,
    identity: Spanned<String>,
    expires: Option<Spanned<String>>,
}

impl TokenList {
    /// Reads the list's text, for a CA of this trust domain.
    ///
    /// # Errors
    /// It is no TOML, has unknown members or one token twice, or names what is no SHA-256, no time,
    /// or no identity that the CA vouches for.
    pub fn parse(text: &str, trust_domain: &TrustDomain) -> Result<Self, FileFault> {
        let file: File = parse(text)?;
        let mut list = Self(Vec::new());
        for entry in &file.token {
            let listed = entry
                .read(trust_domain)
                .map_err(|(span, words)| FileFault::new(text, span, words))?;
            if list.0.iter().any(|other| other.sha256 == listed.sha256) {
                let words = "the same token stands above".to_owned();
                return Err(FileFault::new(text, entry.sha256.span(), words));
            }
            list.0.push(listed);
        }
        Ok(list)
    }

    /// Whom a token is for. All are looked at, each in the same time, wherever it differs.
    fn find(&self, token: &JoinToken) -> Option<&Listed> {
        let sha256 = sha256(token);
        let same = |it: &Listed| verify_slices_are_equal(it.sha256.as_bytes(), sha256.as_bytes());
        self.0.iter().fold(None, |found, it| if same(it).is_ok() { Some(it) } else { found })
    }
}

impl Entry {
    fn read(&self, trust_domain: &TrustDomain) -> Result<Listed, (Range<usize>, String)> {
        let sha256 = self.sha256.get_ref().to_ascii_lowercase();
        if sha256.len() != 64 || !sha256.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            let words = "expected a SHA-256, 64 hexadecimal digits".to_owned();
            return Err((self.sha256.span(), words));
        }
        let identity = identity_of(self.identity.get_ref(), trust_domain)
            .map_err(|words| (self.identity.span(), words))?;
        let expires = self.expires.as_ref().map(|expires| {
            let words = "expected a time as 2026-12-31T00:00:00Z".to_owned();
            OffsetDateTime::parse(expires.get_ref(), &Rfc3339).map_err(|_| (expires.span(), words))
        });
        Ok(Listed { sha256, identity, expires: expires.transpose()? })
    }
}

pub(super) struct FixedAttestor {
    tokens: TokenList,
    enrolments: Arc<Enrolments>,
}

impl FixedAttestor {
    pub(super) fn new(tokens: TokenList, enrolments: Arc<Enrolments>) -> Self {
        Self { tokens, enrolments }
    }

    /// A certificate counts before a token: whoever has one has joined.
    pub(super) fn attest(
        &self,
        applicant: &Applicant,
        now: OffsetDateTime,
    ) -> Result<Attested, Denied> {
        match (&applicant.certificate, &applicant.token) {
            (Some(certificate), _) => certified(certificate),
            (None, Some(token)) => self.enrol(applicant, token, now),
            (None, None) => {
                Err(Denied::Unauthenticated("neither token nor certificate".to_owned()))
            }
        }
    }

    fn enrol(
        &self,
        applicant: &Applicant,
        token: &JoinToken,
        now: OffsetDateTime,
    ) -> Result<Attested, Denied> {
        let listed = self.tokens.find(token);
        let listed =
            listed.ok_or_else(|| Denied::Unauthenticated("the token is not listed".to_owned()))?;
        if listed.expires.is_some_and(|expires| expires <= now) {
            return Err(Denied::Unauthenticated("the token has expired".to_owned()));
        }
        if self.enrolments.is_taken(&subject(token), &applicant.key_sha256) {
            return Err(taken());
        }
        let identity = listed.identity.clone();
        Ok(Attested { identity, task: None, method: Method::Token })
    }
}

/// What is enrolled once only where there is no task.
pub(super) fn subject(token: &JoinToken) -> Subject {
    Subject::Token(sha256(token))
}

fn sha256(token: &JoinToken) -> String {
    hex(digest(&SHA256, token.expose().as_bytes()).as_ref())
}
