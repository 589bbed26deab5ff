//! The patterns of Marathon's string types as byte checks: they run on every name of every pod.
//! The tests hold each against the regular expression that it stands for.

/// `Name`: containers, volumes, endpoints.
pub(super) fn is_name(text: &str) -> bool {
    is_word(text, |byte| byte == b'-')
}

/// `NetworkName`: a name that may have underscores inside.
pub(super) fn is_network_name(text: &str) -> bool {
    is_word(text, |byte| matches!(byte, b'-' | b'_'))
}

/// `PathId`: segments of dotted labels, or `..`, between slashes; empty segments do not count.
pub(super) fn is_path_id(text: &str) -> bool {
    text.split('/')
        .all(|segment| segment.is_empty() || segment == ".." || segment.split('.').all(is_name))
}

/// The name of an environment variable in a pod.
pub(super) fn is_env_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() <= 254
        && matches!(bytes.first(), Some(b'a'..=b'z' | b'A'..=b'Z' | b'_'))
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}

/// Lower-case letters and digits, and `inner` bytes anywhere but at the ends.
fn is_word(text: &str, inner: impl Fn(u8) -> bool) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    match (bytes.first(), bytes.last()) {
        (Some(first), Some(last)) => {
            plain(*first) && plain(*last) && bytes.iter().all(|byte| plain(*byte) || inner(*byte))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use regex_syntax::hir::{Hir, HirKind, Look};
    use std::collections::BTreeSet;

    use super::*;

    /// Where `text` can end after `hir` has matched from `start`.
    fn ends(hir: &Hir, text: &[u8], start: usize) -> BTreeSet<usize> {
        match hir.kind() {
            HirKind::Empty => BTreeSet::from([start]),
            HirKind::Literal(literal) => text[start..]
                .starts_with(&literal.0)
                .then_some(start + literal.0.len())
                .into_iter()
                .collect(),
            HirKind::Class(class) => {
                let single = |byte: &u8| match class {
                    regex_syntax::hir::Class::Unicode(class) => class
                        .ranges()
                        .iter()
                        .any(|range| (range.start()..=range.end()).contains(&char::from(*byte))),
                    regex_syntax::hir::Class::Bytes(_) => false,
                };
                let taken = text.get(start).filter(|byte| single(byte));
                taken.map(|_| start + 1).into_iter().collect()
            }
            HirKind::Look(look) => {
                let holds = match look {
                    Look::Start => start == 0,
                    _ => start == text.len(),
                };
                holds.then_some(start).into_iter().collect()
            }
            HirKind::Capture(capture) => ends(&capture.sub, text, start),
            HirKind::Concat(parts) => parts.iter().fold(BTreeSet::from([start]), |from, part| {
                from.into_iter().flat_map(|at| ends(part, text, at)).collect()
            }),
            HirKind::Alternation(parts) => {
                parts.iter().flat_map(|part| ends(part, text, start)).collect()
            }
            HirKind::Repetition(repetition) => {
                let mut all = BTreeSet::new();
                let mut last = BTreeSet::from([start]);
                let most = repetition.max.map_or(text.len() + 1, |max| max as usize);
                for round in 0..=most {
                    if round >= repetition.min as usize {
                        all.extend(&last);
                    }
                    last = last.iter().flat_map(|at| ends(&repetition.sub, text, *at)).collect();
                }
                all
            }
        }
    }

    /// Every text of up to `length` of `letters`.
    fn texts(letters: &str, length: usize) -> Vec<String> {
        let mut all = vec![String::new()];
        let mut last = all.clone();
        for _ in 0..length {
            let longer =
                |text: &String| letters.chars().map(move |c| format!("{text}{c}")).collect();
            last = last.iter().flat_map(|text| -> Vec<String> { longer(text) }).collect();
            all.extend(last.clone());
        }
        all
    }

    fn stands_for(check: fn(&str) -> bool, pattern: &str, letters: &str, length: usize) {
        let hir = regex_syntax::parse(pattern).unwrap();
        for text in texts(letters, length) {
            let expected = ends(&hir, text.as_bytes(), 0).contains(&text.len());
            assert_eq!(check(&text), expected, "{text:?} and {pattern}");
        }
    }

    #[test]
    fn names() {
        stands_for(is_name, "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", "a0-_A", 5);
        stands_for(is_network_name, "^[a-z0-9]([-a-z0-9_]*[a-z0-9])?$", "a0-_A", 5);
    }

    #[test]
    fn ids() {
        let pattern = r"^(\/?((\.\.)|(([a-z0-9]|[a-z0-9][a-z0-9\-]*[a-z0-9])\.)*([a-z0-9]|[a-z0-9][a-z0-9\-]*[a-z0-9]))?($|\/))+$";
        stands_for(is_path_id, pattern, "a-./A", 5);
    }

    #[test]
    fn environment_names() {
        let pattern = "^[a-zA-Z_][a-zA-Z0-9_]{0,253}?$";
        stands_for(is_env_name, pattern, "aZ_0-", 4);
        for length in [254, 255] {
            assert_eq!(is_env_name(&"A".repeat(length)), length == 254);
        }
    }
}
