//! What inspection shows, as data: for people as lines, for programs as JSON.

use std::fmt;

use marathon_inject::command_line::printable;
use marathon_inject::identity::x509::{
    Certificate, Facts, KeyError, PrivateKey, rfc3339, time_left,
};
use serde::Serialize;
use time::OffsetDateTime;

/// All of it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Page {
    /// What was looked at.
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// What there is to say of the whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ca: Option<CaFacts>,
    pub(crate) sections: Vec<Section>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) private_key: Option<KeyFacts>,
}

/// What it is that was looked at.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Kind {
    Bundle,
    Ca,
    Certificates,
    PrivateKey,
    Server,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bundle => "a bundle",
            Self::Ca => "a CA",
            Self::Certificates => "certificates",
            Self::PrivateKey => "a private key",
            Self::Server => "a server",
        })
    }
}

/// Where a CA stands.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CaFacts {
    pub(crate) trust_domain: String,
    pub(crate) rotation: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_step_from: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) leftovers: Vec<String>,
}

/// Certificates that belong together: those of a file, or of an authority.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Section {
    pub(crate) name: String,
    pub(crate) certificates: Vec<CertificateFacts>,
}

/// A certificate, and how it stands now.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CertificateFacts {
    #[serde(flatten)]
    facts: Facts,
    /// Below zero if it has ended.
    seconds_left: i64,
    #[serde(skip)]
    validity: String,
}

/// A private key, as far as it can be told.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct KeyFacts {
    pub(crate) name: String,
    /// As `P-256`, or why it cannot be read.
    pub(crate) key: String,
    /// Whether it is that of the first certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) belongs_to_leaf: Option<bool>,
}

impl KeyFacts {
    pub(crate) fn new(
        name: &str,
        key: Result<PrivateKey, KeyError>,
        leaf: Option<&Certificate>,
    ) -> Self {
        let public = key.map(|key| key.public_key());
        let belongs =
            |leaf: &Certificate| public.as_ref().is_ok_and(|key| leaf.public_key() == Ok(key));
        Self {
            name: name.to_owned(),
            belongs_to_leaf: leaf.map(belongs),
            key: match public {
                Ok(public) => public.algorithm().to_string(),
                Err(error) => error.to_string(),
            },
        }
    }
}

impl Section {
    pub(crate) fn new(
        name: impl Into<String>,
        certificates: &[Certificate],
        now: OffsetDateTime,
    ) -> Self {
        let certificates =
            certificates.iter().map(|certificate| certificate_facts(certificate, now));
        Self { name: name.into(), certificates: certificates.collect() }
    }
}

fn certificate_facts(certificate: &Certificate, now: OffsetDateTime) -> CertificateFacts {
    let facts = certificate.facts().clone();
    let (from, to) = (rfc3339(facts.not_before), rfc3339(facts.not_after));
    let state = match now {
        now if now < facts.not_before => "not yet".to_owned(),
        now => time_left(facts.not_after, now),
    };
    let validity = format!("{from} to {to} ({state})");
    let seconds_left = (facts.not_after - now).whole_seconds();
    CertificateFacts { facts, seconds_left, validity }
}

impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}", printable(&self.name), self.kind)?;
        if let Some(ca) = &self.ca {
            ca.fmt(f)?;
        }
        self.sections.iter().try_for_each(|section| section.fmt(f))?;
        match &self.private_key {
            Some(key) => key.fmt(f),
            None => Ok(()),
        }
    }
}

impl fmt::Display for CaFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "  trust domain {}", self.trust_domain)?;
        write!(f, "  rotation     {}", self.rotation)?;
        if let Some(moment) = &self.next_step_from {
            write!(f, "; the next step from {moment} on")?;
        }
        writeln!(f)?;
        match self.leftovers[..] {
            [] => Ok(()),
            _ => writeln!(f, "  left over    {}", printable(&self.leftovers.join(", "))),
        }
    }
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", printable(&self.name))?;
        self.certificates.iter().try_for_each(|certificate| certificate.fmt(f))
    }
}

impl fmt::Display for CertificateFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let facts = &self.facts;
        let or_none = |text: &str| if text.is_empty() { "(none)" } else { text }.to_owned();
        let critical = if facts.subject_alt_names_critical { " (critical)" } else { "" };
        let names = facts.subject_alt_names.join(", ");
        let usage = facts
            .key_usage
            .iter()
            .copied()
            .chain(facts.extended_key_usage.iter().map(String::as_str));
        let ca = match (facts.is_ca, facts.path_len) {
            (false, _) => "no".to_owned(),
            (true, None) => "yes".to_owned(),
            (true, Some(length)) => format!("yes, pathlen {length}"),
        };
        for (name, value) in [
            ("subject", or_none(&facts.subject)),
            ("issuer", or_none(&facts.issuer)),
            ("serial", facts.serial.clone()),
            ("names", format!("{}{critical}", or_none(&names))),
            ("valid", self.validity.clone()),
            ("key", format!("{}, signed with {}", facts.key, facts.signature_algorithm)),
            ("use", or_none(&usage.collect::<Vec<_>>().join(", "))),
            ("CA", ca),
            ("key id", or_none(facts.subject_key_id.as_deref().unwrap_or_default())),
            ("issuer's", or_none(facts.authority_key_id.as_deref().unwrap_or_default())),
            ("SHA-256", facts.sha256.clone()),
        ] {
            let bullet = if name == "subject" { '-' } else { ' ' };
            writeln!(f, "{bullet} {name:<9} {}", printable(&value))?;
        }
        Ok(())
    }
}

impl fmt::Display for KeyFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let belongs = match self.belongs_to_leaf {
            None => "",
            Some(true) => ", that of the first certificate",
            Some(false) => ", NOT that of the first certificate",
        };
        writeln!(f, "{}\n- {}{belongs}", printable(&self.name), self.key)
    }
}
