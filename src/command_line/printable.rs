//! Names that others chose, as they can be shown: none of them speaks to the terminal, turns the
//! line around or hides what it says.

/// The text on one line. What a terminal would obey or not show stands there as in Rust, as
/// `\u{1b}` for ESC; so no line ends within it either.
pub fn printable(text: &str) -> String {
    let escaped = text.chars().map(|c| if is_plain(c) { c.into() } else { escape(c) });
    escaped.collect()
}

/// The same of a text whose lines are our own.
pub fn printable_lines(text: &str) -> String {
    text.split('\n').map(printable).collect::<Vec<_>>().join("\n")
}

/// Whether a character is shown, and nothing else happens.
fn is_plain(c: char) -> bool {
    // Marks of direction, embeddings, isolates, and what has no width.
    let is_hidden = matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{2069}' | '\u{feff}');
    !c.is_control() && !is_hidden
}

fn escape(c: char) -> String {
    c.escape_default().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_can_read_stays() {
        for text in
            ["", "/web", "naïve ☃ 名前 \\u{1b} 'a' \"b\"", "👩🏽‍🚒".replace('\u{200d}', "").as_str()]
        {
            assert_eq!(printable(text), text);
        }
    }

    #[test]
    fn what_a_terminal_obeys_or_hides_is_spelt_out() {
        assert_eq!(printable("a\u{1b}[31m\u{7}\r\n\t"), "a\\u{1b}[31m\\u{7}\\r\\n\\t");
        let hidden = "\u{7f}\u{9b}\u{61c}\u{200b}\u{200f}\u{2028}\u{202a}\u{202e}\u{2060}\u{2066}\u{2069}\u{feff}";
        for c in hidden.chars() {
            assert_eq!(printable(&format!("a{c}b")), format!("a\\u{{{:x}}}b", u32::from(c)));
        }
    }

    #[test]
    fn lines_of_our_own_stay_lines() {
        assert_eq!(printable_lines("a\n  - b\u{1b}\n"), "a\n  - b\\u{1b}\n");
    }
}
