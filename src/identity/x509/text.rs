//! How bytes, moments and the time until them are written.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Bytes in lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A moment as `2026-11-22T15:00:00Z`.
///
/// # Panics
/// The year has more than four digits, which no certificate's has.
pub fn rfc3339(moment: OffsetDateTime) -> String {
    moment.format(&Rfc3339).expect("certificates end within the calendar")
}

/// How long it is until something ends, as `23h 59m left`, or since it did, as `ended 3 days ago`.
pub fn time_left(end: OffsetDateTime, now: OffsetDateTime) -> String {
    let seconds = (end - now).whole_seconds();
    let (minutes, hours) = (seconds.abs() / 60, seconds.abs() / 3600);
    let words = match hours {
        0 if minutes == 0 => format!("{}s", seconds.abs()),
        0 => format!("{minutes}m"),
        1..48 => format!("{hours}h {}m", minutes % 60),
        _ => format!("{} days", hours / 24),
    };
    if seconds < 0 { format!("ended {words} ago") } else { format!("{words} left") }
}
