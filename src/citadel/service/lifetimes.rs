//! How long a certificate lives: what who asks may choose of it.

use std::time::Duration;

use humantime::format_duration;

use crate::citadel::ca::{MAX_LEAF_TTL, MIN_LEAF_TTL};

/// How long certificates live where nobody asks, and at the longest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetimes {
    default: Duration,
    max: Duration,
}

/// A life that no certificate has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LifetimeError {
    /// It would end on its way.
    #[error("the TTL {} is less than the min allowed TTL {}", format_duration(*.0), format_duration(MIN_LEAF_TTL))]
    TooShort(Duration),
    /// Longer than is allowed.
    #[error("the TTL {} is greater than the max allowed TTL {}", format_duration(*.asked), format_duration(*.max))]
    TooLong {
        /// What was asked for.
        asked: Duration,
        /// What is allowed.
        max: Duration,
    },
}

impl Lifetimes {
    /// Lives of `default`, or of up to `max` for who asks.
    ///
    /// # Errors
    /// One of them is no life of a leaf, or the default is longer than the longest.
    pub fn new(default: Duration, max: Duration) -> Result<Self, LifetimeError> {
        within(max, MAX_LEAF_TTL)?;
        within(default, max)?;
        Ok(Self { default, max })
    }

    /// The life of a certificate for which so many seconds are asked; 0 and less ask for none.
    pub(super) fn of(self, seconds: i64) -> Result<Duration, LifetimeError> {
        match u64::try_from(seconds) {
            Err(_) | Ok(0) => Ok(self.default),
            Ok(seconds) => within(Duration::from_secs(seconds), self.max),
        }
    }
}

fn within(asked: Duration, max: Duration) -> Result<Duration, LifetimeError> {
    match asked {
        asked if asked < MIN_LEAF_TTL => Err(LifetimeError::TooShort(asked)),
        asked if asked > max => Err(LifetimeError::TooLong { asked, max }),
        asked => Ok(asked),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn who_asks_for_no_time_gets_the_default_and_nobody_gets_none() {
        let lifetimes = Lifetimes::new(HOUR, 24 * HOUR).unwrap();
        for seconds in [0, -1, i64::MIN] {
            assert_eq!(lifetimes.of(seconds), Ok(HOUR));
        }
    }

    #[test]
    fn who_asks_gets_what_is_between_a_minute_and_the_longest() {
        let lifetimes = Lifetimes::new(HOUR, 24 * HOUR).unwrap();
        for seconds in [60, 24 * 3600] {
            assert_eq!(lifetimes.of(seconds), Ok(Duration::from_secs(seconds.unsigned_abs())));
        }
        for seconds in [1, 59] {
            assert!(matches!(lifetimes.of(seconds), Err(LifetimeError::TooShort(_))));
        }
        for seconds in [24 * 3600 + 1, i64::MAX] {
            assert!(matches!(lifetimes.of(seconds), Err(LifetimeError::TooLong { .. })));
        }
    }

    #[test]
    fn a_default_is_within_what_is_allowed() {
        assert!(Lifetimes::new(2 * HOUR, HOUR).is_err());
        assert!(Lifetimes::new(Duration::ZERO, HOUR).is_err());
        assert!(Lifetimes::new(HOUR, MAX_LEAF_TTL + HOUR).is_err());
    }
}
