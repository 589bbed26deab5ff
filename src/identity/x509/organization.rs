//! The organisation in a certificate's names.

use std::fmt;
use std::str::FromStr;

/// The bound of an organisation's name, in characters (RFC 5280 appendix A,
/// `ub-organization-name`).
const MAX_CHARACTERS: usize = 64;

/// An organisation, as a certificate's subject names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organization(String);

/// Why a text names no organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an organisation has 1 to {MAX_CHARACTERS} characters, none of them a control character")]
pub struct InvalidOrganization;

impl Organization {
    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Organization {
    type Err = InvalidOrganization;

    fn from_str(text: &str) -> Result<Self, InvalidOrganization> {
        let fits = (1..=MAX_CHARACTERS).contains(&text.chars().count());
        if fits && !text.chars().any(char::is_control) {
            return Ok(Self(text.to_owned()));
        }
        Err(InvalidOrganization)
    }
}

impl fmt::Display for Organization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_organisation_has_1_to_64_characters_that_can_be_seen() {
        let (longest, longer) = ("ß".repeat(64), "ß".repeat(65));
        assert_eq!(longest.parse::<Organization>().map(|it| it.to_string()), Ok(longest.clone()));
        for text in ["", "a\nb", &longer] {
            assert_eq!(text.parse::<Organization>(), Err(InvalidOrganization), "{text:?}");
        }
    }
}
