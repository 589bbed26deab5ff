//! The way from one root to the next, in three steps, so that at no moment a workload meets a
//! certificate whose root it does not know:
//!
//! 1. prepare: bundles carry the next root beside the present one;
//! 2. activate, once every bundle without it has ended: the next root signs;
//! 3. retire, once every leaf of the old root has ended: nobody trusts it any more.

use time::OffsetDateTime;

use super::state::{AuthorityId, Phase, Signer, Stage};
use crate::identity::x509::{BACKDATE, rfc3339};

/// Whether a step waits until nobody can be hurt by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// It is refused before.
    Wait,
    /// It is taken at once: somebody's key is in the wrong hands.
    Force,
}

/// Why a step is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RotationError {
    /// Another step is next.
    #[error("the rotation is {phase}: {step} is not its next step")]
    NotNext {
        /// How far it has come.
        phase: Phase,
        /// The step that was asked for.
        step: &'static str,
    },
    /// Leaves are still valid that the step would cut off.
    #[error("too early to {step}: until {until} {why}")]
    TooEarly {
        /// The step that was asked for.
        step: &'static str,
        /// When it can be taken.
        until: String,
        /// Who would be cut off.
        why: &'static str,
    },
}

impl RotationError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NotNext { phase: Phase::Stable, .. } => "begin with `citadel rotate-root prepare`",
            Self::NotNext { phase: Phase::Prepared, .. } => {
                "go on with `citadel rotate-root activate`"
            }
            Self::NotNext { phase: Phase::Activated, .. } => {
                "end it with `citadel rotate-root retire`"
            }
            Self::TooEarly { .. } => {
                "wait, and let every pod fetch a new bundle meanwhile; --force cuts them off"
            }
        };
        Some(hint.to_owned())
    }
}

impl Stage {
    pub(super) fn prepare(self, next: AuthorityId) -> Result<Self, RotationError> {
        match self {
            Self::Stable { active } => {
                let informed_at = active.leaves_until;
                Ok(Self::Prepared { active, next: Signer::new(next), informed_at })
            }
            other => Err(other.not_next("prepare")),
        }
    }

    pub(super) fn activate(
        self,
        patience: Patience,
        now: OffsetDateTime,
    ) -> Result<Self, RotationError> {
        let Self::Prepared { active, next, informed_at } = self else {
            return Err(self.not_next("activate"));
        };
        let why = "pods can hold bundles that lack the next root, and would refuse its leaves";
        wait("activate", informed_at, why, patience, now)?;
        Ok(Self::Activated { active: next, previous: active })
    }

    pub(super) fn retire(
        self,
        patience: Patience,
        now: OffsetDateTime,
    ) -> Result<Self, RotationError> {
        let Self::Activated { active, previous } = self else {
            return Err(self.not_next("retire"));
        };
        let why = "leaves of the old root can be valid, and would be refused";
        wait("retire", previous.leaves_until, why, patience, now)?;
        Ok(Self::Stable { active })
    }

    fn not_next(&self, step: &'static str) -> RotationError {
        RotationError::NotNext { phase: self.phase(), step }
    }
}

/// Refuses a step before its time; to peers whose clocks are late a leaf lives a little longer.
fn wait(
    step: &'static str,
    until: Option<OffsetDateTime>,
    why: &'static str,
    patience: Patience,
    now: OffsetDateTime,
) -> Result<(), RotationError> {
    let late = time::Duration::try_from(BACKDATE).expect("two minutes are short");
    match until.map(|until| until.saturating_add(late)) {
        Some(until) if patience == Patience::Wait && now < until => {
            Err(RotationError::TooEarly { step, until: rfc3339(until), why })
        }
        _ => Ok(()),
    }
}
