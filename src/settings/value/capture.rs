//! What traffic is captured: ports and IP ranges, and comma lists of them.

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::InvalidValue;

/// A port that something can listen on, 1 to 65535.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Port(u16);

impl Port {
    /// Envoy's admin port, fixed in its bootstrap (Istio 1.0.5 tools/deb/envoy_bootstrap_v2.json).
    pub const ENVOY_ADMIN: Self = Self(15000);

    /// Where Envoy gives its metrics, fixed in its bootstrap.
    pub const ENVOY_METRICS: Self = Self(15090);

    /// Where the node agent tells how it is.
    pub const NODE_AGENT: Self = Self(15021);

    pub(in crate::settings) const fn fixed(port: u16) -> Self {
        Self(port)
    }

    /// The number.
    pub fn number(self) -> u16 {
        self.0
    }
}

impl TryFrom<i64> for Port {
    type Error = InvalidValue;

    fn try_from(number: i64) -> Result<Self, InvalidValue> {
        let port = u16::try_from(number).ok().filter(|port| *port > 0);
        port.map(Self).ok_or_else(|| InvalidValue::new(format!("{number} is no port (1 to 65535)")))
    }
}

impl FromStr for Port {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let port = text.parse().ok().filter(|port| plain && *port > 0);
        port.map(Self).ok_or_else(|| InvalidValue::new(format!("{text:?} is no port (1 to 65535)")))
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A port, or 0 for none.
pub(in crate::settings) fn port_or_off(text: &str) -> Result<u16, InvalidValue> {
    if text == "0" { Ok(0) } else { text.parse().map(Port::number) }
}

/// A comma list of ports, or all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ports {
    /// `*`
    All,
    /// These, in order, each once.
    List(Vec<Port>),
}

impl Ports {
    /// No ports.
    pub const fn none() -> Self {
        Self::List(Vec::new())
    }

    /// A list; `*` is refused.
    pub(in crate::settings) fn parse_list(text: &str) -> Result<Self, InvalidValue> {
        refuse_wildcard(text)?;
        text.parse()
    }

    /// The listed ports; none for `*`.
    pub fn list(&self) -> &[Port] {
        match self {
            Self::All => &[],
            Self::List(ports) => ports,
        }
    }
}

impl FromStr for Ports {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        if text == "*" {
            return Ok(Self::All);
        }
        let mut ports = Vec::new();
        for port in listed(text) {
            let port = port.parse()?;
            if !ports.contains(&port) {
                ports.push(port);
            }
        }
        Ok(Self::List(ports))
    }
}

impl fmt::Display for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("*"),
            Self::List(ports) => joined(f, ports),
        }
    }
}

/// A comma list of IPv4 ranges, or all of them. istio-iptables.sh 1.0.5 captures no IPv6.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IpRanges {
    /// `*`
    All,
    /// These, in order.
    List(Vec<IpRange>),
}

/// An IPv4 range in CIDR notation, as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IpRange(String);

impl IpRanges {
    /// No ranges.
    pub const fn none() -> Self {
        Self::List(Vec::new())
    }

    /// A list; `*` is refused.
    pub(in crate::settings) fn parse_list(text: &str) -> Result<Self, InvalidValue> {
        refuse_wildcard(text)?;
        text.parse()
    }
}

impl FromStr for IpRanges {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        if text == "*" {
            return Ok(Self::All);
        }
        listed(text).map(str::parse).collect::<Result<_, _>>().map(Self::List)
    }
}

impl fmt::Display for IpRanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("*"),
            Self::List(ranges) => joined(f, ranges),
        }
    }
}

impl FromStr for IpRange {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let parts = text.split_once('/');
        let valid = parts.is_some_and(|(address, bits)| {
            let plain = bits.bytes().all(|byte| byte.is_ascii_digit());
            address.parse::<Ipv4Addr>().is_ok()
                && plain
                && bits.parse::<u8>().is_ok_and(|bits| bits <= 32)
        });
        if valid {
            return Ok(Self(text.to_owned()));
        }
        Err(InvalidValue::new(format!("{text:?} is no IPv4 range such as 10.0.0.0/8")))
    }
}

impl fmt::Display for IpRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn refuse_wildcard(text: &str) -> Result<(), InvalidValue> {
    match text {
        "*" => Err(InvalidValue::new("* would exclude everything; list what to exclude")),
        _ => Ok(()),
    }
}

/// The items of a comma list; blanks around them are passed over.
fn listed(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(move |_| !text.trim().is_empty())
}

fn joined(f: &mut fmt::Formatter<'_>, items: &[impl fmt::Display]) -> fmt::Result {
    for (index, item) in items.iter().enumerate() {
        let comma = if index > 0 { "," } else { "" };
        write!(f, "{comma}{item}")?;
    }
    Ok(())
}

/// Serialises by `Display`, as the value is spelt everywhere else.
macro_rules! serialise_as_text {
    ($($name:ident),+) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    )+};
}
serialise_as_text!(Ports, IpRanges);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn port_lists_take_blanks_and_drop_repeats() {
        assert_eq!("80, 443,80".parse::<Ports>().unwrap().to_string(), "80,443");
        assert_eq!("".parse::<Ports>().unwrap(), Ports::none());
        assert_eq!("*".parse::<Ports>().unwrap(), Ports::All);
        for text in ["0", "65536", "http", "80,,81", "-1", "+1", "80;reboot"] {
            assert!(text.parse::<Ports>().is_err(), "{text}");
        }
    }

    #[test]
    fn ranges_are_ipv4_in_cidr_notation() {
        assert_eq!("10.0.0.0/8".parse::<IpRanges>().unwrap().to_string(), "10.0.0.0/8");
        for text in ["bad", "10.0.0.1", "10.0.0.0/33", "::/0", "10.0.0.0/+8", "10.0.0.0/8,"] {
            assert!(text.parse::<IpRanges>().is_err(), "{text}");
        }
    }

    #[test]
    fn excluding_everything_is_refused() {
        assert!(Ports::parse_list("*").is_err());
        assert!(IpRanges::parse_list("*").is_err());
    }
}
