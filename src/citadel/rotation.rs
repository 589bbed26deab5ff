//! The way from one root to the next, in three steps, so that at no moment a workload meets a
//! certificate whose root it does not know:
//!
//! 1. prepare: bundles carry the next root beside the present one;
//! 2. activate, once every bundle without it has ended: the next root signs;
//! 3. retire, once every leaf of the old root has ended: bundles no longer carry it.
//!
//! Until it is activated, the next root has signed nothing, and can be cancelled.

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
            Self::NotNext { phase: Phase::Stable, .. } => {
                "begin with `citadel rotate-root prepare`"
            }
            Self::NotNext { phase: Phase::Prepared, .. } => {
                "go on with `citadel rotate-root activate`, or back with `cancel`"
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
    /// When the next step can be taken; `None` at any time.
    pub(super) fn due(&self) -> Option<OffsetDateTime> {
        let last = match self {
            Self::Stable { .. } => None,
            Self::Prepared { informed_at, .. } => *informed_at,
            Self::Activated { previous, .. } => previous.leaves_until,
        };
        // To peers whose clocks are late a leaf lives a little longer.
        let late = time::Duration::try_from(BACKDATE).expect("two minutes are short");
        last.map(|last| last.saturating_add(late))
    }

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
        let due = self.due();
        let Self::Prepared { active, next, .. } = self else {
            return Err(self.not_next("activate"));
        };
        let why = "pods can hold bundles that lack the next root, and would refuse its leaves";
        wait("activate", due, why, patience, now)?;
        Ok(Self::Activated { active: next, previous: active })
    }

    pub(super) fn retire(
        self,
        patience: Patience,
        now: OffsetDateTime,
    ) -> Result<Self, RotationError> {
        let due = self.due();
        let Self::Activated { active, .. } = self else {
            return Err(self.not_next("retire"));
        };
        let why = "leaves of the old root can be valid, and would be refused";
        wait("retire", due, why, patience, now)?;
        Ok(Self::Stable { active })
    }

    pub(super) fn cancel(self) -> Result<Self, RotationError> {
        match self {
            Self::Prepared { active, .. } => Ok(Self::Stable { active }),
            other => Err(other.not_next("cancel")),
        }
    }

    /// The same authority goes on under the id of its new certificate.
    pub(super) fn renew(self, id: AuthorityId) -> Result<Self, RotationError> {
        match self {
            Self::Stable { active } => Ok(Self::Stable { active: Signer { id, ..active } }),
            other => Err(other.not_next("renew")),
        }
    }

    pub(super) fn not_next(&self, step: &'static str) -> RotationError {
        RotationError::NotNext { phase: self.phase(), step }
    }
}

/// Refuses a step before its time.
fn wait(
    step: &'static str,
    due: Option<OffsetDateTime>,
    why: &'static str,
    patience: Patience,
    now: OffsetDateTime,
) -> Result<(), RotationError> {
    match due {
        Some(due) if patience == Patience::Wait && now < due => {
            Err(RotationError::TooEarly { step, until: rfc3339(due), why })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use time::Duration;
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-22 15:00 UTC);
    const LATER: OffsetDateTime = datetime!(2026-11-23 15:00 UTC);

    fn id(digit: char) -> AuthorityId {
        digit.to_string().repeat(16).try_into().unwrap()
    }

    /// A CA with leaves until `until`.
    fn stable(until: Option<OffsetDateTime>) -> Stage {
        Stage::Stable { active: Signer { id: id('1'), leaves_until: until } }
    }

    fn prepared(until: Option<OffsetDateTime>) -> Stage {
        stable(until).prepare(id('2')).unwrap()
    }

    fn activated(until: Option<OffsetDateTime>) -> Stage {
        prepared(until).activate(Patience::Force, NOW).unwrap()
    }

    #[test]
    fn the_steps_lead_from_one_authority_to_the_next() {
        let stage = prepared(None).activate(Patience::Wait, NOW).unwrap();
        let stage = stage.retire(Patience::Wait, NOW).unwrap();
        assert_eq!(stage, Stage::Stable { active: Signer::new(id('2')) });
    }

    #[test]
    fn what_is_prepared_can_be_cancelled_and_nothing_else() {
        assert_eq!(prepared(Some(LATER)).cancel(), Ok(stable(Some(LATER))));
        for stage in [stable(None), activated(None)] {
            assert!(matches!(stage.cancel(), Err(RotationError::NotNext { .. })));
        }
    }

    #[test]
    fn a_step_out_of_order_is_refused_forced_or_not() {
        for patience in [Patience::Wait, Patience::Force] {
            for stage in [
                stable(None).activate(patience, NOW),
                stable(None).retire(patience, NOW),
                prepared(None).prepare(id('3')),
                prepared(None).renew(id('3')),
                activated(None).renew(id('3')),
                prepared(None).retire(patience, NOW),
                activated(None).prepare(id('3')),
                activated(None).activate(patience, NOW),
            ] {
                assert!(matches!(stage, Err(RotationError::NotNext { .. })), "{stage:?}");
            }
        }
    }

    #[test]
    fn leaves_of_before_a_renewal_count_as_those_of_the_renewed_authority() {
        let active = Signer { id: id('2'), leaves_until: Some(LATER) };
        assert_eq!(stable(Some(LATER)).renew(id('2')), Ok(Stage::Stable { active }));
    }

    #[test]
    fn the_next_root_signs_only_when_every_bundle_that_lacks_it_has_ended() {
        let stage = prepared(Some(LATER));
        let early = stage.clone().activate(Patience::Wait, LATER);
        assert!(matches!(early, Err(RotationError::TooEarly { .. })), "{early:?}");
        assert!(stage.clone().activate(Patience::Force, NOW).is_ok());
        let due = stage.due().unwrap();
        assert_eq!(due, LATER + BACKDATE);
        assert!(stage.clone().activate(Patience::Wait, due - Duration::SECOND).is_err());
        assert!(stage.activate(Patience::Wait, due).is_ok());
    }

    #[test]
    fn bundles_made_after_prepare_do_not_put_off_its_activation() {
        let mut stage = prepared(Some(NOW));
        if let Stage::Prepared { active, .. } = &mut stage {
            active.promise(LATER);
        }
        assert!(stage.activate(Patience::Wait, NOW + BACKDATE).is_ok());
    }

    #[test]
    fn the_old_root_retires_only_when_its_last_leaf_has_ended() {
        let stage = activated(Some(LATER));
        let early = stage.clone().retire(Patience::Wait, LATER);
        assert!(matches!(early, Err(RotationError::TooEarly { .. })), "{early:?}");
        assert!(stage.clone().retire(Patience::Force, NOW).is_ok());
        assert!(stage.retire(Patience::Wait, LATER + BACKDATE).is_ok());
    }
}
