//! Where a CA stands, as its one file of state tells: which authority signs, and which other one is
//! trusted beside it.

use std::fmt;

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use crate::identity::TrustDomain;
use crate::identity::x509::Certificate;

/// The version of the file's format.
const VERSION: u32 = 1;

/// The name of an authority's directory: the beginning of its certificate's SHA-256.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct AuthorityId(String);

impl AuthorityId {
    const LENGTH: usize = 16;

    /// The id of the authority that has this certificate.
    pub fn of(certificate: &Certificate) -> Self {
        Self(certificate.facts().sha256[..Self::LENGTH].to_owned())
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for AuthorityId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if text.len() == Self::LENGTH && text.bytes().all(hex) {
            return Ok(Self(text));
        }
        Err("the id of an authority is 16 hexadecimal digits")
    }
}

impl fmt::Display for AuthorityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An authority of the CA.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Signer {
    pub(super) id: AuthorityId,
    /// No leaf that it signed lives longer. Written before such a leaf is handed out, and rounded
    /// up to the hour, so that it is not written for each.
    #[serde(
        with = "time::serde::rfc3339::option",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub(super) leaves_until: Option<OffsetDateTime>,
}

impl Signer {
    pub(super) fn new(id: AuthorityId) -> Self {
        Self { id, leaves_until: None }
    }

    /// Notes that a leaf lives until `moment`; whether that is news.
    pub(super) fn promise(&mut self, moment: OffsetDateTime) -> bool {
        let news = self.leaves_until.is_none_or(|until| until < moment);
        if news {
            self.leaves_until = Some(full_hour_after(moment));
        }
        news
    }
}

fn full_hour_after(moment: OffsetDateTime) -> OffsetDateTime {
    let within = moment.unix_timestamp().rem_euclid(3600);
    // At the end of the calendar there is no later hour.
    moment.checked_add(Duration::seconds(3600 - within)).unwrap_or(moment)
}

/// How far the way to a new root has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "phase", rename_all = "camelCase", deny_unknown_fields)]
pub(super) enum Stage {
    /// One authority, one root.
    Stable { active: Signer },
    /// Bundles carry the next root too. Those from before, which lack it, all end at
    /// `informed_at`.
    Prepared {
        active: Signer,
        next: Signer,
        #[serde(
            with = "time::serde::rfc3339::option",
            default,
            rename = "informedAt",
            skip_serializing_if = "Option::is_none"
        )]
        informed_at: Option<OffsetDateTime>,
    },
    /// The new authority signs; bundles carry the previous root for its last leaves.
    Activated { active: Signer, previous: Signer },
}

/// How far the way to a new root has come, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Phase {
    /// There is one root.
    Stable,
    /// A second root is trusted, and signs nothing yet.
    Prepared,
    /// The second root signs, and the first is still trusted.
    Activated,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stable => "stable",
            Self::Prepared => "prepared",
            Self::Activated => "activated",
        })
    }
}

impl Stage {
    pub(super) fn phase(&self) -> Phase {
        match self {
            Self::Stable { .. } => Phase::Stable,
            Self::Prepared { .. } => Phase::Prepared,
            Self::Activated { .. } => Phase::Activated,
        }
    }
}

/// The content of `state.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct State {
    version: u32,
    pub(super) trust_domain: TrustDomain,
    pub(super) rotation: Stage,
}

impl State {
    /// That of a new CA.
    pub(super) fn new(trust_domain: TrustDomain, id: AuthorityId) -> Self {
        let rotation = Stage::Stable { active: Signer::new(id) };
        Self { version: VERSION, trust_domain, rotation }
    }

    /// Reads the file; the words say what is wrong with it.
    pub(super) fn parse(text: &[u8]) -> Result<Self, String> {
        let state: Self = serde_json::from_slice(text).map_err(|error| error.to_string())?;
        match state.version {
            VERSION => Ok(state),
            version => Err(format!("version {version} is none that this citadel knows")),
        }
    }

    pub(super) fn to_json(&self) -> Vec<u8> {
        let mut json = serde_json::to_vec_pretty(self).expect("the state serialises");
        json.push(b'\n');
        json
    }

    pub(super) fn phase(&self) -> Phase {
        self.rotation.phase()
    }

    /// The authority that signs.
    pub(super) fn active(&self) -> &Signer {
        match &self.rotation {
            Stage::Stable { active }
            | Stage::Prepared { active, .. }
            | Stage::Activated { active, .. } => active,
        }
    }

    pub(super) fn active_mut(&mut self) -> &mut Signer {
        match &mut self.rotation {
            Stage::Stable { active }
            | Stage::Prepared { active, .. }
            | Stage::Activated { active, .. } => active,
        }
    }

    /// The authority that is trusted beside it.
    pub(super) fn other(&self) -> Option<&Signer> {
        match &self.rotation {
            Stage::Stable { .. } => None,
            Stage::Prepared { next: other, .. } | Stage::Activated { previous: other, .. } => {
                Some(other)
            }
        }
    }
}
