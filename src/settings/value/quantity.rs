//! Resources, in Marathon's units or as Kubernetes spells them.

use std::str::FromStr;

use serde::Serialize;

use super::InvalidValue;

/// CPU shares, at least Marathon's minimum of 0.001.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Cpu(f64);

/// Memory in Marathon's unit, at least its minimum of 32 MB for anything that runs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Megabytes(f64);

impl Cpu {
    pub(in crate::settings) const fn fixed(shares: f64) -> Self {
        Self(shares)
    }

    /// The number of shares.
    pub fn shares(self) -> f64 {
        self.0
    }
}

impl FromStr for Cpu {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let (number, parts) = match text.strip_suffix('m') {
            Some(milli) => (milli, 1000.0),
            None => (text, 1.0),
        };
        let shares = quantity(number).map(|number| number / parts);
        shares
            .filter(|shares| (0.001..=1024.0).contains(shares))
            .map(Self)
            .ok_or_else(|| InvalidValue::new("expected CPU shares such as 0.5 or 500m"))
    }
}

impl Megabytes {
    pub(in crate::settings) const fn fixed(megabytes: f64) -> Self {
        Self(megabytes)
    }

    /// The number of megabytes.
    pub fn number(self) -> f64 {
        self.0
    }
}

impl FromStr for Megabytes {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let unit = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
        let scale = match &text[unit..] {
            "" | "Mi" | "M" => Some(1.0),
            "Gi" | "G" => Some(1024.0),
            _ => None,
        };
        let megabytes = scale.and_then(|scale| Some(quantity(&text[..unit])? * scale));
        megabytes.filter(|megabytes| (32.0..=1_048_576.0).contains(megabytes)).map(Self).ok_or_else(
            || InvalidValue::new("expected memory such as 512 (MB), 512Mi or 1Gi, at least 32 MB"),
        )
    }
}

/// A plain decimal number.
fn quantity(text: &str) -> Option<f64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    text.parse().ok().filter(|_| plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_take_kubernetes_units() {
        assert_eq!("500m".parse::<Cpu>().unwrap().shares(), 0.5);
        assert_eq!("9m".parse::<Cpu>().unwrap().shares(), 0.009);
        assert_eq!("1Gi".parse::<Megabytes>().unwrap().number(), 1024.0);
        assert!("1e9".parse::<Cpu>().is_err());
        assert!("128Ki".parse::<Megabytes>().is_err());
    }
}
