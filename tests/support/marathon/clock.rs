//! What must never come twice: versions and ids.

use time::OffsetDateTime;
use xxhash_rust::xxh3::xxh3_128;

/// The server's clock and its supply of ids.
#[derive(Debug, Default)]
pub(super) struct Clock {
    last_version: i128,
    ids: u64,
}

impl Clock {
    /// The time, as Marathon writes it.
    pub(super) fn now() -> String {
        written(milliseconds())
    }

    /// A version: the time, but later than every version before.
    pub(super) fn version(&mut self) -> String {
        self.last_version = milliseconds().max(self.last_version + 1);
        written(self.last_version)
    }

    /// A new UUID.
    pub(super) fn uuid(&mut self) -> String {
        self.ids += 1;
        let hex = format!("{:032x}", xxh3_128(&self.ids.to_le_bytes()));
        let (a, b, c, d) = (&hex[..8], &hex[8..12], &hex[13..16], &hex[17..20]);
        format!("{a}-{b}-4{c}-8{d}-{}", &hex[20..])
    }
}

fn milliseconds() -> i128 {
    OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000
}

/// ISO 8601 with milliseconds.
fn written(milliseconds: i128) -> String {
    let at = OffsetDateTime::from_unix_timestamp_nanos(milliseconds * 1_000_000)
        .expect("a time that a clock shows");
    let (date, time) = (at.date(), at.time());
    let (hour, minute, second, milli) = time.as_hms_milli();
    format!("{date}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
}
