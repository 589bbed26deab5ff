//! Colours: whether they are wanted, and whether a stream takes them.

use anstream::ColorChoice;
use anstream::stream::RawStream;
use clap::ValueEnum;
use clap::builder::PossibleValue;

use crate::document::Snippets;

/// When colours are used: `auto`, the default, `always` or `never`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Color(ColorChoice);

impl Color {
    /// Makes the choice that of all streams; `auto` heeds the terminal, `NO_COLOR` and their kin.
    pub fn write_global(self) {
        self.0.write_global();
    }
}

impl ValueEnum for Color {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self(ColorChoice::Auto), Self(ColorChoice::Always), Self(ColorChoice::Never)]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(match self.0 {
            ColorChoice::Auto => "auto",
            ColorChoice::Always | ColorChoice::AlwaysAnsi => "always",
            ColorChoice::Never => "never",
        }))
    }
}

/// Draws diagnostics for a stream, as far as it takes colours. A [`Color`] has to be written first.
pub fn snippets(stream: &impl RawStream) -> Snippets {
    Snippets::new(anstream::AutoStream::choice(stream) != ColorChoice::Never)
}
