//! Values as Go writes them.

use std::time::Duration;

/// The units of a duration, in nanoseconds; where one begins another, the longer comes first.
const UNITS: [(&str, f64); 8] = [
    ("ns", 1.0),
    ("us", 1e3),
    ("µs", 1e3),
    ("μs", 1e3),
    ("ms", 1e6),
    ("s", 1e9),
    ("m", 60e9),
    ("h", 3600e9),
];

/// `1m0s`, `1.5s`, `0`: what Go's `time.ParseDuration` reads, save negative ones, which no flag of
/// pilot-agent has a use for.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let invalid = || format!("time: invalid duration {text}");
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest == "0" {
        return Ok(Duration::ZERO);
    }
    let mut nanoseconds = 0.0;
    loop {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(invalid)?;
        let (number, after) = rest.split_at(digits);
        let unit = UNITS.iter().find(|(unit, _)| after.starts_with(unit));
        let (unit, length) = unit.ok_or_else(invalid)?;
        nanoseconds += number.parse::<f64>().map_err(|_| invalid())? * length;
        rest = &after[unit.len()..];
        if rest.is_empty() {
            return Ok(Duration::from_nanos(nanoseconds as u64));
        }
    }
}

/// What Go's `strconv.ParseBool` reads.
pub(super) fn boolean(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err(format!("strconv.ParseBool: parsing \"{text}\": invalid syntax")),
    }
}

/// The two halves of `host:port`, or why it is none in the words of pilot-agent.
pub(super) fn host_and_port(address: &str) -> Result<(&str, u16), String> {
    let (host, port) = address.rsplit_once(':').ok_or_else(|| {
        format!("unable to split \"{address}\": address {address}: missing port in address")
    })?;
    if host.contains(':') {
        return Err(format!(
            "unable to split \"{address}\": address {address}: too many colons in address"
        ));
    }
    match port.parse() {
        Ok(number) if number > 0 && !host.is_empty() => Ok((host, number)),
        _ => Err(format!("\"{address}\" has no valid host and port")),
    }
}

fn durations_are_those_of_go() {
    let milliseconds = |text: &str| duration(text).map(|duration| duration.as_millis());
    for (text, expected) in
        [("1s", 1000), ("1m0s", 60_000), ("45s", 45_000), ("1.5s", 1500), ("100ms", 100), ("0", 0)]
    {
        assert_eq!(milliseconds(text), Ok(expected), "{text}");
    }
    for text in ["", "1", "s", "1x", "1s ", "-1s", "1s2"] {
        assert_eq!(milliseconds(text), Err(format!("time: invalid duration {text}")), "{text}");
    }
}

fn zero_in_a_unit_is_a_duration_too() {
    assert_eq!(duration("0s"), Ok(Duration::ZERO));
    assert_eq!(duration("0h0m0s"), Ok(Duration::ZERO));
}

fn an_address_is_a_host_and_a_port() {
    assert_eq!(host_and_port("pilot.marathon:15010"), Ok(("pilot.marathon", 15010)));
    for address in ["a", "a:b", "a:0", ":1", "a:b:1"] {
        assert!(host_and_port(address).is_err(), "{address}");
    }
}

crate::tests! {
    durations_are_those_of_go,
    zero_in_a_unit_is_a_duration_too,
    an_address_is_a_host_and_a_port,
}
