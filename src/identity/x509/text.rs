//! How bytes, moments and the words of strangers are written.

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

/// Text as it is safe to show: what strangers wrote must neither speak to the terminal nor look
/// like something else to a reader. Control characters, and those that cannot be seen but order or
/// join the others, are escaped, as `\u{202e}`.
pub fn printable(text: &str) -> String {
    text.chars()
        .flat_map(|c| if is_hidden(c) { c.escape_debug().collect() } else { vec![c] })
        .collect()
}

/// Whether a character is a control, sets the direction of writing, or has no width.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{061c}'
                | '\u{200b}'..='\u{200f}'
                | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{2069}'
                | '\u{feff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_escaped() {
        for c in [
            '\u{1b}', '\u{85}', '\u{61c}', '\u{200b}', '\u{200f}', '\u{202a}', '\u{202e}',
            '\u{2060}', '\u{2066}', '\u{2069}', '\u{feff}',
        ] {
            let text = format!("a{c}b");
            assert_eq!(printable(&text), format!("a{}b", c.escape_unicode()), "{text:?}");
        }
    }

    #[test]
    fn what_can_be_seen_stays() {
        let text = "Größe & Co, 会社, שלום \"O'Neil\"";
        assert_eq!(printable(text), text);
    }
}
