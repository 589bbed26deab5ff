//! Two sides that take turns in one process, so that both meet the same machine; the best time of
//! each counts.

use std::fmt::Display;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Prints a ratio beside the bar that it is held against.
#[expect(clippy::print_stdout, reason = "a benchmark's result")]
pub(crate) fn report(what: &str, ours: Duration, theirs: Duration, bar: impl Display) {
    let ratio = ours.as_secs_f64() / theirs.as_secs_f64();
    println!("{what}: {ours:.2?} / {theirs:.2?} = {ratio:.2} (bar {bar})");
}

/// The best time of each, taken in turns.
pub(crate) fn best_of<A, B>(
    rounds: usize,
    mut one: impl FnMut() -> A,
    mut other: impl FnMut() -> B,
) -> (Duration, Duration) {
    let mut best = (Duration::MAX, Duration::MAX);
    for _ in 0..rounds {
        best.0 = best.0.min(time(&mut one));
        best.1 = best.1.min(time(&mut other));
    }
    best
}

fn time<R>(work: &mut impl FnMut() -> R) -> Duration {
    let start = Instant::now();
    drop(black_box(work()));
    start.elapsed()
}
