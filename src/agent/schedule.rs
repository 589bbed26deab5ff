//! When a certificate is renewed, and when a failed try is made again. Pure: the time and chance are
//! arguments.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use time::OffsetDateTime;

/// How far the moment of a renewal is moved by chance, of half the life: so that the pods that
/// began together do not all come together for ever.
const JITTER: f64 = 0.1;

/// However short a certificate lives, it is not renewed sooner after it came.
const SHORTEST: Duration = Duration::from_millis(500);

/// The first failed try is followed by another after this at most.
const FIRST_BACKOFF: Duration = Duration::from_millis(200);

/// However many tries have failed, the next comes after this at most (as ztunnel's).
const LONGEST_BACKOFF: Duration = Duration::from_secs(150);

/// How much of a certificate's life is left when it is renewed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GracePeriod(f64);

/// Not a part of a life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a number from 0.05 to 0.95")]
pub struct InvalidGracePeriod;

impl Default for GracePeriod {
    fn default() -> Self {
        Self(0.5)
    }
}

impl fmt::Display for GracePeriod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for GracePeriod {
    type Err = InvalidGracePeriod;

    fn from_str(text: &str) -> Result<Self, InvalidGracePeriod> {
        let ratio = text.parse().ok().filter(|ratio| (0.05..=0.95).contains(ratio));
        ratio.map(Self).ok_or(InvalidGracePeriod)
    }
}

/// From when to when a certificate is of use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    /// When its validity begins.
    pub begins: OffsetDateTime,
    /// When it came. Its validity begins earlier, for peers whose clocks are late.
    pub received: OffsetDateTime,
    /// When it ends.
    pub ends: OffsetDateTime,
}

impl Life {
    /// Whether it is of use at a moment.
    pub fn holds(&self, moment: OffsetDateTime) -> bool {
        (self.begins..=self.ends).contains(&moment)
    }

    /// Whether its end is past. One that begins only later had begun when it came: it is the clock
    /// that was set back, and to Citadel the certificate is as good as ever.
    pub fn has_ended(&self, moment: OffsetDateTime) -> bool {
        self.ends < moment
    }
}

/// When a certificate is to be renewed.
#[derive(Clone, Debug)]
pub(super) struct Schedule {
    life: Life,
    delay: Duration,
    due: OffsetDateTime,
    seen: OffsetDateTime,
}

impl Schedule {
    /// Of a certificate, when `grace` of its life is left, give or take what `chance` (from 0 to
    /// below 1) decides.
    pub(super) fn new(life: Life, grace: GracePeriod, chance: f64, now: OffsetDateTime) -> Self {
        let whole = (life.ends - life.received).as_seconds_f64().max(0.0);
        let jitter = whole / 2.0 * JITTER * (2.0 * chance - 1.0);
        let seconds = (whole * (1.0 - grace.0) + jitter).max(0.0);
        let delay = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX).max(SHORTEST);
        let due = after(life.received, delay);
        Self { life, delay, due, seen: now }
    }

    /// How long it is until then by the wall clock; `None` if it is due. To be asked every few
    /// seconds, for clocks are set and machines suspended.
    pub(super) fn wait(&mut self, now: OffsetDateTime) -> Option<Duration> {
        if now < self.seen {
            // The clock was set back: what was to come in an hour must not come in a year.
            self.due = self.due.min(after(now, self.delay));
        }
        self.seen = now;
        if now < self.life.begins {
            return None;
        }
        Duration::try_from(self.due - now).ok().filter(|wait| !wait.is_zero())
    }
}

fn after(moment: OffsetDateTime, delay: Duration) -> OffsetDateTime {
    let delay = time::Duration::try_from(delay).unwrap_or(time::Duration::MAX);
    moment.saturating_add(delay)
}

/// How long to wait after failed tries: longer and longer, and never as long as others do.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Backoff {
    failed: u32,
}

