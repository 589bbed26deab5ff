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
    #[serde(with = "time::serde::rfc3339::option")]
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
        #[serde(with = "time::serde::rfc3339::option", rename = "informedAt")]
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

/// What a CA is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Role {
    /// It certifies workloads.
    Signing,
    /// It signs the intermediates of other CAs, and is kept away from them.
    OfflineRoot,
}

/// The content of `state.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct State {
    version: u32,
    pub(super) trust_domain: TrustDomain,
    pub(super) role: Role,
    pub(super) rotation: Stage,
}

impl State {
    /// That of a new CA.
    pub(super) fn new(trust_domain: TrustDomain, role: Role, id: AuthorityId) -> Self {
        let rotation = Stage::Stable { active: Signer::new(id) };
        Self { version: VERSION, trust_domain, role, rotation }
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

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn id() -> AuthorityId {
        "0123456789abcdef".to_owned().try_into().unwrap()
    }

    #[test]
    fn every_stage_survives_the_file() {
        let moment = datetime!(2026-11-22 15:00 UTC);
        let signer = || Signer { id: id(), leaves_until: Some(moment) };
        for rotation in [
            Stage::Stable { active: Signer::new(id()) },
            Stage::Prepared { active: signer(), next: signer(), informed_at: Some(moment) },
            Stage::Prepared { active: signer(), next: signer(), informed_at: None },
            Stage::Activated { active: signer(), previous: signer() },
        ] {
            let mut state = State::new(TrustDomain::default(), Role::Signing, id());
            state.rotation = rotation;
            assert_eq!(State::parse(&state.to_json()), Ok(state));
        }
    }

    #[test]
    fn a_file_that_is_not_wholly_understood_is_refused() {
        let json =
            String::from_utf8(State::new(TrustDomain::default(), Role::Signing, id()).to_json())
                .unwrap();
        for (old, new) in [
            ("\"version\": 1", "\"version\": 2"),
            ("\"version\": 1", "\"version\": 1, \"more\": 1"),
            ("\"phase\": \"stable\"", "\"phase\": \"else\""),
            (",\n      \"leavesUntil\": null", ""),
            ("\"signing\"", "\"else\""),
            ("cluster.local", "Cluster/local"),
            ("0123456789abcdef", "../../../etc/ssl"),
            ("0123456789abcdef", "0123456789ABCDEF"),
            ("}\n}", "}"),
        ] {
            let other = json.replace(old, new);
            assert_ne!(other, json, "{old}");
            assert!(State::parse(other.as_bytes()).is_err(), "{other}");
        }
    }

    #[test]
    fn a_promise_holds_for_the_hour_and_is_news_only_beyond() {
        let mut signer = Signer::new(id());
        assert!(signer.promise(datetime!(2026-11-22 15:10 UTC)));
        assert_eq!(signer.leaves_until, Some(datetime!(2026-11-22 16:00 UTC)));
        assert!(!signer.promise(datetime!(2026-11-22 15:59 UTC)));
        assert!(!signer.promise(datetime!(2026-11-22 12:00 UTC)));
        assert!(signer.promise(datetime!(2026-11-22 16:01 UTC)));
        assert_eq!(signer.leaves_until, Some(datetime!(2026-11-22 17:00 UTC)));
    }
}
