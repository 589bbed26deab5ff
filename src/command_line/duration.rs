//! Times as they are given on a command line: `30s`, `24h`, `1h30m`.

use std::time::Duration;

/// Reads a time.
///
/// # Errors
/// It is none; the words say why, and how one is written.
pub fn duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text)
        .map_err(|error| format!("{error}; write it as 30s, 24h, 90d or 1h30m"))
}

/// Reads a time in which something can happen.
///
/// # Errors
/// It is none, or it is over at once.
pub fn some_time(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        Duration::ZERO => Err("it has to be some time".to_owned()),
        time => Ok(time),
    }
}
