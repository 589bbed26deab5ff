//! Somebody's text within a message: on one line, without anything that speaks to a terminal or
//! hides, and not endless.

/// The first `most` characters of a text, as a message can hold them; dots stand for the rest.
pub fn shown(text: &str, most: usize) -> String {
    let mut letters = text.chars();
    let mut shown: String = letters.by_ref().take(most).map(spelt).collect();
    if letters.next().is_some() {
        shown.push_str("...");
    }
    shown
}

/// A letter that can be seen stands for itself; so do quotes, for the message has others or none.
fn spelt(letter: char) -> String {
    match letter {
        '"' | '\'' | '\\' => letter.into(),
        letter => letter.escape_debug().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_stays_on_its_line_and_says_nothing_to_a_terminal() {
        let told = "it's \"é\"\n\u{1b}[31m\u{202e}\\d\u{7f}";
        assert_eq!(shown(told, 100), "it's \"é\"\\n\\u{1b}[31m\\u{202e}\\d\\u{7f}");
    }

    #[test]
    fn an_endless_text_ends() {
        assert_eq!(shown(&"é".repeat(9999), 100), "é".repeat(100) + "...");
    }
}
