//! Texts without the join tokens in them: what is printed or logged can repeat what a pod holds,
//! also in builds that know no more of a token than its form.

use std::borrow::Cow;
use std::iter;
use std::ops::Range;

/// What stands in the place of a token that is not to be shown.
const HIDDEN: &str = "<join token>";

/// How a token begins: with the version of its form, and a dot.
const BEGINNING: &str = "v1.";

/// The characters of its nonce: those of 16 bytes in Base64.
const NONCE: usize = 22;

/// A text without the join tokens in it, wherever they stand.
pub fn without_tokens(text: &str) -> String {
    let (mut shown, mut from) = (String::with_capacity(text.len()), 0);
    for token in tokens(text) {
        shown += &text[from..token.start];
        shown += HIDDEN;
        from = token.end;
    }
    shown + &text[from..]
}

/// The same with all else in its place: stars stand for the tokens, of which no part is left where
/// somebody shows a part of the text.
pub fn with_stars_for_tokens(text: &str) -> Cow<'_, str> {
    let mut shown = Cow::Borrowed(text);
    for token in tokens(text) {
        let stars = "*".repeat(token.len());
        shown.to_mut().replace_range(token, &stars);
    }
    shown
}

/// Where the tokens of a text stand.
fn tokens(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut from = 0;
    iter::from_fn(move || {
        loop {
            let start = from + text[from..].find(BEGINNING)?;
            let length = length_of_token(&text[start..]);
            from = start + length.unwrap_or(BEGINNING.len());
            if length.is_some() {
                return Some(start..from);
            }
        }
    })
}

/// The length of the token that begins a text: `v1.<key>.<pod>.<nonce>.<MAC>`. However much there
/// is of the MAC, it is not to be shown.
fn length_of_token(text: &str) -> Option<usize> {
    let mut parts = text.splitn(5, '.').skip(1);
    let (key, pod, nonce, rest) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let is_part = |part: &str| !part.is_empty() && !part.contains(is_outer);
    if !is_part(key) || !is_part(pod) || !is_part(nonce) || nonce.len() != NONCE {
        return None;
    }
    let mac = rest.find(is_outer).unwrap_or(rest.len());
    Some(text.len() - rest.len() + mac)
}

/// Whether a character is none of Base64 as URLs have it (RFC 4648 §5).
fn is_outer(c: char) -> bool {
    !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A token of `/a`.
    fn token() -> String {
        format!("v1.AAAAAAAA.L2E.{}.{}", "N".repeat(NONCE), "M-_".repeat(14))
    }

    #[test]
    fn a_token_is_hidden_wherever_it_stands() {
        for around in [
            "{}",
            "{}.",
            "{}...",
            "{}.more",
            "é{} v1.0.5",
            "\"MESH_JOIN_TOKEN\":\"{}\",{}",
            "a\n+ {}\n",
            r#""a\n{}\n""#,
            "x{}",
            "v1.{}",
            "v1.a.b.{}",
        ] {
            let text = around.replace("{}", &token());
            assert_eq!(without_tokens(&text), around.replace("{}", HIDDEN));
            let stars = "*".repeat(token().len());
            assert_eq!(with_stars_for_tokens(&text), around.replace("{}", &stars));
        }
    }

    #[test]
    fn a_token_that_was_cut_off_is_hidden_too() {
        let token = token();
        assert_eq!(without_tokens(&token[..token.len() - 7]), HIDDEN);
    }

    #[test]
    fn what_is_no_token_is_shown() {
        let other = token().replacen("v1", "v2", 1);
        let empty = token().replacen("L2E", "", 1);
        for text in
            ["", "v1.", "v1.0.5", "spiffe://cluster.local/ns/a", "v1.a.b.c.d", "..", &other, &empty]
        {
            assert_eq!(without_tokens(text), text);
            assert!(matches!(with_stars_for_tokens(text), Cow::Borrowed(_)));
        }
    }

    #[cfg(feature = "join")]
    #[test]
    fn the_form_is_that_of_tokens_as_they_are_made() {
        use crate::identity::{JoinKey, Nonce};
        let token = JoinKey::generate().unwrap().token("/shop/cart.v1", &Nonce::random().unwrap());
        assert_eq!(without_tokens(token.expose()), HIDDEN);
    }
}
