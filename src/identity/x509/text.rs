//! How bytes and moments are written.

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
