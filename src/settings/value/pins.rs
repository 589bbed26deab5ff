//! Root certificates by their digests: what a node agent is told of Citadel before it has met it.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::InvalidValue;

/// The SHA-256 digests of root certificates (DER), each as 64 hexadecimal digits in lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RootPins(Vec<String>);

/// The digits of a digest.
const DIGITS: usize = 64;

impl RootPins {
    /// Whether there are none, so that nobody would be trusted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromStr for RootPins {
    type Err = InvalidValue;

    /// With colons between the bytes, as openssl writes a fingerprint, or without.
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let mut pins = Vec::new();
        for pin in text.split(',').map(str::trim).filter(|_| !text.trim().is_empty()) {
            let digits = pin.replace(':', "").to_ascii_lowercase();
            if digits.len() != DIGITS || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                let words = format!("{pin:?} is no SHA-256 digest of {DIGITS} hexadecimal digits");
                return Err(InvalidValue::new(words));
            }
            if !pins.contains(&digits) {
                pins.push(digits);
            }
        }
        Ok(Self(pins))
    }
}

impl fmt::Display for RootPins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(","))
    }
}

impl Serialize for RootPins {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_taken_as_openssl_and_as_people_write_them() {
        let (digits, colons) = ("0a".repeat(32), ["0A"; 32].join(":"));
        let pins: RootPins = format!("{colons}, {digits}").parse().unwrap();
        assert_eq!(pins.to_string(), digits);
        assert!("".parse::<RootPins>().unwrap().is_empty());
        for text in ["0a", &"0g".repeat(32), &format!("{digits},"), &format!("{digits}00")] {
            assert!(text.parse::<RootPins>().is_err(), "{text}");
        }
    }
}
