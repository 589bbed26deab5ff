//! What Marathon's words mean and what can be done about them. They are shown as they are; only keys
//! like `error.pattern` are explained.

/// What the keys mean that stand alone in the answer to a pod that cannot be read (Play JSON, which
/// Marathon reads with), and what to do.
const KEYS: [(&str, &str, &str); 14] = [
    ("error.path.missing", "a member is missing", "add it"),
    ("error.expected.jsstring", "a string is expected", "write it in quotes"),
    ("error.expected.jsnumber", "a number is expected", "write it without quotes"),
    ("error.expected.int", "a whole number is expected", "write it without quotes and fraction"),
    ("error.expected.jsboolean", "a boolean is expected", "write true or false, without quotes"),
    ("error.expected.jsobject", "an object is expected", "write it in braces"),
    ("error.expected.jsarray", "an array is expected", "write it in brackets"),
    (
        "error.pattern",
        "the text is not of the form that Marathon demands",
        "respell it; of an environment variable, the name",
    ),
    ("error.minLength", "the text or list is empty or too short", "give it a value"),
    ("error.maxLength", "the text or list is too long", "shorten it"),
    ("error.min", "the number is too small", "raise it"),
    ("error.max", "the number is too large", "lower it"),
    ("error.unknown.enum.literal", "not one of the words that are known here", "choose another"),
    (
        "error.expected.date.isoformat",
        "a time with an offset is expected",
        "write it as 2019-01-31T08:00:00.000Z, or leave it out",
    ),
];

/// How sentences begin or end that call for something else than what they say.
const SENTENCES: [(&str, &str); 10] = [
    (
        "Feature secrets is not enabled",
        "leave the secrets out, or have Marathon started with --enable_features secrets",
    ),
    (
        "use of secret-references in the environment requires",
        "leave the secrets out, or have Marathon started with --enable_features secrets",
    ),
    ("Applications and Pods may not share", "delete the app first, or give the pod another id"),
    ("Groups and Pods may not have", "give the pod another id: a group has this one"),
    ("references an undefined secret", "declare it in the pod's secrets"),
    ("volume.secret must refer to", "declare it in the pod's secrets"),
    ("pullConfig.secret must refer to", "declare it in the pod's secrets"),
    ("contained in the container endpoints", "name an endpoint of the same container"),
    (
        "cannot be updated if a pod has persistent volumes",
        "the sidecar counts too: delete the pod and its volumes, and create it anew",
    ),
    (
        "Network name must be specified",
        "name the network, or have Marathon started with --default_network_name",
    ),
];

/// What a key means, and what to do about it or about a sentence; nothing where the words say that.
pub(super) fn advice(error: &str) -> (Option<&'static str>, Option<&'static str>) {
    if let Some((_, meaning, hint)) = KEYS.iter().find(|(key, ..)| *key == error) {
        return (Some(*meaning), Some(*hint));
    }
    let fits = |words: &str| error.starts_with(words) || error.ends_with(words);
    (None, SENTENCES.iter().find(|(words, _)| fits(words)).map(|(_, hint)| *hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_explained_and_sentences_are_not() {
        assert_eq!(advice("error.min"), (Some("the number is too small"), Some("raise it")));
        assert_eq!(advice("got -1, expected 0 or more"), (None, None));
        assert_eq!(advice("error.something.new"), (None, None));
    }

    #[test]
    fn a_sentence_is_known_by_its_beginning_or_its_end() {
        for error in [
            "cpus cannot be updated if a pod has persistent volumes",
            "Feature secrets is not enabled. Enable with --enable_features secrets)",
        ] {
            assert!(matches!(advice(error), (None, Some(_))), "{error}");
        }
    }
}
