//! Chance, so that what is done by many is not done by all at once.

/// A number from 0 to below 1, each as likely as the others.
pub(super) fn chance() -> f64 {
    let mut bytes = [0; 4];
    // Without any, all do it at the same time; that is no reason not to do it.
    let _ = aws_lc_rs::rand::fill(&mut bytes);
    f64::from(u32::from_ne_bytes(bytes)) / (f64::from(u32::MAX) + 1.0)
}