impl Backoff {
    /// How long to wait after one more failed try, with `chance` from 0 to below 1.
    pub(super) fn next(&mut self, chance: f64) -> Duration {
        let most = FIRST_BACKOFF.saturating_mul(1 << self.failed.min(20)).min(LONGEST_BACKOFF);
        self.failed = self.failed.saturating_add(1);
        most.mul_f64(chance)
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-22 15:00 UTC);
    const MINUTE: Duration = Duration::from_secs(60);
    const MIDDLE: f64 = 0.5;

    /// That of a certificate which came now and lives an hour.
    fn hour(chance: f64) -> Schedule {
        let life = Life { begins: NOW - 2 * MINUTE, received: NOW, ends: NOW + 60 * MINUTE };
        Schedule::new(life, GracePeriod::default(), chance, NOW)
    }

    #[test]
    fn a_certificate_is_renewed_when_half_its_life_is_left_give_or_take_a_tenth_of_that() {
        for (chance, minutes) in [(0.0, 27), (MIDDLE, 30), (1.0, 33)] {
            assert_eq!(hour(chance).wait(NOW), Some(minutes * MINUTE), "{chance}");
            assert_eq!(hour(chance).wait(NOW + minutes * MINUTE), None, "{chance}");
        }
    }

    #[test]
    fn the_part_of_the_life_that_is_left_can_be_chosen() {
        let life = Life { begins: NOW, received: NOW, ends: NOW + 60 * MINUTE };
        let mut schedule = Schedule::new(life, "0.2".parse().unwrap(), MIDDLE, NOW);
        assert_eq!(schedule.wait(NOW), Some(48 * MINUTE));
        for text in ["0", "1", "-0.5", "NaN", "half", ""] {
            assert_eq!(text.parse::<GracePeriod>(), Err(InvalidGracePeriod), "{text}");
        }
    }

    #[test]
    fn a_clock_that_leaps_ahead_makes_it_due() {
        let mut schedule = hour(MIDDLE);
        assert!(schedule.wait(NOW).is_some());
        assert_eq!(schedule.wait(NOW + 600 * MINUTE), None);
    }

    #[test]
    fn a_clock_that_is_set_back_within_the_life_does_not_put_it_off_for_long() {
        let life = Life { begins: NOW - 9999 * MINUTE, received: NOW, ends: NOW + 60 * MINUTE };
        let mut schedule = Schedule::new(life, GracePeriod::default(), MIDDLE, NOW);
        assert_eq!(schedule.wait(NOW + 20 * MINUTE), Some(10 * MINUTE));
        assert_eq!(schedule.wait(NOW - 5000 * MINUTE), Some(30 * MINUTE));
        assert_eq!(schedule.wait(NOW - 4990 * MINUTE), Some(20 * MINUTE));
    }

    #[test]
    fn a_certificate_that_has_not_begun_is_renewed_at_once_and_has_not_ended() {
        let (mut schedule, before) = (hour(MIDDLE), NOW - 60 * MINUTE);
        assert_eq!(schedule.wait(before), None);
        assert!(!schedule.life.holds(before) && !schedule.life.has_ended(before));
        let after = NOW + 61 * MINUTE;
        assert!(!schedule.life.holds(after) && schedule.life.has_ended(after));
    }

    #[test]
    fn the_shortest_life_does_not_make_a_busy_loop() {
        let life = Life { begins: NOW, received: NOW, ends: NOW };
        let mut schedule = Schedule::new(life, GracePeriod::default(), MIDDLE, NOW);
        assert_eq!(schedule.wait(NOW), Some(SHORTEST));
    }

    #[test]
    fn tries_come_ever_later_up_to_a_limit_and_anywhere_before_that() {
        let mut backoff = Backoff::default();
        let longest: Vec<_> = (0..12).map(|_| backoff.next(1.0)).collect();
        assert_eq!(longest[..3], [200, 400, 800].map(Duration::from_millis));
        assert_eq!(longest[11], LONGEST_BACKOFF);
        assert_eq!(Backoff { failed: u32::MAX }.next(MIDDLE), LONGEST_BACKOFF / 2);
        assert_eq!(Backoff::default().next(0.0), Duration::ZERO);
    }
}
