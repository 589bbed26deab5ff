//! A digest of what was added, kept in the record: it tells whether somebody edited that since.
//! The order of members and the spelling of numbers and strings do not count.

use std::sync::LazyLock;

use sha2::{Digest, Sha256};

use super::removal::at_route;
use super::{init, proxy};
use crate::document::{Node, Value};

/// Strings longer than this go in as their own digest, so that those of the scripts, by far the
/// most of what is added, are made once and not for each pod.
const LONG: usize = 1024;

static SCRIPTS: LazyLock<[(&str, [u8; 32]); 2]> = LazyLock::new(|| {
    [init::SCRIPT, proxy::SCRIPT].map(|script| (script, Sha256::digest(script).into()))
});

/// The digest of what stands at these routes of a pod.
pub(super) fn seal(pod: &Node<'_>, routes: &[String]) -> String {
    let mut digest = Sha256::new();
    for route in routes {
        text(&mut digest, b'/', route);
        match at_route(pod, route) {
            Some(node) => feed(&mut digest, node),
            None => digest.update(b"-"),
        }
    }
    hexadecimal(&digest.finalize())
}

/// The first 16 hexadecimal digits: enough to tell, short enough for a label.
pub(super) fn hexadecimal(digest: &[u8]) -> String {
    use std::fmt::Write;
    digest.iter().take(8).fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("writing to a string does not fail");
        hex
    })
}

fn feed(digest: &mut Sha256, node: &Node<'_>) {
    match node.value() {
        Value::Null => digest.update(b"n"),
        Value::Boolean(boolean) => digest.update([b'b', u8::from(*boolean)]),
        Value::Number(number) => match node.as_f64() {
            Some(double) => digest.update([[b'f'; 8], double.to_be_bytes()].concat()),
            None => text(digest, b'd', number),
        },
        Value::String(string) => self::string(digest, string),
        Value::Array(_) => {
            digest.update(b"[");
            node.items().iter().for_each(|item| feed(digest, item));
            digest.update(b"]");
        }
        Value::Object(_) => {
            let mut members: Vec<_> = node.members().iter().collect();
            members.sort_by_key(|member| member.key());
            digest.update(b"{");
            for member in members {
                text(digest, b'k', member.key());
                feed(digest, member.value());
            }
            digest.update(b"}");
        }
    }
}

fn string(digest: &mut Sha256, string: &str) {
    if string.len() <= LONG {
        return text(digest, b's', string);
    }
    let known = SCRIPTS.iter().find(|(script, _)| *script == string);
    digest.update(known.map_or_else(|| Sha256::digest(string).into(), |(_, digest)| *digest));
}

fn text(digest: &mut Sha256, tag: u8, text: &str) {
    digest.update([tag]);
    digest.update((text.len() as u64).to_be_bytes());
    digest.update(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Path, Source};

    fn sealed(text: &str) -> String {
        let source = Source::new("x", text);
        let tree = source.root().unwrap().tree(&Path::root("")).unwrap();
        seal(&tree, &["/containers/a".to_owned()])
    }

    #[test]
    fn how_it_is_written_does_not_count() {
        let one = sealed(r#"{"containers": [{"name": "a", "mem": 512}]}"#);
        assert_eq!(one, sealed("{\"containers\":[1,{\"mem\":5.12e2,\n\"name\":\"\\u0061\"}]}"));
    }

    #[test]
    fn what_is_written_does() {
        let one = sealed(r#"{"containers": [{"name": "a", "mem": 512}]}"#);
        for other in [
            r#"{"containers": [{"name": "a", "mem": 513}]}"#,
            r#"{"containers": [{"name": "a", "mem": "512"}]}"#,
            r#"{"containers": [{"name": "a", "mem": 512, "x": null}]}"#,
            r#"{"containers": []}"#,
        ] {
            assert_ne!(one, sealed(other), "{other}");
        }
    }

    #[test]
    fn a_long_string_is_sealed_like_a_script() {
        let script = serde_json::to_string(init::SCRIPT).unwrap();
        let with =
            |text: &str| sealed(&format!(r#"{{"containers": [{{"name": "a", "x": {text}}}]}}"#));
        assert_eq!(with(&script), with(&script));
        assert_ne!(with(&script), with(&script.replace("1", "2")));
    }
}
