//! Waiting for what does not tell when it comes.

use std::thread;
use std::time::{Duration, Instant};

/// Between two looks.
const MOMENT: Duration = Duration::from_millis(50);

/// Looks again and again until there is something, and gives it.
///
/// # Panics
/// That takes longer than `patience`; the message is what `account` tells.
pub(crate) fn until<T>(
    patience: Duration,
    account: impl Fn() -> String,
    mut look: impl FnMut() -> Option<T>,
) -> T {
    let end = Instant::now() + patience;
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(Instant::now() < end, "{}", account());
        thread::sleep(MOMENT);
    }
}
